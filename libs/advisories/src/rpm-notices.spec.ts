import { describe, expect, it } from 'vitest';
import { parseBodhi } from './bodhi.ts';
import { parseAlmaErrata, parseRockyErrata } from './errata.ts';
import { defaultFeedLimits, type Parser } from './feed.ts';
import { advisories, all, codeOf, problems, record, records } from './feeds.spec-helper.ts';
import { parseUpdateInfo } from './updateinfo.ts';

const read = (parse: Parser, ...files: [string, string][]) => all(parse(records(...files.map(([name, text]) => record(name, text, 128))), { source: 'test', limits: defaultFeedLimits }));
const short = (readings: Awaited<ReturnType<typeof read>>) => advisories(readings).flatMap(({ id, affected }) => affected.map(({ ecosystem, name, names, status, ranges, arches = [], module = '', vendor_status: word = '' }) =>
  [id, ecosystem, name, names === 'source' ? 'source' : '', status === 'affected' ? '' : status, `${ranges![0]!.introduced ?? ''}..${ranges![0]!.fixed}`, arches.join('|'), module, word].filter((one) => one !== '').join(' ')));

interface Shape { id?: string; type?: string; short?: string; release?: string; module?: string; packages?: string; references?: string; description?: string }
const update = ({ id = 'RLSA-2026:0001', type = 'security', short: collection = '', release = 'Rocky Linux 9', module = '', packages = bash(), references = '<reference id="CVE-2026-0001" type="cve" href="https://x/1" title=""/>', description = '' }: Shape) =>
  `<update type="${type}"><id>${id}</id><title>Important: a fix</title><issued date="2026-01-02 03:04"/><updated date="2026-01-03 03:04:05"/><release>${release}</release><severity>Important</severity><description>${description}</description><references>${references}</references><pkglist><collection short="${collection}">${module}${packages}</collection></pkglist></update>`;
const bash = (evr = '5.2-3.el9', arch = 'x86_64', name = 'bash') => `<package name="${name}" epoch="0" version="${evr.split('-')[0]}" release="${evr.split('-')[1]}" arch="${arch}"><filename>x.rpm</filename></package>`;
const updates = (...shapes: Shape[]) => `<?xml version="1.0"?><updates>${shapes.map(update).join('')}</updates>`;

