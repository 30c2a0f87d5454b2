import { type Advisory, type Affected, leastRecords } from '@plimsoll/advisories';
import { describe, expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { check } from './checker.spec-helper.ts';
import { FindingSummary } from './finding.ts';
import { match } from './match.ts';
import { aPackage, anAdvisory, anInventory } from './samples.spec-helper.ts';
import { explain, whyNot } from './why.ts';

/** `id state because` of every decision about version(s) of npm left-pad. */
const decisions = (entry: Partial<Affected>, version: string, more: Partial<Advisory> = {}) => {
  const { findings } = match(anInventory([aPackage('npm', 'left-pad', version)]), indexOf([anAdvisory('GHSA-1', entry, more)]), { all: true });
  expect(findings.map(check).filter(Boolean)).toEqual([]);
  return findings.map(({ state, proof, fixed_version: fixed }) => [state, proof.because, ...(fixed === undefined ? [] : [fixed])].join(' '));
};

describe('one version and one entry', () => {
  const gap = [{ introduced: '1.0.0', fixed: '1.2.0' }, { introduced: '2.0.0', fixed: '2.3.0' }];
  it.each<[string, Partial<Affected>, string, string[]]>([
    ['inside', { ranges: gap }, '1.1.9', ['affected in-range 1.2.0']],
    ['at introduced', { ranges: gap }, '2.0.0', ['affected in-range 2.3.0']],
    ['at fixed', { ranges: gap }, '2.3.0', ['fixed at-or-above-fixed 2.3.0']],
    ['between two stretches', { ranges: gap }, '1.5.0', ['fixed at-or-above-fixed 1.2.0']],
    ['below introduced', { ranges: gap }, '0.9.0', ['not-affected below-introduced']],
    ['a pre-release of the fix', { ranges: gap }, '2.3.0-rc.1', ['affected in-range 2.3.0']],
    ['at last affected', { ranges: [{ last_affected: '1.4.0' }] }, '1.4.0', ['affected in-range']],
    ['above last affected', { ranges: [{ last_affected: '1.4.0' }] }, '1.4.1', ['not-affected above-last-affected']],
    ['past the limit', { ranges: [{ limit: '3.0.0' }] }, '3.0.0', ['not-affected above-limit']],
    ['never ending', { ranges: [{ introduced: '1.0.0' }] }, '99.0.0', ['affected in-range']],
    ['listed', { versions: ['1.0.0', '1.0.1'] }, '1.0.1', ['affected listed']],
    ['listed and outside the range', { ranges: gap, versions: ['0.5.0'] }, '0.5.0', ['affected listed 1.2.0']],
    ['not listed', { versions: ['1.0.0'] }, '1.0.2', ['not-affected not-listed']],
    ['no range at all', {}, '1.0.0', ['affected every-version']],
    ['a version nobody can read', { ranges: gap }, 'latest!', ['undetermined version-unreadable']],
    ['no version', { ranges: gap }, '', ['undetermined version-unreadable']],
    ['no version, and every version affected', {}, '', ['affected every-version']],
    ['no version, single versions listed', { versions: ['1.0.0'] }, '', ['undetermined version-unreadable']],
    ['a bound nobody can read', { ranges: [{ introduced: '1.0.0', fixed: 'banana split' }] }, '1.1.0', ['undetermined bound-unreadable banana split']],
    ['a bound nobody can read, ruled out by the other', { ranges: [{ introduced: '1.0.0', fixed: 'banana split' }] }, '0.9.0', ['not-affected below-introduced']],
    ['vendor says not affected', { status: 'not-affected' }, '1.0.0', ['not-affected vendor-not-affected']],
    ['vendor does not know', { status: 'undetermined' }, '1.0.0', ['undetermined vendor-undetermined']],
    ['vendor names repaired versions', { status: 'fixed', ranges: [{ introduced: '2.0.0' }] }, '2.0.1', ['fixed vendor-fixed']],
    ['vendor is silent about the others', { status: 'fixed', ranges: [{ introduced: '2.0.0' }] }, '1.0.0', []],
    ['two repairs of one problem: the later counts', { ranges: [{ fixed: '1.3.0' }, { fixed: '1.2.0' }] }, '1.1.0', ['affected in-range 1.3.0']],
  ])('%s', (_, entry, version, answer) => {
    expect(decisions(entry, version)).toEqual(answer);
  });

  it('takes no notice of what was withdrawn, and says so', () => {
    expect(decisions({ ranges: gap }, '1.1.0', { withdrawn: '2026-01-01T00:00:00Z' })).toEqual(['not-affected withdrawn']);
    expect(match(anInventory([aPackage('npm', 'left-pad', '1.1.0')]), indexOf([anAdvisory('GHSA-1', { ranges: gap }, { withdrawn: '2026-01-01T00:00:00Z' })])).findings).toEqual([]);
  });

  it('compares names as the registry does', () => {
    const index = indexOf([anAdvisory('PYSEC-1', { ecosystem: 'PyPI', name: 'ruamel-yaml' })]);
    expect(match(anInventory([aPackage('pypi', 'Ruamel.YAML', '0.1')]), index).findings).toHaveLength(1);
  });

  it('compares listed versions by order, not by letters', () => {
    const index = indexOf([anAdvisory('PYSEC-1', { ecosystem: 'PyPI', name: 'a', versions: ['1.0.0'] })]);
    expect(match(anInventory([aPackage('pypi', 'a', '1.0')]), index).findings.map(({ proof }) => proof.because)).toEqual(['listed']);
  });

  it('knows modules: another stream is not meant', () => {
    const index = indexOf([anAdvisory('ALSA-1', { ecosystem: 'AlmaLinux:8', name: 'nodejs', module: 'nodejs:18', ranges: [{ fixed: '1:18.9.0-1' }] })]);
    const alma = { id: 'almalinux', name: 'AlmaLinux', version_id: '8.9' };
    const findings = (module: string) => match(anInventory([aPackage('rpm', 'nodejs', '1:16.0.0-1', { module })], alma), index, { all: true }).findings.map(({ state }) => state);
    expect(findings('nodejs:18:8090020230000:abcdef')).toEqual(['affected']);
    expect(findings('nodejs:16:8090020230000:abcdef')).toEqual(['not-affected']);
  });
});

describe('one finding per problem', () => {
  const ids = (...advisories: Advisory[]) => match(anInventory([aPackage('npm', 'left-pad', '1.0.0')]), indexOf(advisories)).findings
    .map(({ id, aliases, advisories: records }) => `${id} = ${aliases.join(' ')} by ${records!.join(' ')}`).sort();

  it('a jar that does not say its group is not covered, never clean', () => {
    const index = indexOf([anAdvisory('GHSA-1', { ecosystem: 'Maven', name: 'org.foo:foo', ranges: [{ fixed: '2.0' }] })]);
    const of = (name: string) => { const { findings, not_covered: uncovered } = match(anInventory([aPackage('maven', name, '1.0')]), index); return [findings.length, uncovered.map(({ reason }) => reason)]; };
    expect(of('foo')).toEqual([0, ['no-ecosystem']]);
    expect(of('org.foo:foo')[0]).toBe(1);
  });

  it('cannot tell of a module build without its label, where the version would decide; a build of no module is not meant', () => {
    const index = indexOf([anAdvisory('ALSA-1', { ecosystem: 'AlmaLinux:8', name: 'nodejs', module: 'nodejs:18', ranges: [{ fixed: '1:18.9.0-1.module_el8.7.0+1' }] })]);
    const alma = { id: 'almalinux', version_id: '8.7', name: 'AlmaLinux' };
    const states = (version: string) => match(anInventory([aPackage('rpm', 'nodejs', version)], alma), index, { all: true }).findings.map(({ state, proof }) => `${state} ${proof.because}`);
    expect(states('1:16.0.0-1.module_el8.6.0+2')).toEqual(['undetermined module-unknown']);
    expect(states('1:18.9.0-1.module_el8.7.0+1')).not.toContain('undetermined module-unknown');
    expect(states('1:16.0.0-1.el8')).toEqual(['not-affected other-module']);
  });

  it('joins records of one CVE', () => {
    expect(ids(anAdvisory('GHSA-a', {}, { aliases: ['CVE-2024-0001'] }), anAdvisory('PYSEC-a', {}, { aliases: ['CVE-2024-0001', 'GHSA-a'] })))
      .toEqual(['CVE-2024-0001 = GHSA-a PYSEC-a by GHSA-a PYSEC-a']);
  });
  it('joins a record without a CVE through another that has one', () => {
    expect(ids(anAdvisory('GHSA-a', {}, { aliases: ['CVE-2024-0001'] }), anAdvisory('SNYK-a', {}, { aliases: ['MAL-a'] }), anAdvisory('MAL-a', {}, { aliases: ['GHSA-a'] })))
      .toEqual(['CVE-2024-0001 = GHSA-a MAL-a SNYK-a by GHSA-a MAL-a SNYK-a']);
  });
  it('joins records without any CVE under the first id', () => {
    expect(ids(anAdvisory('PYSEC-a', {}, { aliases: ['GHSA-a'] }), anAdvisory('GHSA-a'))).toEqual(['GHSA-a = PYSEC-a by GHSA-a PYSEC-a']);
  });
  it('splits a notice into its CVEs, and the notice joins none of them', () => {
    expect(ids(anAdvisory('DSA-1', {}, { vulnerabilities: ['CVE-2024-0001', 'CVE-2024-0002'] }), anAdvisory('GHSA-a', {}, { aliases: ['CVE-2024-0001'] })))
      .toEqual(['CVE-2024-0001 = GHSA-a by DSA-1 GHSA-a', 'CVE-2024-0002 =  by DSA-1']);
  });
  it('never lets a chain of aliases join two CVEs', () => {
    expect(ids(anAdvisory('GHSA-a', {}, { aliases: ['CVE-2024-0001'] }), anAdvisory('GHSA-b', {}, { aliases: ['CVE-2024-0002'] }), anAdvisory('PYSEC-a', {}, { aliases: ['CVE-2024-0001', 'GHSA-b'] })))
      .toEqual(['CVE-2024-0001 = GHSA-a GHSA-b PYSEC-a by GHSA-a PYSEC-a', 'CVE-2024-0002 = GHSA-b by GHSA-b']);
  });
  it('takes the worst answer, and of equal ones the latest repair', () => {
    const { findings } = match(anInventory([aPackage('npm', 'left-pad', '1.5.0')]), indexOf([
      anAdvisory('GHSA-a', { ranges: [{ fixed: '1.4.0' }] }, { aliases: ['CVE-2024-0001'] }),
      anAdvisory('GHSA-b', { ranges: [{ fixed: '1.6.0' }] }, { aliases: ['CVE-2024-0001'] }),
      anAdvisory('GHSA-c', { ranges: [{ fixed: '1.10.0' }] }, { aliases: ['CVE-2024-0001'] }),
    ]), { all: true });
    expect(findings).toMatchObject([{ id: 'CVE-2024-0001', state: 'affected', advisory: 'GHSA-c', fixed_version: '1.10.0' }]);
  });
});

describe('severity', () => {
  const critical = { type: 'CVSS_V3' as const, vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 };
  const milder = { type: 'CVSS_V4' as const, vector: 'CVSS:4.0/…', score: 6.9 };
  const severity = (entry: Partial<Affected>, more: Partial<Advisory>) => {
    const isDebian = entry.ecosystem !== undefined;
    const { findings } = match(anInventory([aPackage(isDebian ? 'deb' : 'npm', 'left-pad', '1.0.0')]), indexOf([anAdvisory('X-1', entry, more)]));
    return `${findings[0]!.severity} ${findings[0]!.score ?? '-'}`;
  };
  it("is the vendor's for its package first", () => expect(severity({ severity: 'low' }, { severities: [critical], severity: 'high' })).toBe('low 9.8'));
  it("is the distribution's for the problem next", () => expect(severity({ ecosystem: 'Debian:12' }, { severities: [critical], severity: 'medium' })).toBe('medium 9.8'));
  it('is CVSS for a language package, the newest there is', () => expect(severity({}, { severities: [critical, milder], severity: 'low' })).toBe('medium 6.9'));
  it("is the publisher's word when there is no score", () => expect(severity({}, { severity: 'low' })).toBe('low -'));
  it('is unknown otherwise', () => expect(severity({}, {})).toBe('unknown -'));
});

describe('what no source speaks of', () => {
  const index = indexOf([anAdvisory('CVE-2024-0001', { ecosystem: 'Debian:12', name: 'openssl' }), anAdvisory('GHSA-1', {})]);
  const reasons = (packages: Parameters<typeof anInventory>[0], os?: Parameters<typeof anInventory>[1]) =>
    match(anInventory(packages, os), index).not_covered.map(({ name, reason, ecosystem }) => [name, reason, ecosystem].filter(Boolean).join(' '));

  it('a release without data is not covered, and not clean', () => {
    const matched = match(anInventory([aPackage('deb', 'openssl', '1.1.1-1')], { id: 'debian', name: 'Debian', version_id: '13' }), index);
    expect(matched.not_covered).toMatchObject([{ reason: 'release-not-covered', ecosystem: 'Debian:13' }]);
    expect(matched.summary).toMatchObject({ total: 0, not_covered: 1 });
    expect(FindingSummary.parse(matched.summary)).toEqual(matched.summary);
  });
  it('a package somebody else built', () => expect(reasons([aPackage('deb', 'nginx', '1.26.3-1~bookworm', { vendor: 'NGINX Packaging <nginx-packaging@f5.com>' })])).toEqual(['nginx third-party']));
  it("not a package of one of Debian's own at a private address", () => expect(reasons([aPackage('deb', 'dash', '0.5', { vendor: 'Andrej Shadura <someone@gmail.com>' })])).toEqual([]));
  it('an rpm of another repository', () => expect(match(anInventory([aPackage('rpm', 'htop', '3.0-1.el9', { vendor: 'Fedora Project' })], { id: 'almalinux', name: 'AlmaLinux', version_id: '9.1' }), indexOf([anAdvisory('ALSA-1', { ecosystem: 'AlmaLinux:9', name: 'htop' })])).not_covered).toMatchObject([{ reason: 'third-party' }]));
  it('a system nobody knows', () => expect(reasons([aPackage('deb', 'openssl', '1')], null)).toEqual(['openssl system-unknown']));
  it('a deb on a system of apks', () => expect(reasons([aPackage('deb', 'openssl', '1')], { id: 'alpine', name: 'Alpine', version_id: '3.18.0' })).toEqual(['openssl system-unknown']));
  it('a registry without data', () => expect(reasons([aPackage('cargo', 'serde', '1.0.0')])).toEqual(['serde release-not-covered crates.io']));
  it('a registry that only a stray record of another feed names: the record counts, and the package is not covered', () => {
    const matched = match(anInventory([aPackage('maven', 'a:b', '1.0'), aPackage('maven', 'a:c', '1.0')]), indexOf([anAdvisory('GHSA-1', [{ name: 'b' }, { ecosystem: 'Maven', name: 'a:b' }], { source: 'osv-npm' })]));
    expect(matched.findings.map(({ id, package: found }) => `${id} ${found.name}`)).toEqual(['GHSA-1 a:b']);
    expect(matched.not_covered.map(({ name, reason }) => `${name} ${reason}`)).toEqual(['a:b release-not-covered', 'a:c release-not-covered']);
  });
  it.each([['private', 5_000, false], ['private-notes', leastRecords - 1, false], ['somebody-whole', leastRecords, true]])('a registry of which %s has %i records: covered %s', (source, count, isCovered) => {
    const some = indexOf(Array.from({ length: count }, (_, n) => anAdvisory(`X-${n}`, { name: `p${n}` }, { source })));
    const matched = match(anInventory([aPackage('npm', 'p1', '1.0.0'), aPackage('npm', 'other', '1.0.0')]), some);
    expect(matched.findings.map(({ id }) => id)).toEqual(['X-1']);
    expect(matched.summary.not_covered).toBe(isCovered ? 0 : 2);
  });
  it('a kind nobody publishes for', () => expect(reasons([aPackage('generic', 'busybox', '1.36')])).toEqual(['busybox no-ecosystem']));

  it('an owned language package is left to its owner', () => {
    const owner = aPackage('deb', 'node-left-pad', '1.0.0-1', { source: { name: 'openssl', version: '1.0.0-1' } });
    const owned = aPackage('npm', 'left-pad', '1.0.0', { owner: owner.purl });
    const matched = match(anInventory([owner, owned]), index);
    expect(matched.findings.map(({ id, package: found }) => `${id} ${found.name}`)).toEqual(['CVE-2024-0001 node-left-pad']);
    expect(matched.not_covered).toEqual([]);
    expect(match(anInventory([owned]), index).not_covered).toMatchObject([{ name: 'left-pad', reason: 'owner-not-covered' }]);
    expect(match(anInventory([{ ...owner, vendor: 'x <x@nodesource.com>' }, owned]), index).not_covered.map(({ reason }) => reason)).toEqual(['third-party', 'owner-not-covered']);
  });
});

describe('explain and whyNot', () => {
  const index = indexOf([anAdvisory('CVE-2024-0001', { ecosystem: 'Debian:12', name: 'openssl', ranges: [{ fixed: '3.0.11-1' }] })], '7');
  const old = aPackage('deb', 'libssl3', '3.0.10-1', { source: { name: 'openssl', version: '3.0.10-1' }, locations: [{ path: 'var/lib/dpkg/status' }] });
  const current = { ...old, version: '3.0.11-1', source: { name: 'openssl', version: '3.0.11-1' } };

  it('tells the way from file to answer', () => {
    const text = explain(match(anInventory([old]), index).findings[0]!);
    for (const part of ['CVE-2024-0001', 'libssl3 3.0.10-1', 'var/lib/dpkg/status', 'Debian:12 openssl 3.0.10-1', 'its source package', 'until 3.0.11-1 repairs it', 'lies in the range']) expect(text).toContain(part);
  });
  it('tells why there is none', () => {
    expect(whyNot('cve-2024-0001', anInventory([current]), index).text).toContain('has the repair');
    expect(whyNot('CVE-2024-0001', anInventory([old]), index).text).toContain('is found in 1 of 1');
    expect(whyNot('CVE-1999-9999', anInventory([current]), index).text).toContain('no advisory of revision 7');
    expect(whyNot('CVE-2024-0001', anInventory([aPackage('generic', 'x', '1')]), index).text).toContain('x (no-ecosystem)');
  });
});
