import type { Because, State } from './finding.ts';
import type { KeyedEntry, KeyedVersion } from './keyed.ts';
import { isWithin, place } from './place.ts';

/** What one entry says of one version; `range` is the place in the entry's list of the stretch that decided, -1 for none. */
export interface Decision {
  readonly state: State;
  readonly because: Because;
  readonly range: number;
}

/** The answer of one entry for one version, or undefined when the entry is silent about it. Reads no text. */
export function decide(entry: KeyedEntry, version: KeyedVersion): Decision | undefined {
  if (entry.isWithdrawn) return { state: 'not-affected', because: 'withdrawn', range: -1 };
  const found = place(entry, version);
  switch (found.at) {
    case 'unknown':
      return { state: 'undetermined', because: version.key === null ? 'version-unreadable' : 'bound-unreadable', range: -1 };
    case 'out':
      // Only "affected" says something of the versions it does not name.
      return entry.status === 'affected' ? outside(entry, version.key) : undefined;
    case 'in':
      switch (entry.status) {
        case 'affected': return affected(entry, version, found.range);
        case 'fixed': return { state: 'fixed', because: 'vendor-fixed', range: found.range };
        case 'not-affected': return { state: 'not-affected', because: 'vendor-not-affected', range: found.range };
        case 'undetermined': return { state: 'undetermined', because: 'vendor-undetermined', range: found.range };
      }
  }
}

function affected(entry: KeyedEntry, version: KeyedVersion, range: number): Decision {
  if (range < 0) return { state: 'affected', because: 'listed', range: -1 };
  if (entry.ranges.length === 0) return { state: 'affected', because: 'every-version', range: -1 };
  // Of several stretches that hold the version, the one repaired last decides: only then is it repaired.
  for (let other = range + 1; other < entry.ranges.length; other++) {
    const now = entry.ranges[range]!, next = entry.ranges[other]!;
    if (next.end === 'fixed' && isWithin(next, version.key) === true && (now.end !== 'fixed' || (next.to ?? '') > (now.to ?? ''))) range = other;
  }
  return { state: 'affected', because: 'in-range', range };
}

/** Past a repair it is fixed; otherwise it was never affected, or no longer spoken of. The nearest end below the version decides. */
function outside(entry: KeyedEntry, key: string | null): Decision {
  let range = -1;
  entry.ranges.forEach(({ to, end }, index) => {
    const isBelow = key !== null && to !== null && end !== 'none' && (end === 'last_affected' ? to < key : to <= key);
    if (isBelow && (range < 0 || to > (entry.ranges[range]!.to ?? ''))) range = index;
  });
  if (range < 0) return { state: 'not-affected', because: entry.ranges.length > 0 ? 'below-introduced' : 'not-listed', range };
  switch (entry.ranges[range]!.end) {
    case 'fixed': return { state: 'fixed', because: 'at-or-above-fixed', range };
    case 'last_affected': return { state: 'not-affected', because: 'above-last-affected', range };
    default: return { state: 'not-affected', because: 'above-limit', range };
  }
}