describe('updateinfo.xml', () => {
  it.each<[string, Shape, string]>([
    ['Rocky', { short: 'rocky-linux-9-x86-64-baseos-rpms' }, 'Rocky Linux:9'], ['AlmaLinux', { id: 'ALSA-2026:1', release: '0', short: 'almalinux-9-for-x86_64-baseos-rpms__9_1_default' }, 'AlmaLinux:9'], ['Oracle', { id: 'ELSA-2026-1', release: 'Oracle Linux 8' }, 'Oracle Linux:8'],
    ['Amazon Linux AMI', { id: 'ALAS-2011-1', release: '', short: 'amazon-linux-ami' }, 'Amazon Linux:1'], ['Amazon Linux 2023', { id: 'ALAS2023-2026-1', release: '', short: 'amazon-linux-2023---kernel-livepatch' }, 'Amazon Linux:2023'],
    ['Fedora', { id: 'FEDORA-2026-1', release: 'Fedora 43', short: 'F43' }, 'Fedora:43'], ['EPEL', { id: 'FEDORA-EPEL-2026-1', release: 'Fedora EPEL 9', short: 'EPEL-9' }, 'EPEL:9'], ['openSUSE', { id: 'openSUSE-2026-1', release: 'openSUSE Leap 15.6' }, 'openSUSE:Leap 15.6'],
  ])('of %s', async (_, shape, ecosystem) => {
    expect(short(await read(parseUpdateInfo, ['updateinfo.xml', updates(shape)]))).toEqual([`${shape.id ?? 'RLSA-2026:0001'} ${ecosystem} bash ..0:5.2-3.el9 x86_64`]);
  });

  it.each<[string, Shape[], string[]]>([
    ['one notice in two repositories', [{}, { packages: bash('5.2-3.el9', 'aarch64') + bash('5.2-3.el9', 'noarch', 'bash-doc') }], ['bash ..0:5.2-3.el9 x86_64|aarch64', 'bash-doc ..0:5.2-3.el9 noarch']],
    ['sources beside what was built from them', [{ packages: bash('5.2-3.el9', 'src', 'bash-src') + bash() }], ['bash ..0:5.2-3.el9 x86_64']],
    ['sources alone', [{ packages: bash('5.2-3.el9', 'src') }], ['bash source ..0:5.2-3.el9']],
    ['two releases within a release', [{ packages: bash('5.2-3.el9_4') + bash('5.2-3.el9_2') }], ['bash ..0:5.2-3.el9_2 x86_64']],
    ['a module that is named', [{ module: '<module name="nodejs" stream="18" version="9"/>', packages: bash('18-1.module_el9', 'x86_64', 'npm') }], ['npm ..0:18-1.module_el9 x86_64 nodejs:18']],
    ['a module that is not', [{ packages: bash('18-1.module+el9', 'x86_64', 'npm') }], ['npm undetermined ..0:18-1.module+el9 x86_64 its module stream is not named']],
    ['an update that repairs no flaw', [{ type: 'bugfix', references: '' }], []],
    ['a bug fix that repairs one', [{ type: 'bugfix' }], ['bash ..0:5.2-3.el9 x86_64']],
    ['no packages', [{ packages: '' }], []],
  ])('with %s', async (_, shapes, expected) => {
    expect(short(await read(parseUpdateInfo, ['updateinfo.xml', updates(...shapes)])).map((line) => line.replace('RLSA-2026:0001 Rocky Linux:9 ', ''))).toEqual(expected);
  });
  it.each([['kernel-5.15', 'kernel', '5.15.43-20.amzn2', '0:5.15..0:5.15.43-20.amzn2'], ['postgresql13', 'postgresql', '13.7-1.amzn2', '0:13..0:13.7-1.amzn2'], ['docker', 'containerd', '1.6.6-1.amzn2', '..0:1.6.6-1.amzn2'], ['livepatch', 'kernel-livepatch-5', '1.0-1.amzn2', '..0:1.0-1.amzn2']])('with an extra of Amazon Linux 2, %s, begins at its line', async (topic, name, evr, range) => {
    expect(short(await read(parseUpdateInfo, ['updateinfo.xml', updates({ id: 'ALAS2X-2026-1', release: '', short: `amazon-linux-2---${topic}`, packages: bash(evr, 'x86_64', name) })]))).toEqual([`ALAS2X-2026-1 Amazon Linux:2 ${name} ${range} x86_64 ${topic}`]);
  });
  it('learns from the modules beside it of which stream a build is', async () => {
    const modules = '---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: nodejs\n...\n---\ndocument: modulemd\nversion: 2\ndata:\n  name: nodejs\n  stream: 3.10\n  artifacts:\n    rpms:\n    - npm-0:18-1.module+el9.x86_64\n...\n';
    expect(short(await read(parseUpdateInfo, ['updateinfo.xml', updates({ packages: bash('18-1.module+el9', 'x86_64', 'npm') })], ['x-modules.yaml', modules]))).toEqual(['RLSA-2026:0001 Rocky Linux:9 npm ..0:18-1.module+el9 x86_64 nodejs:3.10']);
  });
  it("finds CVEs in the titles of bugs, and otherwise in the text", async () => {
    const bug = '<reference id="77" type="bugzilla" title="TRIAGE CVE-2026-0007 bash: a flaw" href="https://x/2"/>', cves = async (shape: Shape) => advisories(await read(parseUpdateInfo, ['updateinfo.xml', updates(shape)]))[0]?.vulnerabilities;
    expect([await cves({ references: bug, description: 'unlike CVE-2020-0001' }), await cves({ references: '', description: 'CVE-2026-0008 and CVE-2026-0009' })]).toEqual([['CVE-2026-0007'], ['CVE-2026-0008', 'CVE-2026-0009']]);
  });
  it('carries words and dates', async () => {
    expect(advisories(await read(parseUpdateInfo, ['updateinfo.xml', updates({})]))).toMatchObject([{ key: 'RLSA-2026:0001@Rocky Linux:9', severity: 'high', published: '2026-01-02T03:04:00Z', modified: '2026-01-03T03:04:05Z', vulnerabilities: ['CVE-2026-0001'], references: ['https://x/1'] }]);
  });
  it('sets aside what cannot be placed', async () => {
    expect(problems(await read(parseUpdateInfo, ['updateinfo.xml', updates({ release: 'Plan 9' }, { id: '' }, { packages: '<package name="bash" arch="src"/>' })]))).toEqual(['record-release-unknown updateinfo.xml RLSA-2026:0001', 'record-id-unreadable updateinfo.xml ', 'record-malformed updateinfo.xml RLSA-2026:0001']);
  });
  it.each([['', 'feed-empty'], ['<updates><update>', 'feed-truncated'], ['<!DOCTYPE a [<!ENTITY b "c">]><updates/>', 'feed-xml-dtd'], [`<updates><update><id>${'x'.repeat(1_100_000)}</id>`, 'feed-malformed']])('is refused whole: %.40j', async (text, code) => {
    expect(await codeOf(read(parseUpdateInfo, ['updateinfo.xml', text]))).toBe(code);
  });
  it('holds its limits', async () => {
    const parse = (limits: object) => codeOf(all(parseUpdateInfo(records(record('updateinfo.xml', updates({}, { id: 'RLSA-2026:0002' }))), { source: 'test', limits: { ...defaultFeedLimits, ...limits } })));
    expect([await parse({ records: 1 }), await parse({ recordBytes: 300 })]).toEqual(['feed-too-many-records', 'record-too-large']);
  });
});

