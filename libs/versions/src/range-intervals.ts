import { comparatorRange } from './range-comparators.ts';
import { type Alternatives, type Condition, condition, UnreadableRange, versionIn } from './range.ts';
import { type Scheme, schemes } from './schemes.ts';

/**
 * `[1.0,2.0),(,0.5],[3.1]`: Maven's VersionRange and NuGet's version ranges. A version alone is that version for Maven (where it is
 * only a wish) and the lowest allowed one for NuGet; `1.2.*` of NuGet floats upwards from 1.2. Comparators (`>= 1, < 2`) are read as such.
 */
export function intervalRange(scheme: 'maven' | 'nuget', text: string): Alternatives {
  const trimmed = text.trim();
  if (/^[<>=!]/.test(trimmed)) return comparatorRange(scheme, trimmed);
  if (!/^[[(]/.test(trimmed)) {
    if (trimmed === '') throw new UnreadableRange('a range without a version');
    if (scheme === 'maven') return [[condition(scheme, '=', versionIn(scheme, trimmed))]];
    if (trimmed === '*') return [[]];
    return [[condition(scheme, '>=', versionIn(scheme, trimmed.replace(/(?:\.|-)?\*$/, '')))]];
  }
  const alternatives: Condition[][] = [];
  let top: unknown;
  const interval = /\s*([[(])([^[\]()]*)([\])])\s*(,|$)/y;
  while (interval.lastIndex < trimmed.length) {
    const at = interval.lastIndex;
    const match = interval.exec(trimmed);
    if (match === null) throw new UnreadableRange(`not an interval at ${at}`);
    const { low, high, conditions } = bounds(scheme, match[1] === '[', match[2]!, match[3] === ']');
    if (top !== undefined && (low === undefined || schemes[scheme].compare(low, top) < 0)) throw new UnreadableRange('intervals that overlap, or are not in order');
    top = high;
    alternatives.push(conditions);
    if (match[4] === ',' && interval.lastIndex === trimmed.length) throw new UnreadableRange('ends with a comma');
  }
  return alternatives;
}

function bounds(scheme: Scheme, fromIncluded: boolean, text: string, toIncluded: boolean): { low: unknown; high: unknown; conditions: Condition[] } {
  const [from, to, more] = text.split(',').map((bound) => bound.trim());
  if (more !== undefined) throw new UnreadableRange('an interval with more than two bounds');
  if (to === undefined) {
    if (!fromIncluded || !toIncluded || from === '') throw new UnreadableRange('an interval of one version must be [version]');
    const only = versionIn(scheme, from!);
    return { low: only, high: only, conditions: [condition(scheme, '=', only)] };
  }
  const conditions: Condition[] = [];
  const low = from === '' ? undefined : versionIn(scheme, from!), high = to === '' ? undefined : versionIn(scheme, to);
  if (low !== undefined && high !== undefined && schemes[scheme].compare(low, high) > 0) throw new UnreadableRange('an interval that ends before it begins');
  if (low !== undefined) conditions.push(condition(scheme, fromIncluded ? '>=' : '>', low));
  if (high !== undefined) conditions.push(condition(scheme, toIncluded ? '<=' : '<', high));
  return { low, high, conditions };
}
