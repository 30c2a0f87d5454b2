import { spawnSync } from 'node:child_process';
import { compareVersions, type Scheme } from '@plimsoll/versions';
import { expect, it } from 'vitest';
import { less } from './comparators.spec-helper.ts';

const versions = ['1.0', '1.0-1', '1.0~rc1-1', '1:0.5-1', '1.0+deb11u1', '1.0-1+b1', '1.0.1', '10.0', '1.0a', '1.0-1~bpo11+1', '2.36-9+deb12u4', '2.36-9+deb12u10', '1.01', '1.0-10', '0', '1.0.', '1.0-0ubuntu1.2', '9.9p1'];
const pairs = versions.flatMap((a) => versions.map((b) => [a, b] as const));
const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;

it.skipIf(!hasDpkg)(`the checker orders Debian versions as dpkg does${hasDpkg ? '' : ' (skipped: no dpkg here)'}`, () => {
  const script = pairs.map(([a, b]) => `dpkg --compare-versions '${a}' lt '${b}' && echo 1 || echo 0`).join('\n');
  const said = spawnSync('sh', [], { input: script, encoding: 'utf8' }).stdout.trim().split('\n');
  expect(pairs.filter(([a, b], index) => less('deb', a, b) !== (said[index] === '1'))).toEqual([]);
});

// Two programs written apart, of the same documents: where they differ one of them is wrong.
it.each<[Scheme, readonly string[]]>([
  ['deb', versions],
  ['rpm', ['1.0-1', '1.0-1.el9', '1.0~rc1-1', '1.0^git1-1', '1:0.1-1', '1.0-1.el9_2.1', '1.10-1', '1.a-1', '1.0.a-1', '1.0-2', '2-1', '10-1', '1.0-1.module+el8+1+abc']],
  ['apk', ['1.2.3-r0', '1.2.3-r10', '1.2.3', '1.2.3_rc1-r0', '1.2.3_p1-r0', '1.2.3_git20200101-r0', '1.2.3a-r0', '1.2.30-r0', '1.2.03-r0', '1.2-r1', '2-r0', '1.2.3_alpha_beta-r0', '1.34.0_r0', '1.2.3_pre2-r0']],
  ['npm', ['1.0.0', '1.0.0-rc.1', '1.0.0-rc.10', '1.0.0-alpha', '1.0.0-alpha.beta', '1.0.0-1', '1.0.1', '1.10.0', '2.0.0+build', '10.0.0', '1.0.0-0.3.7']],
  ['pep440', ['1.0', '1.0.0', '1.0a1', '1.0b2', '1.0rc1', '1.0.post1', '1.0.dev1', '1.0a1.dev1', '1!0.1', '1.0+local.1', '1.10', '2.0', '1.0-1', '1.0.post1.dev2', '1.0+local.a']],
  ['rubygems', ['1.0', '1.0.0', '1.0.a', '1.0.rc1', '1.0.1', '1.10', '2.0.0.pre2', '2.0.0', '1.0.b1']],
  ['maven', ['1.0', '1.0.0', '1.0-alpha-1', '1.0-beta', '1.0-rc1', '1.0-SNAPSHOT', '1.0.Final', '1.0.1', '1.10', '2.0', '1.0-sp1']],
])('the checker and the library order %s versions alike', (scheme, list) => {
  const differing = list.flatMap((a) => list.map((b) => [a, b, less(scheme, a, b), compareVersions(scheme, a, b).result] as const))
    .filter(([, , own, library]) => own !== undefined && library !== 'undetermined' && own !== (library === -1));
  expect(differing).toEqual([]);
});
