import { describe, expect, it } from 'vitest';
import { inRange, maxRangeLength, readRange, type Scheme } from './index.ts';

interface Ranges { readonly scheme: Scheme; readonly range: string; readonly inside: readonly string[]; readonly outside: readonly string[] }

const cases: readonly Ranges[] = [
  // node-semver README, "Advanced Range Syntax".
  { scheme: 'npm', range: '^1.2 || >=3 <4', inside: ['1.2.0', '1.9.9', '3.0.0', '3.9.9'], outside: ['1.1.9', '2.0.0', '4.0.0', '1.3.0-beta', '4.0.0-rc'] },
  { scheme: 'npm', range: '^0.2.3', inside: ['0.2.3', '0.2.9'], outside: ['0.2.2', '0.3.0', '0.3.0-0'] },
  { scheme: 'npm', range: '^0.0.3', inside: ['0.0.3'], outside: ['0.0.4', '0.0.2'] },
  { scheme: 'npm', range: '^0.0', inside: ['0.0.0', '0.0.9'], outside: ['0.1.0'] },
  { scheme: 'npm', range: '^1.2.3-beta.2', inside: ['1.2.3-beta.2', '1.2.3-beta.4', '1.9.0'], outside: ['1.2.3-beta.1', '1.2.4-beta.2', '2.0.0-0'] },
  { scheme: 'npm', range: '~1.2', inside: ['1.2.0', '1.2.9'], outside: ['1.3.0', '1.1.0'] },
  { scheme: 'npm', range: '1.2.3 - 2.3', inside: ['1.2.3', '2.3.9'], outside: ['2.4.0', '1.2.2'] },
  { scheme: 'npm', range: '1.x', inside: ['1.0.0', '1.99.0'], outside: ['2.0.0', '0.9.9'] },
  { scheme: 'npm', range: '*', inside: ['0.0.0', '9.9.9'], outside: ['1.0.0-beta'] },
  { scheme: 'npm', range: '>= 1.0.0, < 1.2.3', inside: ['1.0.0', '1.2.2'], outside: ['1.2.3', '0.9.0'] },
  { scheme: 'npm', range: '>1.2', inside: ['1.3.0'], outside: ['1.2.9'] },
  { scheme: 'npm', range: '!=1.2.3', inside: ['1.2.4'], outside: ['1.2.3'] },
  // The Cargo book, "Specifying dependencies".
  { scheme: 'cargo', range: '1.2.3', inside: ['1.2.3', '1.9.0'], outside: ['2.0.0', '1.2.2', '1.3.0-alpha'] },
  { scheme: 'cargo', range: '>=1.2.0, <1.5.0', inside: ['1.2.0', '1.4.9'], outside: ['1.5.0'] },
  { scheme: 'cargo', range: '=1.2', inside: ['1.2.7'], outside: ['1.3.0'] },
  { scheme: 'cargo', range: '2.1.*', inside: ['2.1.9'], outside: ['2.3.1', '2.0.9'] },
  // hexdocs.pm/elixir/Version.html.
  { scheme: 'hex', range: '~> 2.0', inside: ['2.0.0', '2.9.0'], outside: ['3.0.0', '1.9.0'] },
  { scheme: 'hex', range: '~> 2.1.2 or >= 4.0.0 and < 5.0.0', inside: ['2.1.9', '4.5.0'], outside: ['2.2.0', '5.0.0', '3.0.0'] },
  // dart.dev/tools/pub/dependencies.
  { scheme: 'pub', range: '^1.2.3', inside: ['1.2.3', '1.9.0', '1.3.0-beta'], outside: ['2.0.0', '2.0.0-beta'] },
  { scheme: 'pub', range: '>=1.0.0 <2.0.0', inside: ['1.0.0'], outside: ['2.0.0-dev.1'] },
  { scheme: 'pub', range: 'any', inside: ['0.0.1'], outside: [] },
  // maven.apache.org/pom.html, "Dependency Version Requirement Specification".
  { scheme: 'maven', range: '[1.0,2.0)', inside: ['1.0', '1.9.9', '2.0-SNAPSHOT'], outside: ['2.0', '1.0-rc1', '0.9'] },
  { scheme: 'maven', range: '(,1.0],[1.2,)', inside: ['0.1', '1.0.0', '1.2', '9'], outside: ['1.1', '1.0.1'] },
  { scheme: 'maven', range: '[1.5]', inside: ['1.5.0', '1.5.Final'], outside: ['1.5.1'] },
  { scheme: 'maven', range: '(1.0, 2.0]', inside: ['1.1', '2.0'], outside: ['1.0', '2.1'] },
  { scheme: 'maven', range: '>= 2.0, < 2.13.4', inside: ['2.13.3'], outside: ['2.13.4'] },
  // learn.microsoft.com/nuget/concepts/package-versioning#version-ranges.
  { scheme: 'nuget', range: '1.0', inside: ['1.0', '2.0'], outside: ['0.9', '1.0-rc'] },
  { scheme: 'nuget', range: '(1.0,)', inside: ['1.0.0.1'], outside: ['1.0.0'] },
  { scheme: 'nuget', range: '[1.0,2.0)', inside: ['1.5', '2.0-beta'], outside: ['2.0.0.0'] },
  { scheme: 'nuget', range: '6.*', inside: ['6.1', '7.0'], outside: ['5.9'] },
  // PEP 440, "Version specifiers".
  { scheme: 'pep440', range: '~=2.2', inside: ['2.2', '2.9', '2.2.post3'], outside: ['3.0', '2.1', '2.2a1'] },
  { scheme: 'pep440', range: '~= 1.4.5.0', inside: ['1.4.5', '1.4.5.9'], outside: ['1.4.6'] },
  { scheme: 'pep440', range: '==1.1.*', inside: ['1.1', '1.1a1', '1.1.post1', '1.1.2+x'], outside: ['1.2', '1.10'] },
  { scheme: 'pep440', range: '==1.1', inside: ['1.1', '1.1.0', '1.1+local'], outside: ['1.1.post1', '1.1a1'] },
  { scheme: 'pep440', range: '>=1,!=1.3.4.*,<2.0', inside: ['1.3.5', '1.9'], outside: ['1.3.4.2', '2.0', '2.0rc1', '2.0.dev1'] },
  { scheme: 'pep440', range: '>1.7', inside: ['1.7.1'], outside: ['1.7', '1.7.0.post1', '1.7+x'] },
  { scheme: 'pep440', range: '>1.7.post2', inside: ['1.7.post3'], outside: ['1.7.post2', '1.7'] },
  { scheme: 'pep440', range: '===1.0', inside: ['1.0'], outside: ['1.1', '1.0.0', '1.0+local'] },
  { scheme: 'pep440', range: '===1.0+x', inside: ['1.0+x'], outside: ['1.0'] },
  { scheme: 'pep440', range: '===banana', inside: [], outside: ['1.0'] },
  // Gem::Requirement.
  { scheme: 'rubygems', range: '~> 1.2', inside: ['1.2', '1.9.9', '1.3.a'], outside: ['2.0', '2.0.a', '1.1', '1.2.a'] },
  { scheme: 'rubygems', range: '~> 1.2.3, != 1.2.5', inside: ['1.2.3', '1.2.9'], outside: ['1.2.5', '1.3'] },
  { scheme: 'rubygems', range: '>= 1.0.a', inside: ['1.0', '1.0.b'], outside: ['0.9'] },
  { scheme: 'rubygems', range: '1.0', inside: ['1.0.0'], outside: ['1.0.1'] },
  // getcomposer.org/doc/articles/versions.md.
  { scheme: 'composer', range: '^1.2.3', inside: ['1.2.3', '1.9', 'v1.3.0-beta'], outside: ['2.0', '2.0-alpha', '1.2.2'] },
  { scheme: 'composer', range: '~1.2', inside: ['1.2.0', '1.9'], outside: ['2.0'] },
  { scheme: 'composer', range: '~1.2.3', inside: ['1.2.9'], outside: ['1.3'] },
  { scheme: 'composer', range: '1.0 - 2.0', inside: ['1.0', '2.0.5'], outside: ['2.1', '0.9'] },
  { scheme: 'composer', range: '1.0.*', inside: ['1.0.7'], outside: ['1.1'] },
  { scheme: 'composer', range: '>=1.0 <1.1 || >=1.2', inside: ['1.0.5', '1.2'], outside: ['1.1', '1.1-beta'] },
  { scheme: 'composer', range: '!=2@dev', inside: ['2', '2.1'], outside: ['2-dev'] },
  { scheme: 'composer', range: '>=1.0,<2.0@dev', inside: ['1.5'], outside: ['2.0'] },
  // Comparators, for everybody else.
  { scheme: 'deb', range: '>= 1.0, << 1.2-3', inside: ['1.0', '1.2-2', '1.2-3~deb12u1'], outside: ['1.2-3', '0.9'] },
  { scheme: 'rpm', range: '< 0:1.2-3.el9', inside: ['1.2-2.el9'], outside: ['1.2-3.el9', '1:1.0-1'] },
  { scheme: 'apk', range: '<1.36.1-r2', inside: ['1.36.1-r1', '1.36.1_rc1'], outside: ['1.36.1-r2'] },
  { scheme: 'go', range: '>=v1.2.0 <v1.2.9', inside: ['v1.2.3', '1.2.3'], outside: ['v1.2.9'] },
  { scheme: 'cran', range: '= 1.0-1', inside: ['1.0.1'], outside: ['1.0'] },
  // VERS: the type decides the order, whatever the scheme.
  { scheme: 'deb', range: 'vers:npm/>=1.0.0|<2.0.0', inside: ['1.0.0', '2.0.0-beta'], outside: ['2.0.0', '0.9.0'] },
  { scheme: 'npm', range: 'vers:maven/>=1.0.0-beta1|<=1.7.5|>=7.0.0-M1|<=7.0.7', inside: ['1.0.0-beta1', '1.7.5', '7.0.0'], outside: ['1.0.0-alpha1', '2.0', '7.0.8'] },
  { scheme: 'npm', range: 'vers:npm/1.2.3|>=2.0.0|!=2.1.0|<5.0.0', inside: ['1.2.3', '2.0.0', '4.9.9'], outside: ['1.2.4', '2.1.0', '5.0.0'] },
  { scheme: 'npm', range: 'vers:pypi/0.0.2|0.0.6|>=3.0.0|0.0.1', inside: ['0.0.1', '3.0'], outside: ['0.0.3', '2.0.3'] },
  { scheme: 'npm', range: 'vers:npm/!=1.0.0', inside: ['1.0.1'], outside: ['1.0.0'] },
  { scheme: 'npm', range: 'vers:all/*', inside: ['1', 'anything'], outside: [] },
  { scheme: 'npm', range: 'vers:none/*', inside: [], outside: ['1'] },
  { scheme: 'npm', range: 'vers:deb/<1%3A2.0', inside: ['1:1.9', '3.0'], outside: ['1:2.0'] },
  { scheme: 'npm', range: 'vers:gem/>=2.2.0|!=2.2.1|<2.3.0', inside: ['2.2.0', '2.2.9'], outside: ['2.2.1', '2.3.0'] },
];

