import { type CvssScore, ratingOf } from './cvss.ts';
import { type MetricTable, readMetrics, weight } from './cvss-vector.ts';

const requirement = { X: 1, L: 0.5, M: 1, H: 1.5 };
const impact = { H: 0.56, L: 0.22, N: 0 };
// v3.1 specification, section 7.4: https://www.first.org/cvss/v3.1/specification-document
const weights = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  PR: { N: 0.85, L: 0.62, H: 0.27 },
  UI: { N: 0.85, R: 0.62 },
  C: impact, I: impact, A: impact,
  E: { X: 1, U: 0.91, P: 0.94, F: 0.97, H: 1 },
  RL: { X: 1, O: 0.95, T: 0.96, W: 0.97, U: 1 },
  RC: { X: 1, U: 0.92, R: 0.96, C: 1 },
  CR: requirement, IR: requirement, AR: requirement,
};
const privilegesWhenScopeChanges = { N: 0.85, L: 0.68, H: 0.5 };

const mandatory = (values: string) => ({ values: [...values], mandatory: true as const });
const optional = (values: string) => ({ values: [...values] });
const table: MetricTable = {
  AV: mandatory('NALP'), AC: mandatory('LH'), PR: mandatory('NLH'), UI: mandatory('NR'), S: mandatory('UC'),
  C: mandatory('HLN'), I: mandatory('HLN'), A: mandatory('HLN'),
  E: optional('XUPFH'), RL: optional('XOTWU'), RC: optional('XURC'),
  CR: optional('XLMH'), IR: optional('XLMH'), AR: optional('XLMH'),
  MAV: optional('XNALP'), MAC: optional('XLH'), MPR: optional('XNLH'), MUI: optional('XNR'), MS: optional('XUC'),
  MC: optional('XHLN'), MI: optional('XHLN'), MA: optional('XHLN'),
};
const environmental = Object.keys(table).slice(11);

/** Scores a v3.0 or v3.1 vector without its prefix; the two differ in rounding and in one environmental formula. */
export function scoreV3(text: string, version: '3.0' | '3.1'): CvssScore {
  const metrics = readMetrics(text, table);
  const roundUp = version === '3.1' ? roundUp31 : roundUp30;
  const time = weight(weights.E, metrics['E'] ?? 'X') * weight(weights.RL, metrics['RL'] ?? 'X') * weight(weights.RC, metrics['RC'] ?? 'X');

  /** Impact and exploitability together; `value` picks the base or the modified metrics. */
  const combine = (value: (name: string) => string | undefined, loss: number, changedImpact: (loss: number) => number) => {
    const changed = value('S') === 'C';
    const effect = changed ? changedImpact(loss) : 6.42 * loss;
    const exploitability = 8.22 * weight(weights.AV, value('AV')) * weight(weights.AC, value('AC'))
      * weight(changed ? privilegesWhenScopeChanges : weights.PR, value('PR')) * weight(weights.UI, value('UI'));
    return effect <= 0 ? 0 : roundUp(Math.min((changed ? 1.08 : 1) * (effect + exploitability), 10));
  };

  const given = (name: string) => metrics[name];
  const loss = 1 - (1 - weight(impact, metrics['C'])) * (1 - weight(impact, metrics['I'])) * (1 - weight(impact, metrics['A']));
  const base = combine(given, loss, (x) => 7.52 * (x - 0.029) - 3.25 * (x - 0.02) ** 15);

  const modified = (name: string) => (metrics[`M${name}`] ?? 'X') === 'X' ? metrics[name] : metrics[`M${name}`];
  const needed = (name: 'C' | 'I' | 'A') => 1 - weight(impact, modified(name)) * weight(requirement, metrics[`${name}R`] ?? 'X');
  const modifiedLoss = Math.min(1 - needed('C') * needed('I') * needed('A'), 0.915);
  const inPlace = combine(modified, modifiedLoss, version === '3.1'
    ? (x) => 7.52 * (x - 0.029) - 3.25 * (x * 0.9731 - 0.02) ** 13
    : (x) => 7.52 * (x - 0.029) - 3.25 * (x - 0.02) ** 15);

  const says = (names: readonly string[]) => names.some((name) => (metrics[name] ?? 'X') !== 'X');
  return {
    version, score: base, severity: ratingOf(base), base,
    ...(says(['E', 'RL', 'RC']) ? { temporal: roundUp(base * time) } : {}),
    ...(says(environmental) ? { environmental: roundUp(inPlace * time) } : {}),
  };
}

/** v3.1 appendix A: integers, so that binary fractions do not lift a score. */
function roundUp31(value: number): number {
  const scaled = Math.round(value * 100_000);
  return scaled % 10_000 === 0 ? scaled / 100_000 : (Math.floor(scaled / 10_000) + 1) / 10;
}

/** v3.0 section 8 says "smallest number with one decimal place, equal to or higher"; the tolerance undoes binary noise. */
const roundUp30 = (value: number): number => Math.ceil(value * 10 - 1e-9) / 10;
