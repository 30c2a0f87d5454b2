import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, codeOf, hasShared, problems, record, records, shared } from './feeds.spec-helper.ts';
import { parseOval } from './oval.ts';
import { type FeedCounts, noCounts, readFeed } from './read-feed.ts';
import { recordsOf, recordsOfStream } from './records-of.ts';

const read = (text: string, name = 'feed.xml') => all(parseOval(records(record(name, text, 64)), { source: 'test', limits: defaultFeedLimits }));

/** A document with one definition, written by its criteria; tests are named by their text, `name op evr`. */
function oval(criteria: string, more: { tests?: string; id?: string; metadata?: string; class?: string } = {}): string {
  const packages = [...criteria.matchAll(/test_ref="(\w[\w-]*) (lt|le|gt|ge|eq) ([^"]*)"/g)].map(([, name, operation, evr]) => ({ name, evr, id: `${name} ${operation} ${evr}`, operation: { lt: 'less than', le: 'less than or equal', gt: 'greater than', ge: 'greater than or equal', eq: 'equals' }[operation!] }));
  const part = (each: (one: typeof packages[number]) => string) => packages.map(each).join('');
  return `<oval_definitions><definitions><definition class="${more.class ?? 'patch'}" id="${more.id ?? 'oval:test:def:1'}"><metadata><title>ELSA-2026-0001: a fix</title>${more.metadata ?? ''}</metadata>${criteria}</definition></definitions>
    <tests>${part(({ id }) => `<rpminfo_test id="${id}" check="at least one"><object object_ref="${id}"/><state state_ref="${id}"/></rpminfo_test>`)}
      <rpminfo_test id="ol8" check="at least one"><object object_ref="ol8"/><state state_ref="ol8"/></rpminfo_test>
      <rpminfo_test id="ol9" check="at least one"><object object_ref="ol8"/><state state_ref="ol9"/></rpminfo_test>
      <rpminfo_test id="x86" check="at least one"><object object_ref="ol8"/><state state_ref="x86"/></rpminfo_test>
      <rpminfo_test id="arm" check="at least one"><object object_ref="ol8"/><state state_ref="arm"/></rpminfo_test>
      <rpminfo_test id="none" check="none satisfy"><object object_ref="ol8"/><state state_ref="ol8"/></rpminfo_test>
      <rpminfo_test id="bash" check="at least one"><object object_ref="bash"/></rpminfo_test>
      <rpminfo_test id="no bash" check="at least one" check_existence="none_exist"><object object_ref="bash"/></rpminfo_test>
      <rpminfo_test id="signed" check="at least one"><object object_ref="bash"/><state state_ref="signed"/></rpminfo_test>
      <rpminfo_test id="bash-arm" check="at least one"><object object_ref="bash"/><state state_ref="bash-arm"/></rpminfo_test>
      <rpminfo_test id="uek" check="at least one"><object object_ref="bash"/><state state_ref="uek"/></rpminfo_test>
      <rpminfo_test id="ksplice" check="at least one"><object object_ref="bash"/><state state_ref="ksplice"/></rpminfo_test>
      <rpminfo_test id="zero" check="at least one"><object object_ref="bash"/><state state_ref="zero"/></rpminfo_test>
      <textfilecontent54_test id="module" check="all"/><uname_test id="kernel" check="all"><state state_ref="signed"/></uname_test>${more.tests ?? ''}</tests>
    <objects>${part(({ id, name }) => `<rpminfo_object id="${id}"><name>${name}</name></rpminfo_object>`)}<rpminfo_object id="ol8"><name>oraclelinux-release</name></rpminfo_object><rpminfo_object id="bash"><name>bash</name></rpminfo_object></objects>
    <states>${part(({ id, evr, operation }) => `<rpminfo_state id="${id}"><evr datatype="evr_string" operation="${operation}">${evr}</evr></rpminfo_state>`)}
      <rpminfo_state id="ol8"><version operation="pattern match">^8</version></rpminfo_state><rpminfo_state id="ol9"><version operation="pattern match">^9</version></rpminfo_state>
      <rpminfo_state id="x86"><arch operation="pattern match">x86_64</arch></rpminfo_state><rpminfo_state id="arm"><arch operation="pattern match">aarch64</arch></rpminfo_state>
      <rpminfo_state id="signed"><signature_keyid operation="equals">82562ea9ad986da3</signature_keyid></rpminfo_state>
      <rpminfo_state id="bash-arm"><arch operation="pattern match">(aarch64|s390x)</arch><evr operation="less than">0:2-1</evr></rpminfo_state>
      <rpminfo_state id="uek"><version operation="pattern match">4.1.12</version><evr operation="less than">0:4.1.12-124.el6</evr></rpminfo_state>
      <rpminfo_state id="ksplice"><evr datatype="evr_string" operation="pattern match">ksplice</evr></rpminfo_state>
      <rpminfo_state id="zero"><version operation="equals">0</version></rpminfo_state></states></oval_definitions>`;
}
const criteria = (operator: string, ...inside: string[]) => `<criteria operator="${operator}">${inside.map((one) => one.startsWith('<') ? one : `<criterion test_ref="${one}" comment="${comments[one] ?? one}"/>`).join('')}</criteria>`;
const comments: Record<string, string> = {
  ol8: 'Oracle Linux 8 is installed', ol9: 'Oracle Linux 9 is installed', x86: 'Oracle Linux arch is x86_64', arm: 'Oracle Linux arch is aarch64', none: 'Oracle Linux must be installed',
  bash: 'bash is installed', signed: 'bash is signed with the key', module: 'Module nodejs:18 is enabled', ksplice: 'bash is ksplice-based', kernel: 'kernel 5.14 is currently running',
};
const short = async (text: string) => advisories(await read(text)).flatMap(({ affected }) => affected.map(({ ecosystem, name, status, ranges = [], versions = [], arches = [], module = '', vendor_status: word = '' }) =>
  [ecosystem.replace('Oracle Linux:', 'ol'), name, status, ...ranges.map(({ introduced = '', fixed, last_affected: last }) => `${introduced}${fixed === undefined ? last === undefined ? '' : `..=${last}` : `..${fixed}`}`), ...versions, arches.join('|'), module, word].filter((one) => one !== '').join(' ')));