describe.each(cases)('$scheme: $range', ({ scheme, range, inside, outside }) => {
  it(`has ${inside.join(' ')}`, () => {
    expect(inside.map((version) => [version, inRange(scheme, version, range)])).toEqual(inside.map((version) => [version, { result: true }]));
  });
  it(`has not ${outside.join(' ')}`, () => {
    expect(outside.map((version) => [version, inRange(scheme, version, range)])).toEqual(outside.map((version) => [version, { result: false }]));
  });
});

describe('pre-releases in an advisory', () => {
  it.each([['<1.2.3', '1.2.3-beta'], ['^1.2.0', '1.3.0-rc.1'], ['*', '1.0.0-alpha'], ['1.2.x', '1.2.0-a'], ['~1.2', '1.2.0-a']])('%s has %s when they are included', (range, version) => {
    expect(inRange('npm', version, range).result).toBe(false);
    expect(inRange('npm', version, range, { prereleases: 'included' }).result).toBe(true);
  });
});

describe('what cannot be read is undetermined, never outside', () => {
  it.each<[Scheme, string, string]>([
    ['npm', '1.0.0', '>=1.0.0 <banana'], ['npm', '1.0.0', 'latest'], ['npm', 'latest', '>=1.0.0'], ['npm', '1.0.0', 'git+ssh://x'], ['npm', '1.0.0', '1.2.3.4'],
    ['maven', '1.0', '[1.0'], ['maven', '1.0', '(1.0)'], ['maven', '1.0', '[1,2,3]'], ['maven', '1.0', ''], ['maven', '1.0', '[1,2),'], ['nuget', '1.0', '[1.0,x)'], ['nuget', 'x', '[1.0,2.0)'],
    ['cargo', '1.0.0', '*, <10'], ['maven', '1.0', '[2.0,1.0]'], ['maven', '1.0', '[2.0,3.0],[1.0,2.5]'], ['nuget', '1.0', '(2.0,1.0]'],
    ['pep440', '1.0', '==1rc1.*'], ['pep440', '1.0', '<=1.0+local'], ['composer', '1.0', '>=1.0.*'],
    ['pep440', '1.0', '>=1.0,<=two'], ['pep440', '1.0', '~=1'], ['pep440', '1.0', '>=1.*'], ['pep440', '2004d', '<1.0'], ['rubygems', '1.0', '~> '], ['rubygems', '1beta', '>= 0'],
    ['composer', '1.0', '~>1.2'], ['composer', 'dev-main', '<2.0'], ['composer', '1.0', ''], ['deb', '1.0', ''], ['deb', '1.0', '=> 1'], ['deb', '1.0', '< '], ['go', '(devel)', '<1.2.3'],
    ['npm', '1.0.0', 'vers:npm/>=2.0.0|<1.0.0'], ['npm', '1.0.0', 'vers:npm/>=1.0.0| <2.0.0'], ['npm', '1.0.0', 'vers:npm/|>=1.0.0'], ['npm', '1.0.0', 'vers:npm/>=1.0.0||<2.0.0'],
    ['npm', '1.0.0', 'vers:npm/1.0%2G0'], ['npm', '1.0.0', 'vers:nobody/1.0'], ['npm', '1.0.0', 'vers:npm'], ['npm', '1.0.0', 'vers:npm/'], ['npm', '1.0.0', 'vers:all/1'], ['npm', '1.0.0', 'vers:npm/%FF'],
    ['npm', '1.0.0', 'x'.repeat(maxRangeLength + 1)],
  ])('%s: %s in %s', (scheme, version, range) => {
    expect(inRange(scheme, version, range)).toEqual({ result: 'undetermined', reason: expect.stringMatching(/^(cannot read|range is)/) });
  });
});

// One expression in each grammar; each of these bits once took, or could take, longer than the universe has.
it.each<Scheme>(['deb', 'npm', 'hex', 'maven', 'pep440', 'rubygems', 'composer'])('%s reads long nonsense without getting lost', (scheme) => {
  for (const bit of ['1.', '-1', 'a', ' ', ', ', '||', '<', '^1 ', '[1,2],', '(', '1-dev', '~', '1 - 1 ', ' or ', '*']) {
    for (const [start, end] of [['', ''], ['^1.0-p', '#']] as const) {
      const range = readRange(scheme, start + bit.repeat(Math.floor((maxRangeLength - 20) / bit.length)) + end);
      if (typeof range === 'function') expect(range('1.0.0')).toHaveProperty('result');
    }
  }
});
