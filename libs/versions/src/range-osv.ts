import { unreadable } from './compare.ts';
import { inside, outside, type RangeAnswer, type RangeTest, undetermined, UnreadableRange, versionIn } from './range.ts';
import { parseVersion, Unreadable } from './scheme.ts';
import { schemes, type Scheme } from './schemes.ts';

/** One of the four; `introduced: "0"` is before every version, `limit: "*"` after. */
export interface OsvEvent {
  readonly introduced?: string | undefined;
  readonly fixed?: string | undefined;
  readonly last_affected?: string | undefined;
  readonly limit?: string | undefined;
}

/** `affected[].ranges[]` of the OSV schema 1.x; `GIT` ranges speak of commits and are passed over. */
export interface OsvRange { readonly type?: string | undefined; readonly events: readonly OsvEvent[] }

/** What of `affected[]` speaks of versions. */
export interface OsvAffected { readonly ranges?: readonly OsvRange[] | undefined; readonly versions?: readonly string[] | undefined }

/** From `from` (undefined: the beginning) until `until` (undefined: without end), in keys of {@link versionKey}. */
export interface KeyInterval {
  readonly from: string | undefined;
  readonly until: string | undefined;
  /** True when `until` itself is inside (`last_affected`). */
  readonly untilIncluded: boolean;
}

/**
 * The intervals of one OSV range as keys, sorted and apart from each other, for an index; or why there are none.
 * OSV schema, "Evaluation": events in version order switch between affected and not.
 */
export function osvIntervals(scheme: Scheme, range: OsvRange): { readonly intervals: readonly KeyInterval[] } | { readonly undetermined: string } {
  try {
    return { intervals: intervalsOf(scheme, range) };
  } catch (error) {
    if (error instanceof UnreadableRange) return { undetermined: error.message };
    throw error;
  }
}

/** OSV semantics of `affected[]`: in `versions`, or in any of the ranges. */
export function osvRange(scheme: Scheme, { ranges = [], versions = [] }: OsvAffected): RangeTest {
  const listed = new Set(versions);
  const read = ranges.filter(({ type }) => type !== 'GIT').map((range) => osvIntervals(scheme, range));
  const intervals = read.flatMap((one) => 'intervals' in one ? one.intervals : []);
  const doubts = read.flatMap((one) => 'undetermined' in one ? [one.undetermined] : []);
  if (versions.length === 0 && read.length === 0) doubts.push(ranges.length === 0 ? 'neither versions nor ranges' : 'only commits, no versions');
  const definition = schemes[scheme];
  const listedKeys = new Set<string>();
  for (const version of versions) {
    const parsed = parseVersion(definition, version);
    if (!(parsed instanceof Unreadable) && definition.irregular?.(parsed) === undefined) listedKeys.add(definition.key(parsed));
  }
  return (version): RangeAnswer => {
    if (listed.has(version)) return inside;
    const parsed = parseVersion(definition, version);
    const reason = parsed instanceof Unreadable ? parsed.reason : definition.irregular?.(parsed);
    if (reason !== undefined) return unreadable(version, reason);
    const key = definition.key(parsed);
    if (listedKeys.has(key) || intervals.some((interval) => contains(interval, key))) return inside;
    return doubts.length > 0 ? undetermined(doubts[0]!) : outside;
  };
}

/** True when a key lies in the interval. */
export const contains = ({ from, until, untilIncluded }: KeyInterval, key: string): boolean =>
  (from === undefined || key >= from) && (until === undefined || key < until || (untilIncluded && key === until));

/** What happens at one version. A key of undefined is before every version. */
interface Turn { readonly key: string | undefined; opens?: boolean; closes?: 'before' | 'after' }

function intervalsOf(scheme: Scheme, { events }: OsvRange): KeyInterval[] {
  const turns = turnsOf(scheme, events);
  if (!turns.some(({ opens }) => opens)) throw new UnreadableRange('range without an introduced event');
  const limit = limitOf(scheme, events);
  const intervals: KeyInterval[] = [];
  let open: { from: string | undefined } | undefined;
  const close = (until: string | undefined, untilIncluded: boolean): void => {
    if (open !== undefined) intervals.push(limited({ from: open.from, until, untilIncluded }, limit));
    open = undefined;
  };
  for (const { key, opens, closes } of turns) {
    // Open already: this version ends one interval and may begin the next. Else it may be one by itself.
    const wasOpen = open !== undefined;
    if (closes !== undefined && wasOpen) close(key, closes === 'after');
    if (!opens || (closes === 'before' && !wasOpen)) continue;
    open ??= { from: key };
    if (closes === 'after' && !wasOpen) close(key, true);
  }
  close(undefined, false);
  return intervals;
}

function turnsOf(scheme: Scheme, events: readonly OsvEvent[]): Turn[] {
  const turns = new Map<string | undefined, Turn>();
  const at = (key: string | undefined): Turn => {
    const known = turns.get(key) ?? { key };
    turns.set(key, known);
    return known;
  };
  for (const { introduced, fixed, last_affected } of events) {
    if (introduced !== undefined) at(introduced === '0' ? undefined : keyOf(scheme, introduced)).opens = true;
    // Feeds write "fixed: 0" for what was never affected.
    if (fixed !== undefined) at(fixed === '0' ? undefined : keyOf(scheme, fixed)).closes = 'before';
    if (last_affected !== undefined) at(keyOf(scheme, last_affected)).closes ??= 'after';
  }
  return [...turns.values()].sort(({ key: a }, { key: b }) => a === b ? 0 : a === undefined ? -1 : b === undefined ? 1 : a < b ? -1 : 1);
}

/** The furthest limit; undefined without one, and for `*`. */
function limitOf(scheme: Scheme, events: readonly OsvEvent[]): string | undefined {
  const limits = events.flatMap(({ limit }) => limit === undefined ? [] : [limit]);
  return limits.includes('*') ? undefined : limits.map((limit) => keyOf(scheme, limit)).sort().at(-1);
}

const limited = (interval: KeyInterval, limit: string | undefined): KeyInterval =>
  limit === undefined || (interval.until !== undefined && interval.until <= limit) ? interval : { ...interval, until: limit, untilIncluded: false };

const keyOf = (scheme: Scheme, version: string): string => schemes[scheme].key(versionIn(scheme, version));
