import { hasHash, hashOf, type KeyedEntry, type KeyedRange, type KeyedVersion } from './keyed.ts';

/**
 * Where a version stands in an entry. `in`: named by it, in `range` (its place in the list) or among the single
 * versions (-1, to be confirmed with the record). `out`: not named. `unknown`: a version could not be read.
 */
export type Place = { readonly at: 'in'; readonly range: number } | { readonly at: 'out' } | { readonly at: 'unknown' };

const out: Place = { at: 'out' }, unknown: Place = { at: 'unknown' }, listed: Place = { at: 'in', range: -1 };
const inRange = Array.from({ length: 64 }, (_, range): Place => ({ at: 'in', range }));

/** Places a version: any range or listed version is enough; an entry with neither names every version. */
export function place(entry: KeyedEntry, version: KeyedVersion): Place {
  const { ranges, versions } = entry;
  if (ranges.length === 0 && versions === undefined) return inRange[0]!;
  let cannotTell = false;
  for (let index = 0; index < ranges.length; index++) {
    const within = isWithin(ranges[index]!, version.key);
    if (within === true) return inRange[index] ?? { at: 'in', range: index };
    if (within === undefined) cannotTell = true;
  }
  if (versions !== undefined) {
    if (hasHash(versions, hashOf(version.key, version.text))) return listed;
    // A version that cannot be read may still be one of those listed, written another way.
    if (version.key === null) cannotTell = true;
  }
  return cannotTell ? unknown : out;
}

/** True or false, or undefined when a version at hand cannot be read and the other bound does not rule it out. */
export function isWithin(range: KeyedRange, key: string | null): boolean | undefined {
  if (range.from === '' && range.end === 'none') return true;
  if (key === null) return undefined;
  const above = range.from === null ? undefined : key >= range.from;
  if (above === false) return false;
  const below = range.end === 'none' ? true : range.to === null ? undefined : range.end === 'last_affected' ? key <= range.to : key < range.to;
  if (below === false) return false;
  return above && below;
}