describe('OVAL criteria', () => {
  it.each<[string, string, string[]]>([
    ['a bound', criteria('AND', 'ol8', 'bash lt 0:1-1'), ['ol8 bash affected ..0:1-1']],
    ['a signature is taken as given', criteria('AND', 'ol8', 'bash lt 0:1-1', 'signed'), ['ol8 bash affected ..0:1-1']],
    ['up to and including', criteria('AND', 'ol8', 'bash le 0:1-1'), ['ol8 bash affected ..=0:1-1']],
    ['from and to', criteria('AND', 'ol8', 'bash ge 0:1-1', 'bash lt 0:2-1'), ['ol8 bash affected 0:1-1..0:2-1']],
    ['one version', criteria('AND', 'ol8', 'bash eq 0:1-1'), ['ol8 bash affected 0:1-1']],
    ['any version', criteria('AND', 'ol8', 'bash'), ['ol8 bash affected']],
    ['any version, as SUSE writes it', criteria('AND', 'ol8', 'bash gt 0:0-0'), ['ol8 bash affected']],
    ['no version, as SUSE writes it', criteria('AND', 'ol8', 'zero'), ['ol8 bash not-affected']],
    ['no version, as Debian writes it', criteria('AND', 'ol8', 'bash lt 0:0'), ['ol8 bash not-affected']],
    ['no version, as Red Hat writes it', criteria('AND', 'ol8', criteria('AND', 'bash', 'no bash')), ['ol8 bash not-affected']],
    ['packages or packages', criteria('AND', 'ol8', criteria('OR', 'bash lt 0:1-1', 'zsh lt 0:2-1')), ['ol8 bash affected ..0:1-1', 'ol8 zsh affected ..0:2-1']],
    ['releases or releases', criteria('AND', criteria('OR', 'ol8', 'ol9'), 'bash lt 0:1-1'), ['ol8 bash affected ..0:1-1', 'ol9 bash affected ..0:1-1']],
    ['two releases at once are none', criteria('OR', criteria('AND', 'ol8', 'ol9', 'zsh lt 0:1-1'), criteria('AND', 'ol8', 'bash lt 0:1-1')), ['ol8 bash affected ..0:1-1']],
    ['a system that must be there', criteria('OR', 'none', criteria('AND', 'ol8', 'bash lt 0:1-1')), ['ol8 bash affected ..0:1-1']],
    ['a machine', criteria('AND', 'ol8', 'arm', 'bash lt 0:1-1'), ['ol8 bash affected ..0:1-1 aarch64|noarch']],
    ['two machines, one bound', criteria('AND', 'ol8', criteria('OR', criteria('AND', 'x86', 'bash lt 0:1-1'), criteria('AND', 'arm', 'bash lt 0:1-1'))), ['ol8 bash affected ..0:1-1 x86_64|i386|i486|i586|i686|noarch|aarch64']],
    ['two machines, two bounds', criteria('AND', 'ol8', criteria('OR', criteria('AND', 'arm', 'bash lt 0:1-1'), criteria('AND', 'arm', 'bash lt 0:2-1'))), ['ol8 bash affected ..0:1-1 aarch64|noarch', 'ol8 bash affected ..0:2-1 aarch64|noarch']],
    ["the package's own architecture", criteria('AND', 'ol8', 'bash-arm'), ['ol8 bash affected ..0:2-1 aarch64|s390x']],
    ['a module', criteria('AND', 'ol8', 'module', 'bash lt 0:1-1'), ['ol8 bash affected ..0:1-1 nodejs:18']],
    ["a kernel's line", criteria('AND', 'ol8', 'uek'), ['ol8 bash affected 0:4.1.12-0..0:4.1.12-124.el6']],
    ['a build that can be patched while it runs', criteria('AND', 'ol8', 'bash lt 2:1-1.ksplice1.el8', 'ksplice'), ['ol8:ksplice bash affected ..2:1-1.ksplice1.el8']],
    ['a build for FIPS', criteria('AND', 'ol8', 'bash lt 10:1-1.el8_fips'), ['ol8:fips bash affected ..10:1-1.el8_fips']],
    ['what no package tells', criteria('AND', 'ol8', 'kernel', 'bash lt 0:1-1'), ['ol8 bash undetermined kernel 5.14 is currently running']],
    ['a package together with another', criteria('AND', 'ol8', 'bash lt 0:1-1', 'zsh lt 0:2-1'), ['ol8 bash undetermined only together with zsh', 'ol8 zsh undetermined only together with bash']],
    ['two bounds that do not join', criteria('AND', 'ol8', 'bash lt 0:1-1', 'bash lt 0:2-1'), ['ol8 bash undetermined several bounds on one package']],
    ['an operator that is neither', criteria('AND', 'ol8', 'bash lt 0:1-1', criteria('XOR', 'ol8', 'ol9')), ['ol8 bash undetermined operator XOR']],
    ['a negation', criteria('AND', 'ol8', 'bash lt 0:1-1', '<criterion negate="true" test_ref="kernel" comment="a kernel"/>'), ['ol8 bash undetermined not: a kernel']],
  ])('%s', async (_, written, expected) => {
    expect(await short(oval(written))).toEqual(expected);
  });

  it.each([
    ['no release', criteria('AND', 'bash lt 0:1-1'), 'record-release-unknown'],
    ['a test that is not there', criteria('AND', 'ol8', 'nowhere'), 'record-test-missing'],
    ['itself', criteria('AND', 'ol8', '<extend_definition definition_ref="oval:test:def:1" comment="again"/>'), 'record-test-missing'],
    ['no package', criteria('AND', 'ol8'), 'record-no-package'],
    ['nothing', '', 'record-malformed'],
    ['alternatives without end', criteria('AND', 'ol8', ...Array.from({ length: 16 }, () => criteria('OR', 'bash lt 0:1-1', 'zsh lt 0:1-1'))), 'record-too-complex'],
  ])('is set aside: %s', async (_, written, code) => {
    expect(problems(await read(oval(written)))).toEqual([`${code} oval:test:def:1`]);
  });
  it.each([['', 'feed-empty'], ['{}', 'feed-malformed'], ['<html><body>maintenance</body></html>', 'feed-not-oval'], ['<oval_definitions><definitions>', 'feed-truncated'], ['<!DOCTYPE html><html/>', 'feed-not-oval'], ['<!DOCTYPE a [<!ENTITY b "c">]><a/>', 'feed-xml-dtd']])('is refused whole: %j', async (text, code) => {
    expect(await codeOf(read(text))).toBe(code);
  });
  it('has at most so many parts', async () => {
    const parse = parseOval(records(record('feed.xml', oval(criteria('AND', 'ol8', 'bash')))), { source: 'test', limits: { ...defaultFeedLimits, records: 5 } });
    expect(await codeOf(all(parse))).toBe('feed-too-many-records');
  });
});

