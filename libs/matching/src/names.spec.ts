import { type Advisory, type Affected } from '@plimsoll/advisories';
import type { Package } from '@plimsoll/inventory';
import { describe, expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { check } from './checker.spec-helper.ts';
import { match } from './match.ts';
import { aPackage, anAdvisory, anInventory } from './samples.spec-helper.ts';

const rhel = { id: 'rhel', name: 'Red Hat Enterprise Linux', version_id: '9.4' }, suse = { id: 'sles', name: 'SLES', version_id: '15.5' };
const ubuntu = { id: 'ubuntu', name: 'Ubuntu', version_id: '20.04' };
const redHat = (entry: Partial<Affected>): Partial<Affected> => ({ ecosystem: 'Red Hat:enterprise_linux:9', ...entry });
const susE = (entry: Partial<Affected>): Partial<Affected> => ({ ecosystem: 'SUSE:Linux Enterprise Server 15 SP5', ...entry });
const libs = aPackage('rpm', 'openssl-libs', '1:3.0.7-27.el9', { source: { name: 'openssl', version: '3.0.7-27.el9' } });
const libssl = aPackage('rpm', 'libopenssl3', '3.0.8-1.1', { source: { name: 'openssl-3', version: '3.0.8-1.1' } });

/** `id state compared-name fix` of every finding. */
const findings = (found: Package, os: Parameters<typeof anInventory>[1], ...advisories: Advisory[]): string[] => {
  const index = indexOf(advisories);
  expect(match(anInventory([found], os), index, { all: true }).findings.map(check).filter(Boolean)).toEqual([]);
  return match(anInventory([found], os), index).findings.map(({ id, state, proof, fixed_version: fixed, fix_state, subscription }) => [id, state, proof.name, fixed ?? fix_state, ...subscription ? [`${subscription.name} ${subscription.fixed_version}`] : []].join(' ')).sort();
};

describe('a package whose source has another name', () => {
  const fixedBinary = redHat({ name: 'openssl-libs', names: 'binary', ranges: [{ fixed: '1:3.0.7-28.el9' }] }), repairedBinary = redHat({ name: 'openssl-libs', names: 'binary', ranges: [{ fixed: '1:3.0.7-27.el9' }] });
  const unfixedSource = redHat({ name: 'openssl', names: 'source', fix_state: 'wont-fix' });
  it.each<[string, Package, Parameters<typeof anInventory>[1], Advisory[], string[]]>([
    ['is found by its own', libs, rhel, [anAdvisory('CVE-2026-1001', fixedBinary)], ['CVE-2026-1001 affected openssl-libs 1:3.0.7-28.el9']],
    ['is found by its source, which has no fix', libs, rhel, [anAdvisory('CVE-2026-1001', unfixedSource)], ['CVE-2026-1001 affected openssl wont-fix']],
    ['is one problem when both are named', libs, rhel, [anAdvisory('CVE-2026-1001', [fixedBinary, unfixedSource])], ['CVE-2026-1001 affected openssl-libs 1:3.0.7-28.el9']],
    ['is repaired when its own record says so, whatever is said of the source', libs, rhel, [anAdvisory('CVE-2026-1001', [repairedBinary, unfixedSource])], []],
    ['is still affected when only another source of records says repaired', libs, rhel, [anAdvisory('CVE-2026-1001', repairedBinary, { source: 'osv-redhat' }), anAdvisory('CVE-2026-1001', unfixedSource, { source: 'redhat-vex' })], ['CVE-2026-1001 affected openssl wont-fix']],
    ['is not meant by a source that has its name', libs, rhel, [anAdvisory('CVE-2026-1001', redHat({ name: 'openssl-libs', names: 'source' }))], []],
    ['nor by a built package called as its source', libs, rhel, [anAdvisory('CVE-2026-1001', redHat({ name: 'openssl', names: 'binary' }))], []],
    ['SUSE names sources in one publication', libssl, suse, [anAdvisory('CVE-2026-1001', susE({ name: 'openssl-3', ranges: [{ fixed: '3.0.8-2.1' }] }))], ['CVE-2026-1001 affected openssl-3 3.0.8-2.1']],
    ['and built packages in another', libssl, suse, [anAdvisory('CVE-2026-1001', susE({ name: 'libopenssl3', names: 'binary', ranges: [{ fixed: '3.0.8-2.1' }] }))], ['CVE-2026-1001 affected libopenssl3 3.0.8-2.1']],
    ['both of which are one finding', libssl, suse, [anAdvisory('CVE-2026-1001', susE({ name: 'openssl-3', ranges: [{ fixed: '3.0.8-2.1' }] })), anAdvisory('SUSE-SU-1', susE({ name: 'libopenssl3', names: 'binary', ranges: [{ fixed: '3.0.8-2.1' }] }), { vulnerabilities: ['CVE-2026-1001'] })], ['CVE-2026-1001 affected openssl-3 3.0.8-2.1']],
  ])('%s', (_, found, os, advisories, expected) => { expect(findings(found, os, ...advisories)).toEqual(expected); });
});

describe('Ubuntu Pro', () => {
  const bash = aPackage('deb', 'bash', '5.0-6ubuntu1', { source: { name: 'bash', version: '5.0-6ubuntu1' } });
  const free = { ecosystem: 'Ubuntu:20.04', name: 'bash', ranges: [{ limit: '5.0-6ubuntu1+esm1' }], fix_state: 'end-of-life' } as const, pro = { ecosystem: 'Ubuntu:Pro:20.04', name: 'bash', ranges: [{ fixed: '5.0-6ubuntu1+esm1' }] };
  it.each<[string, Package, Partial<Affected>[], string[]]>([
    ['has a repair, and everybody else has none', bash, [free, pro], ['CVE-2026-1001 affected bash end-of-life Ubuntu Pro 5.0-6ubuntu1+esm1']],
    ['is not asked when everybody gets one', bash, [{ ...free, ranges: [{ fixed: '5.0-6ubuntu1.1' }] }, pro], ['CVE-2026-1001 affected bash 5.0-6ubuntu1.1']],
    ['makes no finding of its own', bash, [pro], []],
    ['is what an attached image has', { ...bash, version: '5.0-6ubuntu1+esm1', source: { name: 'bash', version: '5.0-6ubuntu1+esm1' } }, [free, pro], []],
  ])('%s', (_, found, entries, expected) => { expect(findings(found, ubuntu, anAdvisory('CVE-2026-1001', entries))).toEqual(expected); });
});
