import { describe, expect, it } from 'vitest';
import { defaultFeedLimits, type Parser } from './feed.ts';
import { advisories, all, problems, record, records } from './feeds.spec-helper.ts';
import { parseOval } from './oval.ts';
import { parseUbuntuCves } from './ubuntu-cves.ts';
import { parseUbuntuNotices, parseUsnDatabase } from './ubuntu-notices.ts';
import { parseUbuntuVex } from './ubuntu-vex.ts';

const read = (parse: Parser, name: string, document: unknown) => all(parse(records(record(name, typeof document === 'string' ? document : JSON.stringify(document), 256)), { source: 'test', limits: defaultFeedLimits }));
const short = (readings: Awaited<ReturnType<typeof read>>) => advisories(readings).flatMap(({ id, affected }) => affected.map(({ ecosystem, name, names, status, ranges = [], fix_state: fix, vendor_status: word }) =>
  [id, ecosystem.replace('Ubuntu:', ''), name, names, status, ...ranges.map(({ fixed, limit }) => fixed === undefined ? `until ${limit}` : `<${fixed}`), fix, word].filter((one) => one !== undefined).join(' ')));

describe("Ubuntu's pages of CVEs", () => {
  const page = (...statuses: object[]) => ({ cves: [{ id: 'CVE-2026-0001', description: 'A flaw', priority: 'medium', published: '2026-01-02T03:04:05', references: ['https://x'], packages: [{ name: 'curl', statuses: statuses.map((one) => ({ pocket: 'security', description: '', component: null, ...one })) }] }], limit: 1, offset: 0, total_results: 20 });
  it.each<[string, object, string[]]>([
    ['repaired', { release_codename: 'jammy', status: 'released', description: '7.81-1ubuntu1' }, ['22.04 curl affected <7.81-1ubuntu1 available']],
    ['repaired for subscribers', { release_codename: 'bionic', status: 'released', description: '7.58-2', pocket: 'esm-infra' }, ['Pro:18.04 curl affected <7.58-2 available']],
    ['needed', { release_codename: 'jammy', status: 'needed' }, ['22.04 curl affected none-yet needed']],
    ['ignored', { release_codename: 'lunar', status: 'ignored', description: 'end of life' }, ['23.04 curl affected end-of-life ignored (end of life)']],
    ['not affected', { release_codename: 'jammy', status: 'not-affected', description: 'windows only' }, ['22.04 curl not-affected available']],
    ['not there', { release_codename: 'jammy', status: 'DNE' }, []], ['upstream', { release_codename: 'upstream', status: 'released', description: '8.0' }, []],
  ])('%s', async (_, status, expected) => {
    expect(short(await read(parseUbuntuCves, 'page', page(status)))).toEqual(expected.map((line) => `CVE-2026-0001 ${line}`));
  });
  it('sets aside what is said of releases nobody knows', async () => {
    const readings = await read(parseUbuntuCves, 'page', page({ release_codename: 'zany', status: 'needed' }, { release_codename: 'jammy', status: 'needed' }));
    expect([short(readings).length, problems(readings)]).toEqual([1, ['record-line-unreadable page CVE-2026-0001']]);
  });
});