describe('errata', () => {
  const alma = (more: object = {}) => JSON.stringify({ data: [{ id: 'ALSA-2026:0001', type: 'security', title: 'Important: npm', severity: 'Important', issued_date: 1572983623, updated_date: 1572983624, packages: [{ name: 'npm', epoch: '1', version: '18', release: '2.module_el8', arch: 'x86_64', module: 'nodejs:18:1:2' }], modules: [], references: [{ id: 'CVE-2026-0001', type: 'cve', href: 'https://x' }, { id: 'x', type: 'self', href: 'https://errata.almalinux.org/8/ALSA-2026-0001.html' }], ...more }] });
  it.each<[string, object, string[]]>([
    ['a module', {}, ['ALSA-2026:0001 AlmaLinux:8 npm ..1:18-2.module_el8 x86_64 nodejs:18']],
    ['one module for all', { packages: [{ name: 'npm', epoch: '1', version: '18', release: '2.module_el8', arch: 'x86_64' }], modules: [{ name: 'nodejs', stream: '18' }, { name: 'nodejs-devel', stream: '18' }] }, ['ALSA-2026:0001 AlmaLinux:8 npm ..1:18-2.module_el8 x86_64 nodejs:18']],
    ['which of two modules is not said', { packages: [{ name: 'npm', epoch: '1', version: '18', release: '2.module_el8', arch: 'x86_64' }], modules: [{ name: 'nodejs', stream: '18' }, { name: 'nodejs', stream: '20' }] }, ['ALSA-2026:0001 AlmaLinux:8 npm undetermined ..1:18-2.module_el8 x86_64 its module stream is not named']],
    ['no flaw', { type: 'bugfix', references: [] }, []],
  ])('of AlmaLinux: %s', async (_, more, expected) => {
    expect(short(await read(parseAlmaErrata, ['errata.full.json', alma(more)]))).toEqual(expected);
  });
  const rocky = (more: object = {}) => JSON.stringify({ advisories: [{ name: 'RLSA-2026:0001', kind: 'Security', synopsis: 'Important: npm', severity: 'Important', published_at: '2026-01-02T00:00:00Z', cves: [{ cve: 'CVE-2026-0001' }], packages: [{ nevra: 'npm-1:18-2.el9.x86_64.rpm', module_name: null, module_stream: null, product_name: 'Rocky Linux 9 x86_64' }, { nevra: 'npm-1:18-2.el8.aarch64', module_name: 'nodejs', module_stream: '18', product_name: 'Rocky Linux 8 aarch64' }], ...more }] });
  it('of Rocky: one notice for each release', async () => {
    expect(short(await read(parseRockyErrata, ['page1', rocky()]))).toEqual(['RLSA-2026:0001 Rocky Linux:9 npm ..1:18-2.el9 x86_64', 'RLSA-2026:0001 Rocky Linux:8 npm ..1:18-2.el8 aarch64 nodejs:18']);
    expect(problems(await read(parseRockyErrata, ['page1', rocky({ packages: [{ nevra: 'npm', product_name: 'Rocky Linux 9 x86_64' }] })], ['page2', '{"advisories": [{}]}']))).toEqual(['record-malformed page1 advisories[0]', 'record-unreadable page2 advisories[0]']);
  });
  it('of Fedora: builds are named by their source', async () => {
    const page = { updates: [{ updateid: 'FEDORA-2026-1', type: 'security', title: 'bash-5.2-3.fc43', severity: 'high', date_submitted: '2026-01-02 03:04:05', release: { long_name: 'Fedora 43' }, builds: [{ nvr: 'bash-5.2-3.fc43', epoch: 0, type: 'rpm' }, { nvr: 'mysql-8.0-382.75', type: 'module' }], bugs: [{ title: 'CVE-2026-0001 bash: a flaw' }] }], page: 1, pages: 9 };
    for (const text of [JSON.stringify(page), JSON.stringify(page.updates)]) expect(short(await read(parseBodhi, ['updates.json', text]))).toEqual(['FEDORA-2026-1 Fedora:43 bash source ..0:5.2-3.fc43']);
  });
});
