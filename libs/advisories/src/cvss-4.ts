import { type CvssScore, type Metrics, ratingOf } from './cvss.ts';
import { macroVectorScores } from './cvss-4-scores.ts';
import { type MetricTable, readMetrics } from './cvss-vector.ts';

const mandatory = (values: string) => ({ values: [...values], mandatory: true as const });
const optional = (values: string) => ({ values: [...values] });
// v4.0 specification, section 7 (names, values, order): https://www.first.org/cvss/v4.0/specification-document
const table: MetricTable = {
  AV: mandatory('NALP'), AC: mandatory('LH'), AT: mandatory('NP'), PR: mandatory('NLH'), UI: mandatory('NPA'),
  VC: mandatory('HLN'), VI: mandatory('HLN'), VA: mandatory('HLN'), SC: mandatory('HLN'), SI: mandatory('HLN'), SA: mandatory('HLN'),
  E: optional('XAPU'),
  CR: optional('XHML'), IR: optional('XHML'), AR: optional('XHML'),
  MAV: optional('XNALP'), MAC: optional('XLH'), MAT: optional('XNP'), MPR: optional('XNLH'), MUI: optional('XNPA'),
  MVC: optional('XHLN'), MVI: optional('XHLN'), MVA: optional('XHLN'), MSC: optional('XHLN'), MSI: optional('XSHLN'), MSA: optional('XSHLN'),
  S: optional('XNP'), AU: optional('XNY'), R: optional('XAUI'), V: optional('XDC'), RE: optional('XLMH'),
  U: { values: ['X', 'Clear', 'Green', 'Amber', 'Red'] },
};
const environmental = Object.keys(table).slice(12, 26);

/** Values from worst to mildest; a value's place is its distance in steps from the worst (section 8.2). SC has no `S`, and still starts one step down. */
const steps: Readonly<Record<string, string>> = {
  AV: 'NALP', PR: 'NLH', UI: 'NPA', AC: 'LH', AT: 'NP', VC: 'HLN', VI: 'HLN', VA: 'HLN',
  SC: 'SHLN', SI: 'SHLN', SA: 'SHLN', CR: 'HML', IR: 'HML', AR: 'HML',
};

/** Highest severity vectors of each level (section 8.3, table of maximal vectors), and the level's depth in steps. */
const levels = {
  eq1: { metrics: ['AV', 'PR', 'UI'], worst: [['NNN'], ['ANN', 'NLN', 'NNP'], ['PNN', 'ALP']], depth: [1, 4, 5] },
  eq2: { metrics: ['AC', 'AT'], worst: [['LN'], ['HN', 'LP']], depth: [1, 2] },
  eq4: { metrics: ['SC', 'SI', 'SA'], worst: [['HSS'], ['HHH'], ['LLL']], depth: [6, 5, 4] },
} as const;
/** EQ3 and EQ6 depend on each other; by their two digits. */
const level36: Readonly<Record<string, { readonly worst: readonly string[]; readonly depth: number }>> = {
  '00': { worst: ['HHHHHH'], depth: 7 },
  '01': { worst: ['HHLMMH', 'HHHMMM'], depth: 6 },
  '10': { worst: ['LHHHHH', 'HLHHHH'], depth: 8 },
  '11': { worst: ['LHLHMH', 'LHHHMM', 'HLHMHM', 'HLLMHH', 'LLHHHM'], depth: 8 },
  '21': { worst: ['LLLHHH'], depth: 10 },
};
const metrics36 = ['VC', 'VI', 'VA', 'CR', 'IR', 'AR'];

/** Scores a v4.0 vector without its prefix: section 8, macro vector look-up and interpolation. */
export function scoreV4(text: string): CvssScore {
  const metrics = readMetrics(text, table, { ordered: true });
  const says = (names: readonly string[]) => names.some((name) => (metrics[name] ?? 'X') !== 'X');
  const score = interpolate(metrics);
  const only = (keep: (name: string) => boolean) => interpolate(Object.fromEntries(Object.entries(metrics).filter(([name]) => keep(name))));
  return {
    version: '4.0', score, severity: ratingOf(score), base: only((name) => table[name]?.mandatory === true),
    ...(says(['E']) ? { temporal: only((name) => table[name]?.mandatory === true || name === 'E') } : {}),
    ...(says(environmental) ? { environmental: score } : {}),
  };
}

