import { type Affected, type AffectedStatus, type Range } from '@plimsoll/advisories';
import { type Scheme, schemeOf, versionKey } from '@plimsoll/versions';

/** One end of a stretch of versions as an order-preserving key; null when the version there cannot be read. */
export type Bound = string | null;

/** How a stretch ends: exclusive at a repair or a limit, inclusive at the last affected version, or not at all. */
export type End = 'fixed' | 'last_affected' | 'limit' | 'none';

/** A `Range` made ready to compare: keys are latin1 strings of @plimsoll/versions, `''` stands before every version. */
export interface KeyedRange {
  readonly from: Bound;
  readonly to: Bound;
  readonly end: End;
}

/** What is needed of an `Affected` to place a version, without its texts. */
export interface KeyedEntry {
  readonly status: AffectedStatus;
  readonly isWithdrawn: boolean;
  readonly ranges: readonly KeyedRange[];
  /** 32-bit hashes of the single versions, sorted; a hit is confirmed with the record. */
  readonly versions: Uint32Array | undefined;
}

/** A version of an ecosystem read once. */
export interface KeyedVersion {
  readonly text: string;
  readonly scheme: Scheme | undefined;
  /** null when the version cannot be read, or the ecosystem has no known order. */
  readonly key: Bound;
  readonly reason?: string;
}

/** Reads a version in the order of its ecosystem. */
export function keyedVersion(ecosystem: string, text: string): KeyedVersion {
  const scheme = schemeOf(ecosystem);
  if (scheme === undefined) return { text, scheme, key: null, reason: `no version order is known for ${ecosystem}` };
  if (text === '') return { text, scheme, key: null, reason: 'the package does not say its version' };
  const answer = versionKey(scheme, text);
  return 'key' in answer ? { text, scheme, key: answer.key } : { text, scheme, key: null, reason: answer.undetermined };
}

/** Makes an entry ready to compare. */
export function keyedEntry(affected: Affected, isWithdrawn: boolean): KeyedEntry {
  const scheme = schemeOf(affected.ecosystem);
  return {
    status: affected.status, isWithdrawn,
    ranges: (affected.ranges ?? []).map((range) => keyedRange(scheme, range)),
    versions: affected.versions === undefined ? undefined : Uint32Array.from(affected.versions, (text) => hashOf(keyOf(scheme, text), text)).sort(),
  };
}

export function keyedRange(scheme: Scheme | undefined, range: Range): KeyedRange {
  const end: End = range.fixed !== undefined ? 'fixed' : range.last_affected !== undefined ? 'last_affected' : range.limit !== undefined ? 'limit' : 'none';
  const to = range.fixed ?? range.last_affected ?? range.limit;
  return {
    from: range.introduced === undefined || range.introduced === '0' ? '' : keyOf(scheme, range.introduced),
    to: to === undefined ? '' : keyOf(scheme, to),
    end,
  };
}

/** The key of a version, or null when it cannot be read. */
export function keyOf(scheme: Scheme | undefined, text: string): Bound {
  if (scheme === undefined) return null;
  const answer = versionKey(scheme, text);
  return 'key' in answer ? answer.key : null;
}

/** FNV-1a over the key, so that versions written differently and equal in order hash alike; over the text when it has no key. */
export function hashOf(key: Bound, text: string): number {
  const from = key ?? `\u0000${text}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < from.length; index++) hash = Math.imul(hash ^ from.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** True when a sorted array holds the hash. */
export function hasHash(hashes: Uint32Array, hash: number): boolean {
  let low = 0, high = hashes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hashes[middle]! < hash) low = middle + 1; else high = middle;
  }
  return low < hashes.length && hashes[low] === hash;
}