describe("Ubuntu's notices", () => {
  const notice = (release: object) => ({ '1-1': { id: '1-1', title: 'curl vulnerability', timestamp: 1559819644.9, cves: ['CVE-2026-0001', 'https://launchpad.net/bugs/1'], isummary: 'x', releases: { bionic: release } } });
  it.each<[string, object, string[]]>([
    ['of a release', { sources: { curl: { version: '7.58-1' } }, binaries: { curl: { version: '7.58-1', pocket: 'security' } } }, ['18.04 curl affected <7.58-1 available']],
    ['of a subscription', { sources: { curl: { version: '7.58-1' } }, allbinaries: { libcurl4: { version: '7.58-1', pocket: 'esm-infra', source: 'curl' }, curl: { version: '7.58-1', pocket: 'esm-infra', source: 'curl' } } }, ['Pro:18.04 curl affected <7.58-1 available']],
    ['of several sources in several pockets', { sources: { linux: { version: '4.15-1' }, 'linux-aws': { version: '4.15-2' } }, allbinaries: { a: { version: '4.15-1', pocket: 'security', source: 'linux' }, b: { version: '4.15-2', pocket: 'esm-infra', source: 'linux-aws' } } }, ['18.04 linux affected <4.15-1 available', 'Pro:18.04 linux-aws affected <4.15-2 available']],
    ['without sources', { binaries: { libcurl4: { version: '7.58-1' } } }, ['18.04 libcurl4 binary affected <7.58-1 available']],
    ['without versions', { binaries: { libcurl4: {} } }, ['18.04 libcurl4 binary undetermined available fixed in a version not named']],
  ])('%s', async (_, release, expected) => {
    expect(short(await read(parseUsnDatabase, 'database.json', notice(release)))).toEqual(expected.map((line) => `USN-1-1 ${line}`));
  });
  it('name their problems, and one that cannot be placed is set aside', async () => {
    expect(advisories(await read(parseUsnDatabase, 'database.json', notice({ sources: { curl: { version: '1' } } })))).toMatchObject([{ vulnerabilities: ['CVE-2026-0001'], published: '2019-06-06T11:14:04.900Z' }]);
    expect(problems(await read(parseUsnDatabase, 'database.json', { '1-1': { ...notice({})['1-1'], releases: { zany: { sources: { curl: { version: '1' } } } } } }))).toEqual(['record-release-unknown database.json 1-1']);
  });
  it('come in pages too', async () => {
    const page = { notices: [{ id: 'USN-1-1', title: 'curl vulnerability', published: '2026-01-02T03:04:05', cves_ids: ['CVE-2026-0001'], release_packages: { jammy: [{ name: 'curl', version: '7.81-1', is_source: true }, { name: 'libcurl4', version: '7.81-1', is_source: false, pocket: 'security' }], bionic: [{ name: 'curl', version: '7.58-1', is_source: true }, { name: 'libcurl4', version: '7.58-1', is_source: false, pocket: 'esm-infra' }] } }] };
    expect(short(await read(parseUbuntuNotices, 'page', page))).toEqual(['USN-1-1 22.04 curl affected <7.81-1 available', 'USN-1-1 Pro:18.04 curl affected <7.58-1 available']);
  });
});

describe("Ubuntu's VEX", () => {
  const statement = (status: string, purl: string, more: object = {}) => ({ vulnerability: { name: 'CVE-2026-0001', description: 'A flaw', aliases: [] }, products: [{ '@id': purl }, { '@id': 'pkg:deb/ubuntu/libcurl4@7?arch=amd64' }], status, ...more });
  const document = (...statements: object[]) => ({ metadata: { '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://github.com/canonical/ubuntu-security-notices/blob/main/vex/cve/2026/CVE-2026-0001', author: 'Canonical Ltd.', timestamp: '2026-01-02T03:04:05.6', version: 1 }, statements });
  it.each<[string, object, string]>([
    ['repaired', statement('fixed', 'pkg:deb/ubuntu/curl@7.81-1%2Bb1?arch=source&distro=jammy'), '22.04 curl affected <7.81-1+b1 available'], ['for subscribers', statement('fixed', 'pkg:deb/ubuntu/curl@7.58-1?arch=source&distro=esm-infra/bionic'), 'Pro:18.04 curl affected <7.58-1 available'],
    ['not affected', statement('not_affected', 'pkg:deb/ubuntu/curl@7?arch=source&distro=jammy'), '22.04 curl not-affected available'], ['affected', statement('affected', 'pkg:deb/ubuntu/curl@7?arch=source&distro=jammy'), '22.04 curl affected none-yet'],
    ['given up', statement('affected', 'pkg:deb/ubuntu/curl@7?arch=source&distro=jammy', { action_statement: 'A decision has been made to ignore this issue.' }), '22.04 curl affected wont-fix A decision has been made to ignore this issue.'],
    ['being looked at', statement('under_investigation', 'pkg:deb/ubuntu/curl@7?arch=source&distro=jammy'), '22.04 curl undetermined unknown under_investigation'],
  ])('%s', async (_, one, expected) => {
    expect(short(await read(parseUbuntuVex, 'CVE-2026-0001.json', document(one)))).toEqual([`CVE-2026-0001 ${expected}`]);
  });
  it.each<[string, object, string]>([
    ['nothing', document(), 'record-no-vulnerability'], ['another author', { ...document(statement('fixed', 'x')), metadata: { ...document().metadata, author: 'Aqua' } }, 'record-other-publisher'], ['another distribution', document(statement('fixed', 'pkg:deb/debian/curl@7?arch=source&distro=sid')), 'record-malformed'],
    ['a release nobody knows', document(statement('fixed', 'pkg:deb/ubuntu/curl@7?arch=source&distro=zany')), 'record-release-unknown'], ['a status nobody knows', document(statement('perhaps', 'pkg:deb/ubuntu/curl@7?arch=source&distro=jammy')), 'record-status-unknown'],
  ])('is set aside: %s', async (_, one, code) => {
    expect(problems(await read(parseUbuntuVex, 'x.json', one))).toEqual([`${code} x.json`]);
  });
});