function interpolate(metrics: Metrics): number {
  const of = (name: string) => effective(metrics, name);
  if (['VC', 'VI', 'VA', 'SC', 'SI', 'SA'].every((name) => of(name) === 'N')) return 0;
  const eq = macroVector(of);
  const score = scoreAt(eq) ?? 0;

  // Section 8.2: for each dimension that has a next lower level, the share of the way towards it.
  const ways: number[] = [];
  const share = (lower: number | undefined, worst: readonly string[], names: readonly string[], depth: number) => {
    if (lower !== undefined) ways.push((score - lower) * distance(of, worst, names) / depth);
  };
  for (const name of ['eq1', 'eq2', 'eq4'] as const) {
    const level = levels[name], at = eq[name];
    share(scoreAt({ ...eq, [name]: at + 1 }), level.worst[at] ?? [], level.metrics, level.depth[at] ?? 1);
  }
  const pair = level36[`${eq.eq3}${eq.eq6}`];
  share(lower36(eq), pair?.worst ?? [], metrics36, pair?.depth ?? 1);
  // EQ5 has one metric, so a vector always sits at the top of its level: the way is zero, and still counts in the mean.
  if (scoreAt({ ...eq, eq5: eq.eq5 + 1 }) !== undefined) ways.push(0);

  const mean = ways.length === 0 ? 0 : ways.reduce((sum, way) => sum + way, 0) / ways.length;
  return Math.round((Math.max(0, Math.min(10, score - mean)) + 1e-6) * 10) / 10;
}

/** A metric as modified by the environment; what is not said counts as the worst (sections 3.1 and 4). */
function effective(metrics: Metrics, name: string): string {
  const modified = metrics[`M${name}`] ?? 'X';
  if (modified !== 'X') return modified;
  const value = metrics[name] ?? 'X';
  return value !== 'X' ? value : name === 'E' ? 'A' : 'H';
}

interface MacroVector { readonly eq1: number; readonly eq2: number; readonly eq3: number; readonly eq4: number; readonly eq5: number; readonly eq6: number }

/** Section 8.2, tables 24 to 29. */
function macroVector(of: (name: string) => string): MacroVector {
  const easy = [of('AV'), of('PR'), of('UI')].filter((value) => value === 'N').length;
  const [vc, vi, va] = [of('VC') === 'H', of('VI') === 'H', of('VA') === 'H'];
  return {
    eq1: easy === 3 ? 0 : easy > 0 && of('AV') !== 'P' ? 1 : 2,
    eq2: of('AC') === 'L' && of('AT') === 'N' ? 0 : 1,
    eq3: vc && vi ? 0 : vc || vi || va ? 1 : 2,
    eq4: of('SI') === 'S' || of('SA') === 'S' ? 0 : [of('SC'), of('SI'), of('SA')].includes('H') ? 1 : 2,
    eq5: 'APU'.indexOf(of('E')),
    eq6: (of('CR') === 'H' && vc) || (of('IR') === 'H' && vi) || (of('AR') === 'H' && va) ? 0 : 1,
  };
}

const scoreAt = (eq: MacroVector): number | undefined =>
  eq.eq4 > 2 || eq.eq5 > 2 ? undefined : macroVectorScores[`${eq.eq1}${eq.eq2}${eq.eq3}${eq.eq6}`]?.[eq.eq4 * 3 + eq.eq5];

/** The next lower level of the joined EQ3 and EQ6; from the top there are two ways down and the higher score counts. */
function lower36(eq: MacroVector): number | undefined {
  if (eq.eq3 === 0 && eq.eq6 === 0) return Math.max(scoreAt({ ...eq, eq6: 1 }) ?? 0, scoreAt({ ...eq, eq3: 1 }) ?? 0);
  return scoreAt(eq.eq3 === 1 && eq.eq6 === 0 ? { ...eq, eq6: 1 } : { ...eq, eq3: eq.eq3 + 1 });
}

/** Steps from the first of the level's worst vectors that is nowhere milder than this one. */
function distance(of: (name: string) => string, worst: readonly string[], names: readonly string[]): number {
  for (const vector of worst) {
    const apart = names.map((name, index) => {
      const scale = steps[name] ?? '';
      return scale.indexOf(of(name)) - scale.indexOf(vector[index] ?? '');
    });
    if (apart.every((step) => step >= 0)) return apart.reduce((sum, step) => sum + step, 0);
  }
  return 0;
}
