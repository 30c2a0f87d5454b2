import type { ScanReport } from '@plimsoll/contracts';
import type { Finding } from '@plimsoll/matching';
import { paint, plural, table, wrap } from './terminal.ts';

/** A scan as people read it: what, what is wrong, whether it may sail and why. */
export function reportTable(report: ScanReport): string {
  const { target, os, packages, not_covered, advisories, partial } = report;
  return [
    `${paint('bold', target.reference)}${target.platform ? ` (${target.platform})` : ''}  ${os?.name ?? 'no operating system'}`,
    paint('dim', `${plural(packages.length, 'package')}${target.layers.length ? ` in ${plural(target.layers.length, 'layer')}` : ''}; ${plural(advisories.count, 'advisory', 'advisories')} of ${advisories.built.slice(0, 10)}`),
    '',
    ...(report.findings.length ? [findingsTable(report.findings), ''] : []),
    ` ${summaryLine(report)}`,
    ...(not_covered.length ? [` ${paint('yellow', `${plural(not_covered.length, 'package')} not covered:`)} ${coverageWords(not_covered)}`] : []),
    '',
    ...verdictLines(report.verdict, partial),
  ].join('\n');
}

const colours = { critical: ['bold', 'red'], high: 'red', medium: 'yellow', low: 'blue', unknown: 'magenta', negligible: 'dim' } as const;

/** One row a problem and repair: packages built from one source that share both stand together. */
export function findingsTable(findings: readonly Finding[]): string {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = [finding.severity, finding.id, finding.proof.name, finding.package.version, finding.fixed_version, finding.state].join('\0');
    groups.set(key, [...groups.get(key) ?? [], finding]);
  }
  const rows = [...groups.values()].map((group) => {
    const { severity, id, state, score, package: { name, version }, fixed_version } = group[0]!;
    return [severity, score?.toFixed(1) ?? '', id, group.length > 1 ? `${name} +${group.length - 1}` : name, version || '(none)', state === 'undetermined' ? 'cannot tell' : fixed_version ?? fixWords[group[0]!.fix_state]];
  });
  return table([{ title: 'Severity' }, { title: 'Score', align: 'right' }, { title: 'Finding' }, { title: 'Package', gives: true }, { title: 'Installed', gives: true }, { title: 'Fixed in', gives: true }], rows,
    (cell, column, row) => column === 0 ? paint(colours[rows[row]![0] as keyof typeof colours] as never, cell) : column === 2 ? paint('bold', cell) : cell);
}

const fixWords = { available: 'yes', 'none-yet': 'no fix yet', 'wont-fix': 'will not be fixed', 'end-of-life': 'end of life', unknown: '' } as const;

export function summaryLine({ summary: { total, by_severity, fixable, undetermined }, findings }: Pick<ScanReport, 'summary'> & { findings?: readonly unknown[] }): string {
  if (total + undetermined === 0) return paint('green', 'No findings.');
  const parts = (Object.keys(by_severity) as (keyof typeof by_severity)[]).filter((severity) => by_severity[severity] > 0).map((severity) => paint(colours[severity] as never, `${by_severity[severity]} ${severity}`));
  const fixes = Object.values(fixable).reduce((sum, count) => sum + count, 0);
  const hidden = findings && findings.length < total + undetermined ? `; ${findings.length} shown` : '';
  return `${plural(total, 'finding')}: ${parts.join(', ')}; ${fixes} have a fix${undetermined ? `; ${paint('magenta', `${undetermined} cannot be told`)}` : ''}${hidden}`;
}

function coverageWords(packages: ScanReport['not_covered']): string {
  const reasons = new Map<string, number>();
  for (const { reason, ecosystem } of packages) {
    const words = { 'release-not-covered': `no advisories for ${ecosystem}`, 'system-unknown': 'operating system unknown', 'third-party': 'built by somebody else than the distribution', 'no-ecosystem': 'nobody publishes advisories for the kind', 'owner-not-covered': 'part of a package that is not covered' }[reason];
    reasons.set(words, (reasons.get(words) ?? 0) + 1);
  }
  return [...reasons].map(([words, count]) => `${count} ${words}`).join(', ');
}

const decisionPaint = { allow: ['bold', 'green'], warn: ['bold', 'yellow'], deny: ['bold', 'red'] } as const;

export function verdictLines({ decision, reasons, policy }: Pick<ScanReport['verdict'], 'decision' | 'reasons'> & { policy: { name: string } }, partial = false): string[] {
  return [
    ` Verdict ${paint(decisionPaint[decision] as never, decision.toUpperCase())} ${paint('dim', `by policy ${policy.name}${partial ? ', on a partial scan' : ''}`)}`,
    ...reasons.flatMap(({ rule, outcome, message, remediation }) => [
      `   ${paint(outcome === 'warn' ? 'yellow' : 'red', outcome.padEnd(5))} ${paint('bold', rule)}`,
      wrap(message, '         '),
      ...(remediation ? [wrap(paint('dim', `→ ${remediation}`), '         ')] : []),
    ]),
  ];
}