describe('OVAL definitions', () => {
  it('of a notice name the problems it repairs', async () => {
    const metadata = '<reference source="elsa" ref_id="ELSA-2026-0001" ref_url="https://x/1"/><reference source="CVE" ref_id="CVE-2026-0001" ref_url="https://x/2"/><advisory><severity>IMPORTANT</severity><issued date="2026-01-02"/><cve>CVE-2026-0001</cve><cve>CVE-2026-0002</cve></advisory>';
    expect(advisories(await read(oval(criteria('AND', 'ol8', 'bash'), { metadata })))).toMatchObject([{
      id: 'ELSA-2026-0001', key: 'oval:test:def:1@Oracle Linux:8', vulnerabilities: ['CVE-2026-0001', 'CVE-2026-0002'], aliases: [], severity: 'high', published: '2026-01-02T00:00:00Z', references: ['https://x/1', 'https://x/2'],
    }]);
  });
  it('of Microsoft are of the release of their packages', async () => {
    const metadata = '<title>CVE-2026-0003 affecting package bash</title><reference source="CVE" ref_id="CVE-2026-0003" ref_url="https://x"/><patchable>Not Applicable</patchable><severity>High</severity><advisory_date>2026-01-02T03:04:05Z</advisory_date>';
    const [advisory] = advisories(await read(oval(criteria('AND', 'bash le 0:1-1.azl3'), { id: 'oval:com.microsoft.azurelinux:def:1', metadata, class: 'vulnerability' })));
    expect(advisory).toMatchObject({ id: 'CVE-2026-0003', vulnerabilities: [], published: '2026-01-02T03:04:05Z', severity: 'high', affected: [{ ecosystem: 'Azure Linux:3', status: 'affected', fix_state: 'none-yet', vendor_status: 'not-applicable' }] });
  });
  it.each([['Will not fix', 'wont-fix', 'affected'], ['Out of support scope', 'end-of-life', 'affected'], ['Affected', 'none-yet', 'affected'], ['Under investigation', 'unknown', 'undetermined']])('of Red Hat say what becomes of a package: %s', async (word, state, status) => {
    expect(advisories(await read(oval(criteria('AND', 'ol8', 'bash'), { metadata: `<advisory><affected><resolution state="${word}"><component>bash</component></resolution></affected></advisory>` })))[0]?.affected[0]).toMatchObject({ status, fix_state: state, vendor_status: word });
  });
});

