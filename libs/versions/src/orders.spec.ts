import { describe, expect, it } from 'vitest';
import { compareVersions, maxVersionLength, type Scheme, schemeNames, versionKey } from './index.ts';

interface Order {
  /** Each list from the oldest to the newest. */
  readonly ascending: readonly (readonly string[])[];
  /** Each list the same version. */
  readonly equal?: readonly (readonly string[])[];
  readonly unreadable: readonly string[];
  /** Versions the manager compares but would not accept. */
  readonly irregular?: readonly string[];
}

/** What each scheme's documents say. A new scheme is a compile error here until it has its cases. */
const orders: Record<Scheme, Order> = {
  // Debian policy 5.6.12; deb-version(7).
  deb: {
    ascending: [
      ['1.0~~', '1.0~~a', '1.0~', '1.0', '1.0a', '1.0+', '1.0.1', '1.1'],
      ['1.0~beta1~svn1245', '1.0~beta1', '1.0'],
      ['0~', '0', '0a', '0+', '1~', '1', '10', '1:0', '2:0~'],
      ['1.2-1~deb7u1', '1.2-1', '1.2-1+deb9u1', '1.2-1.1', '1.2-2', '1.2-10'],
      ['2.7.4+reloaded2-13', '2.7.4+reloaded2-13ubuntu1', '2.7.4+reloaded2-13+deb9u1'],
      ['1-2', '1-2-1', '1.-1'],
    ],
    equal: [['1.0', '0:1.0', '1.0-0', '1.00', '01.0', '1.0-00'], ['1.', '1.0'], ['1a', '1a0']],
    unreadable: ['', ':1', 'a:1', '1:', '1-', '-1', '99999999999:1', '1 2'],
    irregular: ['1_0', '1.0\u00e9', '1.0-1_2', '1/2'],
  },
  // rpm-version(7), tests/rpmvercmp.at.
  rpm: {
    ascending: [
      ['1.0~rc1~git', '1.0~rc1', '1.0~rc1^git1', '1.0', '1.0^git1~pre', '1.0^git1', '1.0^git2', '1.0a', '1.0.1', '1.01', '1:0'],
      ['a', 'b', '1'], ['A', 'a'], ['1', '1-', '1-0', '1-1.ael7b', '1-1.el7', '1-2', '1-10'],
      ['2.23.2-22.el7_1', '2.23.2-22.el7_1.1'], ['5.5p1', '5.5p2', '5.5p10'],
    ],
    equal: [['1.0', '0:1.0', '1_0', '1..0', '1.0.'], ['10.0001', '10.1'], ['a+', 'a_'], ['1-1', '1-1.'], [':1', '1']],
    unreadable: ['', '1:', '1:-2', '-1'],
  },
  // apk-tools test/unit/version.data.
  apk: {
    ascending: [
      ['1.0_alpha', '1.0_alpha1', '1.0_beta', '1.0_pre', '1.0_rc', '1.0', '1.0-r0', '1.0-r1', '1.0_cvs', '1.0_svn', '1.0_git', '1.0_hg', '1.0_p', '1.0_p1', '1.0a', '1.0.0', '1.1'],
      ['8.2.0', '8.2.001', '8.2.0015', '8.2.002', '8.2.1', '8.2.10'], ['0.1_alpha_pre2', '0.1_alpha', '0.1_alpha2'],
      ['1.0~1234', '1.0~1234-r1', '1.0~2345'], ['1', '02', '20060720'],
    ],
    equal: [['1-r1', '1-r01'], ['01', '1']],
    unreadable: [],
    irregular: ['', 'a', '.1', '1..2', '1.0bc', '1.0A', '1-r', '1-r1-r2', '1_foo', '1~', '1-1', '1_', '1_1_alpha'],
  },
  // pacman's vercmp(8).
  alpm: {
    ascending: [
      ['1.0a-1', '1.0b-1', '1.0beta-1', '1.0p-1', '1.0pre-1', '1.0rc-1', '1.0-1', '1.0.a-1', '1.0.1-1', '1:0-1'],
      ['1.0-1', '1.0-2', '1.0-2.1', '1.0-10'], ['1.5-1', '1..5-1'],
    ],
    equal: [['1.0-1', '0:1.0-1', '1_0-1', '01.0-1']],
    unreadable: ['', '1.', '1.0-', '1.0-1.', ':'],
  },
  // Package Manager Specification 3.3.
  gentoo: {
    ascending: [
      ['1_alpha', '1_alpha1', '1_beta', '1_pre', '1_rc', '1', '1-r1', '1_p', '1a', '1.0', '1.0.0', '1.0.01', '1.0.1', '1.1', '1.10', '2'],
      ['1.01', '1.012', '1.02', '1.1'],
    ],
    equal: [['1.0', '1.0-r0'], ['1.010', '1.01'], ['01', '1']],
    unreadable: ['', 'a', '1.', '1_foo', '1-1', '1ab', '1-r'],
  },
  // semver.org section 11.
  semver: {
    ascending: [
      ['1.0.0-1', '1.0.0-2', '1.0.0-10', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0'],
      ['1.0.0--', '1.0.0-A', '1.0.0-a'], ['99999999999999999999.0.0', '100000000000000000000.0.0'], ['1.0.0-rc.12', '1.0.0-rc.011'],
    ],
    equal: [['1.0.0', 'v1.0.0', '1.0', '1', '1.0.0+build', '1.0.0+other.1']],
    unreadable: ['', 'a', 'v', '1.', '1..0', '1.0.0.0', '1.0.0-', '1.0.0+', '1.0.0-a..b', '1.0.0-a_b!', '1.0.0beta', 'vv1.0.0'],
  },
  // node-semver, loose.
  npm: {
    ascending: [['1.2.3-alpha', '1.2.3-alpha.1', '1.2.3-beta', '1.2.3', '1.2.4-0', '1.2.4'], ['1.2.3beta', '1.2.3'], ['1.0.0-rc.011', '1.0.0-rc.12']],
    equal: [['1.2.3', 'v1.2.3', '=1.2.3', '=v1.2.3', '1.2.3+x'], ['1.2.3beta', '1.2.3-beta'], ['0.0.1-alpha.006', '0.0.1-alpha.6']],
    unreadable: ['', 'latest', '1.2.3.4', 'file:../x', '1.2.3-', '1.x'],
  },
  cargo: { ascending: [['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha-1', '1.0.0']], equal: [['1.0.0', '1.0.0+a']], unreadable: ['1.0.0.0', '*'] },
  hex: { ascending: [['1.0.0-dev', '1.0.0-rc.1', '1.0.0']], equal: [['1.0.0', '1.0.0+a']], unreadable: ['1.0.0.0'] },
  swift: { ascending: [['5.0.0-beta', '5.0.0', '5.0.1']], equal: [['5.0.0', 'v5.0.0']], unreadable: ['main'] },
  // pub_semver: build metadata is ordered.
  pub: {
    ascending: [['1.0.0-pre', '1.0.0-pre+1', '1.0.0', '1.0.0+1', '1.0.0+2', '1.0.0+10', '1.0.0+a', '1.0.0+a.1', '1.0.1']],
    equal: [['1.0.0', 'v1.0.0']],
    unreadable: ['1.0.0.0', 'any'],
  },
  // learn.microsoft.com/nuget/concepts/package-versioning.
  nuget: {
    ascending: [
      ['1.0.1-aaa', '1.0.1-alpha10', '1.0.1-alpha2', '1.0.1-beta', '1.0.1-open', '1.0.1-rc.2', '1.0.1-rc.10', '1.0.1-zzz', '1.0.1', '1.0.1.1-alpha', '1.0.1.1', '1.1'],
      ['4.2.0-nightly.2147483647', '4.2.0-nightly.2024-02-01', '4.2.0-nightly.202401090430'],
    ],
    equal: [['1.0', '1.0.0.0', '1.0.0+meta', '01.0'], ['1.0.0-BETA', '1.0.0-beta'], ['1.0.0-beta.01', '1.0.0-beta.1']],
    unreadable: ['', '1.0.0.0.0', '1.*', '$(Version)'],
  },
  // Bitnami's revisions.
  bitnami: { ascending: [['1.2.3-rc.1', '1.2.3', '1.2.3-1', '1.2.3-10', '1.2.4-0', '1.2.4-r0'.replace('-r0', '-1')]], equal: [['1.2.3-01', '1.2.3-1']], unreadable: ['latest'] },
  // golang.org/x/mod/semver; vulndb's standard library versions.
  go: {
    ascending: [
      ['v0.0.0-20180101000000-abcdefabcdef', 'v0.0.0-20190101000000-abcdefabcdef', 'v0.0.1', 'v1.2.3-0.20200101000000-abcdefabcdef', 'v1.2.3-pre', 'v1.2.3', 'v1.2.4-0.20200101000000-abcdefabcdef'],
      ['go1.19', '1.20.0-0', 'go1.20beta1', 'go1.20rc1', 'go1.20rc2', 'go1.20', 'go1.20.1', 'go1.21.0'],
    ],
    equal: [['v1.2.3', '1.2.3', 'v1.2.3+incompatible', 'go1.2.3'], ['v1', 'v1.0', 'v1.0.0'], ['go1.21.3', 'go1.21.3-fips', '1.21.3']],
    unreadable: [],
    irregular: ['', '(devel)', 'bad', 'v1-pre', 'v1.2+meta', 'go1', 'gotip', 'V1.0.0', 'v1.2.3.4', 'devel'],
  },
  // PEP 440, "Summary of permitted suffixes and relative ordering".
  pep440: {
    ascending: [
      ['1.dev0', '1.0.dev456', '1.0a1', '1.0a2.dev456', '1.0a12.dev456', '1.0a12', '1.0b1.dev456', '1.0b2', '1.0b2.post345.dev456', '1.0b2.post345', '1.0rc1.dev456', '1.0rc1', '1.0', '1.0+abc.5', '1.0+abc.7', '1.0+5', '1.0+5.1', '1.0.post456.dev34', '1.0.post456', '1.0.15', '1.1.dev1', '1!0.1'],
    ],
    equal: [
      ['1.0', '1', '1.0.0', 'v1.0', '01.00', '0!1'], ['1.0a1', '1.0-alpha.1', '1.0A01'], ['1.0rc1', '1.0c1', '1.0-preview_1', '1.0pre1'],
      ['1.0.post1', '1.0-1', '1.0r1', '1.0rev1'], ['1.0a0', '1.0a'], ['1.0+ubuntu-1', '1.0+ubuntu.1', '1.0+UBUNTU_1'],
    ],
    unreadable: [''],
    irregular: ['2004d', '0.1-bulbasaur', '1.0.x', 'dev', '1.0+', '1.0-SNAPSHOT'],
  },
  // The POM reference, "Version Order Specification"; maven's ComparableVersionTest.
  maven: {
    ascending: [
      ['1-alpha2snapshot', '1-alpha2', '1-alpha-123', '1-beta-2', '1-beta123', '1-m2', '1-m11', '1-rc', '1-cr2', '1-rc123', '1-SNAPSHOT', '1', '1-sp', '1-sp2', '1-sp123', '1-abc', '1-def', '1-pom-1', '1-1-snapshot', '1-1', '1-2', '1-123'],
      ['2.0', '2-1', '2.0.2', '2.0.123', '2.1.0', '2.1-a', '2.1b', '2.1-c', '2.1-1', '2.1.0.1', '2.2', '2.123', '11.a2', '11.a11', '11.b2', '11.b11', '11.m2', '11.m11', '11', '11.a', '11b', '11c', '11m'],
      ['1--1', '1-1', '1.1'], ['1.foo', '1-foo', '1-1'], ['5.0.0.M1', '5.0.0.RC1', '5.0.0.RELEASE', '5.0.1.RELEASE'], ['30.0-android', '30.0-jre'],
    ],
    equal: [
      ['1', '1.0', '1.0.0', '1-0', '1.ga', '1-final', '1.RELEASE', '1.', '1-', '01'], ['1-rc', '1-CR', '1.0-rc'], ['1a1', '1-alpha-1', '1.0-ALPHA1'],
      ['1x', '1-x', '1.0.0x'], ['1-1.foo-bar-1-baz-0.1', '1-1.foo-bar1baz-.1'],
    ],
    unreadable: ['', '${project.version}\n1', '[1,2) x'],
  },
  // Gem::Version.
  rubygems: {
    ascending: [
      ['1.a', '1.b1', '1.b2', '1.b10', '1', '1.0.0.1', '1.0.1.pre', '1.0.1', '1.1'], ['1.0.0-alpha.beta', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0'],
      ['1.a.b', '1.a.0.b', '1.a.0.0.b', '1.a', '1.a.0.0.1', '1.a.0.1', '1.a.1'], ['1.A', '1.a'],
    ],
    equal: [['1', '1.0', '1.0.0', '01'], ['1.0.a', '1.a'], ['1.0.a2', '1.0.a.2'], ['1.0-1', '1.pre.1']],
    unreadable: ['...', '+'],
    irregular: ['1beta', '1..2', '1.2_3', 'a.1', '1.', '>1'],
  },
  // composer/semver VersionParser.
  composer: {
    ascending: [
      ['1.0-dev', '1.0a1', '1.0-alpha2', '1.0b1', '1.0-RC1', '1.0-RC2', '1.0', '1.0-p1', '1.0-patch2', '1.0.0.1', '1.0.1', '1.x-dev', '2.0'],
      ['2010-01-02', '2010-01-03', '2010.1.4'],
    ],
    equal: [['1.0', 'v1.0.0', '1.0.0.0', '1', '1.0-stable', '1.0+build', 'V1'], ['2.0.0-beta3', '2.0b3', '2.0.0.beta.3'], ['1.0pl1', '1.0.0-patch1']],
    unreadable: ['', '1.0.0.0.0', 'foo', '1.0-foo', '1.2.3.#'],
    irregular: ['dev-main', 'master', 'dev-feature/x'],
  },
  // php.net/version_compare.
  php: {
    ascending: [['1.0-foo', '1.0-dev', '1.0a1', '1.0b1', '1.0RC1', '1.0', '1.0.0', '1.0.1', '1.0pl1', '1.1']],
    equal: [['1.0-alpha1', '1.0a1', '1.0.a.1'], ['v1.0', '1.0', 'V1_0'], ['1.0rc', '1.0RC']],
    unreadable: [''],
    irregular: ['1.2.3.#', 'dev-foo'],
  },
  cran: { ascending: [['0.1', '0.1-0', '0.1.1', '0.01.2', '0.1-10', '0.75', '1']], equal: [['1.0-1', '1.0.1', '01.00.01']], unreadable: ['', '1..2', '1.a', '-1', '1_0'] },
  hackage: { ascending: [['0', '0.1', '1', '1.0', '1.0.0', '1.0.1', '1.10']], equal: [['1.01', '1.1']], unreadable: ['', '1-2', '1.', 'a'] },
  conan: {
    ascending: [['1.0-alpha.3', '1.0-alpha.22', '1.0', '1.0+b1', '1.0+b2', '1.1', '1.1.a', '1.1a', '1.2', '1.20', 'a', 'b.c']],
    equal: [['1', '1.0', '1.0.0'], ['1-pre1+b1', '1.0-pre1+b1.0']],
    unreadable: ['', '-pre', '+b'],
  },
  openssl: { ascending: [['0.9.8', '0.9.8a', '0.9.8z', '0.9.8za', '0.9.8zh', '1.0.0-beta1', '1.0.0', '1.1.1w', '3.0.0-alpha1', '3.0.0', '3.0.13']], unreadable: ['', '1.1', '1.0.2k fips', '3.0.0.1'] },
  datetime: {
    ascending: [['0001-01-01T00:00:00+01:00', '0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '2024-01-01T00:00:00.090Z', '2024-01-01T00:00:00.1Z', '2023-12-31T23:00:01-01:00', '9999-12-31T23:59:59Z']],
    equal: [['2024-01-01T00:00:00Z', '2024-01-01T01:00:00+01:00', '2024-01-01T00:00:00.000Z']],
    unreadable: ['', '2024-01-01', '2024-13-01T00:00:00Z', '2024-01-01t00:00:00z', '2024-01-01T00:00:61Z'],
  },
  lexicographic: { ascending: [['10', '9', 'A', 'a', 'aa', 'z', 'e\u0301'.normalize('NFC'), '\u20ac', '\u{1f600}']], unreadable: ['', 'a b', 'a\u0000'] },
  loose: {
    ascending: [['1.2-alpha', '1.2-beta.2', '1.2-beta.11', '1.2', '1.2.0.0.1', '1.2.1', '1.10'], ['1.7rc1', '1.7rc2', '1.7']],
    equal: [['1.2', 'v1.2.0.0', '1.2+foo']],
    unreadable: ['', 'foo', 'r123', '1.2 beta'],
  },
};

describe.each(schemeNames)('%s', (scheme) => {
  const { ascending, equal = [], unreadable, irregular = [] } = orders[scheme];
  const compare = (a: string, b: string) => compareVersions(scheme, a, b).result;

  it.each(ascending.map((list) => [list]))('%j goes up, in comparisons and in keys', (list) => {
    const wrong: string[] = [];
    list.forEach((older, i) => list.slice(i + 1).forEach((newer) => {
      const keys = [older, newer].map((version) => versionKey(scheme, version)) as { key: string }[];
      if (compare(older, newer) !== -1 || compare(newer, older) !== 1 || !(keys[0]!.key < keys[1]!.key)) wrong.push(`${older} < ${newer}`);
    }));
    expect(wrong).toEqual([]);
  });

  it.each(equal.map((list) => [list]))('%j is one version', (list) => {
    for (const a of list) for (const b of list) expect([a, b, compare(a, b), versionKey(scheme, a)]).toEqual([a, b, 0, versionKey(scheme, b)]);
  });

  it.each(unreadable)('%j is undetermined, with a reason', (version) => {
    expect(compareVersions(scheme, version, '1.0.0-r0~')).toEqual({ result: 'undetermined', reason: expect.stringContaining('cannot read version') });
    expect(versionKey(scheme, version)).toEqual({ undetermined: expect.stringContaining(JSON.stringify(version)) });
  });

  it.each(irregular)('%j has a place but no key', (version) => {
    const other = ascending[0]![0]!;
    expect(compare(version, other)).toBe(-(compare(other, version) as number) || 0);
    expect(versionKey(scheme, version)).toEqual({ undetermined: expect.stringContaining('cannot read version') });
  });

  it.each([
    ['too long', '1'.repeat(maxVersionLength + 1)], ['a zero byte', '1.0\u00002'], ['an escape sequence', '1.0\u001b[2J'], ['a newline', '1.0\n2.0'], ['a delete', '1.0\u007f'],
  ])('%s is undetermined', (_, version) => {
    expect(compare(version, '1.0')).toBe('undetermined');
    expect(versionKey(scheme, version)).toHaveProperty('undetermined');
  });

  it.each(['9', '1.', '-', '1-', '0', 'a', '~', 'é', '\ud800', '0.', '-0', '_p'])('survives a long row of %j', (bit) => {
    const long = `1.${bit.repeat(Math.floor((maxVersionLength - 2) / bit.length))}`;
    const answer = versionKey(scheme, long);
    if ('key' in answer) expect(/^[\0-\xff]+$/.test(answer.key)).toBe(true);
    expect(compare(long, `${long.slice(0, -1)}1`)).toBeDefined();
  });
});
