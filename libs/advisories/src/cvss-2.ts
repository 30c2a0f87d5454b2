import type { CvssRating, CvssScore } from './cvss.ts';
import { type MetricTable, readMetrics, weight } from './cvss-vector.ts';

const requirement = { L: 0.5, M: 1, H: 1.51, ND: 1 };
// CVSS v2 guide, section 3.2: https://www.first.org/cvss/v2/guide
const weights = {
  AV: { L: 0.395, A: 0.646, N: 1 },
  AC: { H: 0.35, M: 0.61, L: 0.71 },
  Au: { M: 0.45, S: 0.56, N: 0.704 },
  C: { N: 0, P: 0.275, C: 0.66 },
  I: { N: 0, P: 0.275, C: 0.66 },
  A: { N: 0, P: 0.275, C: 0.66 },
  E: { U: 0.85, POC: 0.9, F: 0.95, H: 1, ND: 1 },
  RL: { OF: 0.87, TF: 0.9, W: 0.95, U: 1, ND: 1 },
  RC: { UC: 0.9, UR: 0.95, C: 1, ND: 1 },
  CDP: { N: 0, L: 0.1, LM: 0.3, MH: 0.4, H: 0.5, ND: 0 },
  TD: { N: 0, L: 0.25, M: 0.75, H: 1, ND: 1 },
  CR: requirement, IR: requirement, AR: requirement,
};
type Name = keyof typeof weights;
const base = ['AV', 'AC', 'Au', 'C', 'I', 'A'];
const table: MetricTable = Object.fromEntries(Object.entries(weights).map(([name, values]) =>
  [name, base.includes(name) ? { values: Object.keys(values), mandatory: true } : { values: Object.keys(values) }]));

/** Scores a v2 vector without its prefix; guide section 3.2. */
export function scoreV2(text: string): CvssScore {
  const metrics = readMetrics(text, table);
  const of = (name: Name) => weight(weights[name], metrics[name] ?? 'ND');
  const says = (...names: Name[]) => names.some((name) => (metrics[name] ?? 'ND') !== 'ND');
  const exploitability = 20 * of('AV') * of('AC') * of('Au');
  const baseOf = (impact: number) => round((0.6 * impact + 0.4 * exploitability - 1.5) * (impact === 0 ? 0 : 1.176));
  const time = of('E') * of('RL') * of('RC');

  const score = positive(baseOf(10.41 * (1 - (1 - of('C')) * (1 - of('I')) * (1 - of('A')))));
  const adjusted = round(time * baseOf(Math.min(10, 10.41 * (1 - (1 - of('C') * of('CR')) * (1 - of('I') * of('IR')) * (1 - of('A') * of('AR'))))));
  return {
    version: '2.0', score, severity: rating(score), base: score,
    ...(says('E', 'RL', 'RC') ? { temporal: round(score * time) } : {}),
    ...(says('CDP', 'TD', 'CR', 'IR', 'AR') ? { environmental: positive(round((adjusted + (10 - adjusted) * of('CDP')) * of('TD'))) } : {}),
  };
}

/** Half away from zero, to one decimal. */
const round = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) * 10 + 0.5 + 1e-9) / 10;

/** An environment that needs nothing pushes the formula below zero, where no score is; what is worked out on the way may be there. */
const positive = (value: number) => Math.max(0, value);

/** NVD's ranges for v2, which has no `critical` and no `none`: https://nvd.nist.gov/vuln-metrics/cvss */
const rating = (score: number): CvssRating => score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low';

