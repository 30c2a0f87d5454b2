import type { ScanReport } from '@plimsoll/contracts';
import type { Inventory } from '@plimsoll/inventory';
import type { Finding } from '@plimsoll/matching';
import { configurationLines, secretLines } from './other-findings.ts';
import { paint, plural, table, width, wrap } from './terminal.ts';

/** A scan as people read it: what, what is wrong, whether it may sail and why. `fit` is the width of the tables, Infinity in a file. */
export function reportTable(report: ScanReport, fit?: number): string {
  const { target, os, packages, findings, not_covered, advisories, partial } = report;
  return [
    paint('bold', target.reference),
    wrap(paint('dim', [...whatItIs(target.platform, os), plural(packages.length, 'package') + (target.layers.length ? ` in ${plural(target.layers.length, 'layer')}` : ''), `${plural(advisories.count, 'advisory', 'advisories')} of ${advisories.built.slice(0, 10)}`, ...baseWords(target)].join('; ')), ''),
    '',
    ...(findings.length ? [findingsTable(findings, fit), ''] : []),
    wrap(summaryLine({ ...report, packages: packages.length }), ' '),
    ...(not_covered.length ? [wrap(coverageWords(not_covered), ' ')] : []),
    '',
    ...secretLines(report.secrets, fit), ...configurationLines(report.configuration.findings, fit),
    ...verdictLines(report.verdict, partial),
  ].join('\n');
}

/** What is inside, where nothing was looked up. */
export function contentsTable({ target, os, packages, secrets, configuration }: Inventory, fit?: number): string {
  const found = [...secretLines(secrets, fit), ...configurationLines(configuration.findings, fit)];
  return [
    paint('bold', target.reference),
    wrap(paint('dim', [...whatItIs(target.platform, os), plural(packages.length, 'package') + (target.layers.length ? ` in ${plural(target.layers.length, 'layer')}` : ''), ...baseWords(target)].join('; ')), ''), '',
    ...found.length ? found : [' No secrets and no problems of the configuration were found.', ''],
    paint('dim', ' Vulnerabilities were not looked up.'),
  ].join('\n');
}

/** `built on debian:12-slim (3 layers)`; of a claim that it is one. */
const baseWords = ({ base }: Inventory['target']): string[] => (base ? [base.told === 'registered' ? `built on ${base.name} (${plural(base.layers ?? 0, 'layer')})` : `claims to be built on ${base.name}`] : []);

/** `linux/amd64; Alpine Linux v3.15`, as far as it is known. */
export const whatItIs = (platform: string | undefined, os: { name: string } | null | undefined): string[] => [...platform ? [platform] : [], os?.name ?? 'no operating system'];

const colours = { critical: ['bold', 'red'], high: 'red', medium: 'yellow', low: 'blue', unknown: 'magenta', negligible: 'dim' } as const;

/** One row a problem and repair: packages of one version that share both stand together, under the name of their source where it is one of them. */
export function findingsTable(findings: readonly Finding[], fit = width()): string {
  const groups = Map.groupBy(findings, ({ severity, id, state, fix_state, fixed_version, package: { type, version } }) => [severity, id, state, fix_state, fixed_version, type, version].join('\0'));
  const rows = [...groups.values()].map((group) => {
    const { severity, id, state, score, fix_state, fixed_version, proof, package: { version } } = group[0]!;
    const names = [...new Set(group.map(({ package: { name } }) => name))].sort((a, b) => a.length - b.length);
    const name = group.every((one) => one.proof.name === proof.name) && names.includes(proof.name) ? proof.name : names[0]!;
    return [severity, score?.toFixed(1) ?? '', id, names.length > 1 ? `${name} +${names.length - 1}` : name, version || '(none)', state === 'undetermined' ? 'cannot tell' : fixed_version ?? fixWords[fix_state]];
  });
  const scored = rows.some(([, score]) => score !== '');
  const drawn = table([{ title: 'Severity' }, ...scored ? [{ title: 'Score', align: 'right', spare: true } as const] : [], { title: 'Finding' }, { title: 'Package', gives: true }, { title: 'Installed', gives: true }, { title: 'Fixed in', gives: true }],
    scored ? rows : rows.map(([severity, , ...rest]) => [severity!, ...rest]),
    (cell, column, row) => column === 0 ? paint(colours[rows[row]![0] as keyof typeof colours] as never, cell) : column === (scored ? 2 : 1) ? paint('bold', cell) : cell, fit);
  return rows.some(([, , , name]) => / \+\d+$/.test(name!)) ? `${drawn}\n${wrap(paint('dim', '+1: one more package of that version has the same finding and the same repair'), ' ', fit)}` : drawn;
}

const fixWords = { available: 'yes', 'none-yet': 'no fix yet', 'wont-fix': 'will not be fixed', 'end-of-life': 'end of life', unknown: 'no fix known' } as const;

/** The one line to remember. Green only where something was looked up and nothing was found. */
export function summaryLine({ summary: { total, by_severity, fixable, undetermined, not_covered }, findings, packages }: Pick<ScanReport, 'summary'> & { findings: readonly unknown[]; packages: number }): string {
  if (packages === 0) return paint('yellow', 'No packages were recognised, so there was nothing to look up.');
  if (total + undetermined === 0) return not_covered >= packages ? paint('yellow', 'No package here is covered by an advisory source, so nothing can be said.') : not_covered ? paint('yellow', `No findings in the ${packages - not_covered} of ${plural(packages, 'package')} that could be looked up.`) : paint('green', 'No findings.');
  const parts = (Object.keys(by_severity) as (keyof typeof by_severity)[]).filter((severity) => by_severity[severity] > 0).map((severity) => paint(colours[severity] as never, `${by_severity[severity]} ${severity}`));
  const fixes = Object.values(fixable).reduce((sum, count) => sum + count, 0);
  return [
    `${plural(total, 'finding')}${parts.length ? `: ${parts.join(', ')}` : ''}`,
    ...total ? [`${fixes === total ? 'all' : fixes === 0 ? 'none' : fixes} with a fix`] : [],
    ...undetermined ? [paint('magenta', `${undetermined} more cannot be told`)] : [],
    ...findings.length < total + undetermined ? [`${findings.length} shown`] : [],
  ].join('; ');
}

const uncovered = { 'release-not-covered': 'no advisories here for', 'system-unknown': 'operating system unknown', 'third-party': 'built by somebody else than the distribution', 'no-ecosystem': 'nobody publishes advisories for the kind', 'owner-not-covered': 'part of a package that is not covered' } as const;

function coverageWords(packages: ScanReport['not_covered']): string {
  const counted = (groups: Map<string, readonly unknown[]>): string[] => [...groups].sort(([, a], [, b]) => b.length - a.length).map(([words, { length }]) => length === packages.length ? words : `${words} (${length})`);
  const [missing, other] = [packages.filter(({ ecosystem, reason }) => reason === 'release-not-covered' && ecosystem), packages.filter(({ ecosystem, reason }) => reason !== 'release-not-covered' || !ecosystem)];
  return `${plural(packages.length, 'package')} not covered: ${[
    ...missing.length ? [`${uncovered['release-not-covered']} ${counted(Map.groupBy(missing, ({ ecosystem }) => ecosystem!)).join(', ')}`] : [],
    ...counted(Map.groupBy(other, ({ reason }) => reason === 'release-not-covered' ? 'no advisories for the kind' : uncovered[reason])),
  ].join('; ')}`;
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
