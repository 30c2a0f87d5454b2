import { comparatorRange } from './range-comparators.ts';
import { type Alternatives, type Condition, condition, UnreadableRange, versionIn } from './range.ts';
import type { Scheme } from './schemes.ts';

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
  const interval = /\s*([[(])([^[\]()]*)([\])])\s*(,|$)/y;
  while (interval.lastIndex < trimmed.length) {
    const at = interval.lastIndex;
    const match = interval.exec(trimmed);
    if (match === null) throw new UnreadableRange(`not an interval at ${at}`);
    alternatives.push(bounds(scheme, match[1] === '[', match[2]!, match[3] === ']'));
    if (match[4] === ',' && interval.lastIndex === trimmed.length) throw new UnreadableRange('ends with a comma');
  }
  return alternatives;
}

function bounds(scheme: Scheme, fromIncluded: boolean, text: string, toIncluded: boolean): Condition[] {
  const [from, to, more] = text.split(',').map((bound) => bound.trim());
  if (more !== undefined) throw new UnreadableRange('an interval with more than two bounds');
  if (to === undefined) {
    if (!fromIncluded || !toIncluded || from === '') throw new UnreadableRange('an interval of one version must be [version]');
    return [condition(scheme, '=', versionIn(scheme, from!))];
  }
  const conditions: Condition[] = [];
  if (from !== '') conditions.push(condition(scheme, fromIncluded ? '>=' : '>', versionIn(scheme, from!)));
  if (to !== '') conditions.push(condition(scheme, toIncluded ? '<=' : '<', versionIn(scheme, to)));
  return conditions;
}
