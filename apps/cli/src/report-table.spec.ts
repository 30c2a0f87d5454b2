import type { Finding } from '@plimsoll/matching';
import { describe, expect, it } from 'vitest';
import { findingsTable, summaryLine, verdictLines } from './report-table.ts';

const aFinding = (more: Partial<Omit<Finding, 'package' | 'proof'>> & { name?: string; version?: string; compared?: string } = {}): Finding => {
  const { name = 'libssl3', version = '3.0.1', compared = 'openssl', ...rest } = more;
  return {
    id: 'CVE-2024-1', aliases: [], advisory: 'CVE-2024-1', source: 'debian-tracker', state: 'affected', severity: 'high', fix_state: 'available', fixed_version: '3.0.2',
    package: { purl: `pkg:deb/debian/${name}@${version}`, name, version, type: 'deb' },
    proof: { ecosystem: 'Debian:12', name: compared, version, scheme: 'deb', advisory: 'CVE-2024-1', source: 'debian-tracker', because: 'in-range' }, ...rest,
  };
};
const rows = (findings: Finding[]): string[] => findingsTable(findings, Infinity).split('\n').slice(1).map((line) => line.trim().replace(/ {2,}/g, '|'));
const legend = '+1: one more package of that version has the same finding and the same repair';
const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, negligible: 0 };

describe('findings', () => {
  it.each([
    ['packages of one source stand together', [aFinding({ name: 'libcrypto3' }), aFinding()], ['high|CVE-2024-1|libssl3 +1|3.0.1|3.0.2', legend]],
    ['under its name where it is one of them', [aFinding({ name: 'openssl-long-name' }), aFinding({ name: 'openssl' }), aFinding({ name: 'ssl' })], ['high|CVE-2024-1|openssl +2|3.0.1|3.0.2', legend]],
    ['rpm compares each by its own name', [aFinding({ name: 'glibc-common', compared: 'glibc-common' }), aFinding({ name: 'glibc', compared: 'glibc' })], ['high|CVE-2024-1|glibc +1|3.0.1|3.0.2', legend]],
    ['another version is another row', [aFinding(), aFinding({ version: '3.0.0' })], ['high|CVE-2024-1|libssl3|3.0.1|3.0.2', 'high|CVE-2024-1|libssl3|3.0.0|3.0.2']],
    ['so is another repair', [aFinding(), aFinding({ name: 'b', fixed_version: '4' })], ['high|CVE-2024-1|libssl3|3.0.1|3.0.2', 'high|CVE-2024-1|b|3.0.1|4']],
    ['the same package in two places is one', [aFinding(), aFinding()], ['high|CVE-2024-1|libssl3|3.0.1|3.0.2']],
    ['a score where there is one', [aFinding({ score: 7.5 })], ['high|7.5|CVE-2024-1|libssl3|3.0.1|3.0.2']],
    ['what cannot be told says so', [aFinding({ state: 'undetermined' })], ['high|CVE-2024-1|libssl3|3.0.1|cannot tell']],
    ['what comes from the base stands apart', [aFinding(), aFinding()].map((one, i) => ({ ...one, package: { ...one.package, base: i === 0 } })), ['high|CVE-2024-1|base|libssl3|3.0.1|3.0.2', 'high|CVE-2024-1|app|libssl3|3.0.1|3.0.2']],
    ['no repair', [aFinding({ fix_state: 'wont-fix', fixed_version: undefined })], ['high|CVE-2024-1|libssl3|3.0.1|will not be fixed']],
  ] as const)('%s', (_name, findings, expected) => { expect(rows([...findings])).toEqual(expected); });
});

describe('the summary', () => {
  const line = (summary: Partial<Parameters<typeof summaryLine>[0]['summary']>, packages = 10, shown?: number): string =>
    summaryLine({ summary: { total: 0, by_severity: none, fixable: none, undetermined: 0, not_covered: 0, ...summary }, packages, findings: Array.from({ length: shown ?? (summary.total ?? 0) + (summary.undetermined ?? 0) }) });
  it.each([
    ['No findings.', line({})],
    ['No packages were recognised, so there was nothing to look up.', line({}, 0)],
    ['No package here is covered by an advisory source, so nothing can be said.', line({ not_covered: 10 })],
    ['No findings in the 7 of 10 packages that could be looked up.', line({ not_covered: 3 })],
    ['3 findings: 1 critical, 2 low; all with a fix', line({ total: 3, by_severity: { ...none, critical: 1, low: 2 }, fixable: { ...none, critical: 1, low: 2 } })],
    ['3 findings: 3 high; 1 with a fix; 2 more cannot be told; 1 shown', line({ total: 3, by_severity: { ...none, high: 3 }, fixable: { ...none, high: 1 }, undetermined: 2 }, 10, 1)],
    ['0 findings; 2 more cannot be told', line({ undetermined: 2 })],
  ])('%s', (expected, said) => { expect(said).toBe(expected); });
});

it('a verdict says what it comes from and what to do', () => {
  expect(verdictLines({ decision: 'deny', policy: { name: 'default' }, reasons: [{ rule: 'critical-with-fix', outcome: 'deny', message: 'critical findings with a fix: 2', remediation: 'upgrade' }] }, true)).toEqual([
    ' Verdict DENY by policy default, on a partial scan', '   deny  critical-with-fix', '         critical findings with a fix: 2', '         → upgrade',
  ]);
});