describe.skipIf(!hasShared)(`whole OVAL documents${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  const counted = async (files: ReturnType<typeof recordsOf>) => {
    const counts: FeedCounts = noCounts(), ecosystems = new Set<string>(), statuses: Record<string, number> = {};
    for await (const reading of readFeed({ id: 'test', parse: parseOval }, files, counts)) {
      if (reading.kind === 'advisory') for (const { ecosystem, status } of reading.advisory.affected) { ecosystems.add(ecosystem); statuses[status] = (statuses[status] ?? 0) + 1; }
    }
    return { advisories: counts.advisories, affected: counts.affected, problems: counts.problems, ecosystems: [...ecosystems].sort(), statuses };
  };
  it('Azure Linux: every definition', async () => {
    expect(await counted(recordsOf(shared('feeds/azurelinux-oval.tar.zst')))).toEqual({ advisories: 1_222 + 2_252 + 2_127, affected: 5_601, problems: {}, ecosystems: ['Azure Linux:1', 'Azure Linux:2', 'Azure Linux:3'], statuses: { affected: 5_601 } });
  }, 60_000);
  it('Photon: every definition', async () => {
    expect(await counted(recordsOf(shared('feeds/photon-oval-com.vmware.phsa-photon3.xml.zst')))).toEqual({ advisories: 222, affected: 778, problems: {}, ecosystems: ['Photon OS:3.0'], statuses: { affected: 778 } });
  }, 60_000);
  it('the samples of others: all but those whose tests were cut off', async () => {
    const whole: string[] = [], aside: Record<string, string> = {};
    for await (const one of recordsOf(shared('feeds/format-samples-all-feeds.tar.zst'))) {
      if (!/oval.*\.xml(\.gz)?$|\/oracle\/.*\.xml$|sles\/.*\.xml$/.test(one.name) || /indexof|invalid/.test(one.name)) continue;
      for await (const file of recordsOfStream(one.name.split('/').at(-1)!, one.chunks)) {
        const readings = await all(parseOval(records(file), { source: 'test', limits: defaultFeedLimits }));
        if (readings.every(({ kind }) => kind === 'advisory')) whole.push(file.name);
        else aside[file.name] = [...new Set(problems(readings).map((line) => line.split(' ')[0]))].join(' ');
      }
    }
    expect(whole).toHaveLength(13);
    // The fixtures' authors left out tests; openSUSE 12.1 never named its release.
    expect(aside).toEqual({
      'opensuse.12.1.xml': 'record-release-unknown', 'suse_truncated.xml': 'record-test-missing',
      ...Object.fromEntries(['12-affected', '15-affected', '16-affected', '16-patch'].map((which) => [`suse.linux.enterprise.${which}.xml`, 'record-test-missing'])),
    });
  }, 60_000);
});
