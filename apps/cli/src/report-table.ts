import type { ScanReport } from '@plimsoll/contracts';
import type { Inventory } from '@plimsoll/inventory';
import type { Finding } from '@plimsoll/matching';
import { configurationLines, secretLines } from './other-findings.ts';
import { type Column, paint, plural, table, width, wrap } from './terminal.ts';

/** `fit` is the width of the tables, Infinity in a file. */
export interface TableShape { readonly fit?: number; readonly showSuppressed?: boolean }

/** A scan as people read it: what, what is wrong, whether it may sail and why. */
export function reportTable(report: ScanReport, { fit, showSuppressed = false }: TableShape = {}): string {
  const { target, os, packages, not_covered, advisories, partial } = report;
  const findings = showSuppressed ? report.findings : report.findings.filter(({ suppressed }) => suppressed === undefined);
  return [
    paint('bold', target.reference),
    wrap(paint('dim', [...whatItIs(target.platform, os), plural(packages.length, 'package') + (target.layers.length ? ` in ${plural(target.layers.length, 'layer')}` : ''), `${plural(advisories.count, 'advisory', 'advisories')} of ${advisories.built.slice(0, 10)}`, ...baseWords(target)].join('; ')), ''),
    '',
    ...(findings.length ? [findingsTable(findings, fit), ''] : []),
    wrap(summaryLine({ ...report, findings: findings.filter(({ suppressed }) => suppressed === undefined), packages: packages.length }), ' '),
    ...(report.summary.suppressed ? [wrap(suppressedWords(report, showSuppressed), ' ')] : []),
    ...(not_covered.length ? [wrap(coverageWords(not_covered), ' ')] : []),
    '',
    ...secretLines(report.secrets, fit), ...configurationLines(report.configuration.findings, fit),
    ...(report.verdict === undefined ? [] : verdictLines(report.verdict, partial)),
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

/**
 * One row a problem and repair: packages of one version that share both stand together, under the name of their source where
 * it is one of them. Columns that nothing would stand in are left out, and what may go goes first where the terminal is narrow.
 */
export function findingsTable(findings: readonly Finding[], fit = width()): string {
  const groups = [...Map.groupBy(findings, groupOf).values()];
  const names = groups.map(nameOf);
  const columns: readonly (Column & { readonly cell: (finding: Finding, row: number) => string; readonly style?: (cell: string, finding: Finding) => string; readonly rare?: true })[] = [
    { title: 'Severity', cell: ({ severity }) => severity, style: (cell, { severity, suppressed }) => paint(suppressed ? 'dim' : colours[severity] as never, cell) },
    { title: 'Score', align: 'right', spare: true, rare: true, cell: ({ score }) => score?.toFixed(1) ?? '' },
    { title: 'EPSS', align: 'right', spare: true, rare: true, cell: ({ epss }) => epss === undefined ? '' : percent(epss.score) },
    { title: 'Finding', cell: ({ id }) => id, style: (cell) => paint('bold', cell) },
    { title: 'Notes', rare: true, cell: (finding) => marksOf(finding), style: (cell, { kev, suppressed }) => paint(suppressed ? 'dim' : kev ? ['bold', 'red'] : 'yellow', cell) },
    { title: 'From', spare: true, rare: true, cell: ({ package: { base } }) => base === undefined ? '' : base ? 'base' : 'app' },
    { title: 'Package', gives: true, cell: (_finding, row) => names[row]! },
    { title: 'Installed', gives: true, cell: ({ package: { version } }) => version || '(none)' },
    { title: 'Fixed in', gives: true, cell: ({ state, fixed_version, fix_state, subscription }) => stateWords[state] ?? fixed_version ?? (subscription && `${subscription.fixed_version} (${subscription.name})`) ?? fixWords[fix_state] },
  ];
  const leads = groups.map(([first]) => first!), shown = columns.filter(({ rare, cell }) => !rare || leads.some((finding, row) => cell(finding, row) !== ''));
  const rows = leads.map((finding, row) => shown.map(({ cell }) => cell(finding, row)));
  const drawn = table(shown, rows, (cell, column, row) => shown[column]!.style?.(cell, leads[row]!) ?? cell, fit);
  return names.some((name) => / \+\d+$/.test(name)) ? `${drawn}\n${wrap(paint('dim', '+1: one more package of that version has the same finding and the same repair'), ' ', fit)}` : drawn;
}

const groupOf = ({ severity, id, state, suppressed, fix_state, fixed_version, package: { type, version, base } }: Finding): string => [severity, id, state, suppressed, fix_state, fixed_version, type, version, base].join('\0');

function nameOf(group: readonly Finding[]): string {
  const { proof } = group[0]!, names = [...new Set(group.map(({ package: { name } }) => name))].sort((a, b) => a.length - b.length);
  const name = group.every((one) => one.proof.name === proof.name) && names.includes(proof.name) ? proof.name : names[0]!;
  return names.length > 1 ? `${name} +${names.length - 1}` : name;
}

/** What somebody should know besides: it is exploited, it is disputed, a supplier spoke of it. */
function marksOf({ kev, disputed, vex, suppressed }: Finding): string {
  const said = vex?.[0]?.status.replaceAll('_', ' ');
  return [...kev ? ['KEV'] : [], ...suppressed === 'rejected' ? ['rejected'] : [], ...disputed ? ['disputed'] : [], ...said ? [`VEX ${said}`] : []].join(', ');
}

/** `0.0042` as `0.4%`, what is less than that as `<0.1%`. */
const percent = (share: number): string => share > 0 && share < 0.0005 ? '<0.1%' : `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`;

const stateWords: Readonly<Partial<Record<Finding['state'], string>>> = { undetermined: 'cannot tell', 'not-affected': 'not affected' };
function suppressedWords({ findings, summary }: ScanReport, isShown: boolean): string {
  const [vex, rejected] = (['vex', 'rejected'] as const).map((why) => findings.filter(({ suppressed }) => suppressed === why).length) as [number, number];
  const parts = [...vex ? [`${vex} by VEX`] : [], ...rejected ? [`${rejected} of rejected CVEs`] : []];
  return paint('dim', `${summary.suppressed} more suppressed${parts.length ? `: ${parts.join(', ')}` : ''}${isShown ? '' : '; --show-suppressed lists them'}`);
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

export function verdictLines({ decision, reasons, policy }: Pick<NonNullable<ScanReport['verdict']>, 'decision' | 'reasons'> & { policy: { name: string } }, partial = false): string[] {
  return [
    ` Verdict ${paint(decisionPaint[decision] as never, decision.toUpperCase())} ${paint('dim', `by policy ${policy.name}${partial ? ', on a partial scan' : ''}`)}`,
    ...reasons.flatMap(({ rule, outcome, message, remediation }) => [
      `   ${paint(outcome === 'warn' ? 'yellow' : 'red', outcome.padEnd(5))} ${paint('bold', rule)}`,
      wrap(message, '         '),
      ...(remediation ? [wrap(paint('dim', `→ ${remediation}`), '         ')] : []),
    ]),
  ];
}