describe("Ubuntu's OVAL", () => {
  const oval = (comment: string, title: string, more: { state?: string; attributes?: string; cve?: string } = {}) => `<oval_definitions><definitions><definition class="inventory" id="oval:com.ubuntu.jammy:def:100"><criteria><criterion test_ref="t" comment="x"/></criteria></definition>
    <definition class="vulnerability" id="oval:com.ubuntu.jammy:def:1"><metadata><title>${title}</title><advisory><severity>Medium</severity><cve priority="low">CVE-2026-0001</cve></advisory></metadata><criteria><extend_definition definition_ref="oval:com.ubuntu.jammy:def:100" comment="Ubuntu 22.04 LTS (jammy) is installed."/><criteria operator="OR"><criterion test_ref="t" comment="${comment}" ${more.attributes ?? ''}/></criteria></criteria></definition></definitions>
    <tests><textfilecontent54_test id="t" check="at least one"><object object_ref="o"/>${more.state === '' ? '' : '<state state_ref="s"/>'}</textfilecontent54_test></tests><objects><textfilecontent54_object id="o"><pattern operation="pattern match" var_ref="v" var_check="at least one"/></textfilecontent54_object></objects>
    <states><textfilecontent54_state id="s"><subexpression operation="less than">${more.state ?? '1:7.81-1'}</subexpression></textfilecontent54_state></states><variables><constant_variable id="v"><value>^curl(?::\\w+|)\\s+(.*)$</value><value>^libcurl3\\.1(?::\\w+|)\\s+(.*)$</value></constant_variable></variables></oval_definitions>`;
  it.each<[string, string, string[]]>([
    ['a CVE repaired', oval("curl package in jammy was vulnerable but has been fixed (note: '1:7.81-1').", 'CVE-2026-0001 on Ubuntu 22.04 LTS (jammy) - medium'), ['CVE-2026-0001 22.04 curl source affected <1:7.81-1 available']],
    ['in a stream', oval('curl package in fips-updates/jammy was vulnerable but has been fixed.', 'CVE-2026-0001 on Ubuntu'), ['CVE-2026-0001 Pro:FIPS-updates:22.04 curl source affected <1:7.81-1 available']],
    ['a package with its CVEs', oval('(CVE-2026-0001) curl package in jammy was vulnerable but has been fixed.', 'curl'), ['CVE-2026-0001 22.04 curl source affected <1:7.81-1 available']],
    ['no repair', oval('curl package in jammy is affected and needs fixing.', 'CVE-2026-0001', { state: '' }), ['CVE-2026-0001 22.04 curl source affected none-yet curl package in jammy is affected and needs fixing.']],
    ['no repair ever', oval('curl package in jammy, while related to the CVE in some way, a decision has been made to ignore this issue.', 'CVE-2026-0001', { state: '' }), ['CVE-2026-0001 22.04 curl source affected wont-fix curl package in jammy, while related to the CVE in some way, a decision has been made to ignore this issue.']],
    ['a notice', oval('Long Term Support', 'USN-1-1 -- curl vulnerability'), ['USN-1-1 22.04 curl binary affected <1:7.81-1 available', 'USN-1-1 22.04 libcurl3.1 binary affected <1:7.81-1 available']],
    ['what is denied', oval('curl package in jammy is affected.', 'CVE-2026-0001', { attributes: 'negate="true"' }), ['CVE-2026-0001 22.04 curl source undetermined unknown curl package in jammy is affected.']],
  ])('%s', async (_, text, expected) => {
    expect(short(await read(parseOval, 'com.ubuntu.jammy.cve.oval.xml', text))).toEqual(expected);
  });
});
