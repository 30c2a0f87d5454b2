import { hash } from 'node:crypto';
import { invalid, type Problem } from '@plimsoll/problem';
import type { Advisory } from './advisory.ts';
import { defaultFeedLimits, type FeedLimits, type FeedRecord, type Parser, type Reading, rejected } from './feed.ts';

/** What one reading of a feed came to. */
export interface FeedCounts {
  advisories: number;
  /** Entries of affected packages in them. */
  affected: number;
  withdrawn: number;
  /** Records that came again word for word and were passed over. */
  repeated: number;
  rejected: number;
  /** Problem code → how many records. */
  problems: Record<string, number>;
}

/**
 * Reads a whole feed: what its parser gives, and `counts` kept. Of a key that comes twice the newer by `modified`
 * stays, whatever the order; the other is set aside as `record-duplicate`. When the newer comes second it says which it `replaces`.
 * Throws Problem `feed-empty` when there was no record, and `feed-malformed` when not one could be read.
 */
export async function* readFeed(source: { readonly id: string; readonly parse: Parser }, records: AsyncIterable<FeedRecord>, counts: FeedCounts = noCounts(), limits: FeedLimits = defaultFeedLimits): AsyncGenerator<Reading> {
  const seen = new Map<string, number>(), prints: Print[] = [];
  let first: Problem | undefined;
  const aside = (reading: Rejected): Rejected => {
    first ??= reading.problem;
    counts.rejected++;
    const code = reading.problem.code ?? reading.problem.kind;
    counts.problems[code] = (counts.problems[code] ?? 0) + 1;
    return reading;
  };
  for await (const parsed of source.parse(records, { source: source.id, limits })) {
    const found = parsed.kind === 'advisory' ? plausible(parsed) : parsed;
    let reading: Reading = found;
    if (found.kind === 'advisory') {
      const { advisory } = found, { key } = advisory;
      const print = printOf(advisory), before = seen.get(key), other = prints[before ?? -1];
      if (other?.hash === print.hash) { counts.repeated++; continue; }
      if (other === undefined || isNewer(print, other)) {
        seen.set(key, prints.push(print) - 1);
        count(counts, print, 1);
        if (other !== undefined) {
          count(counts, other, -1);
          yield aside(rejected(key, duplicate(key)));
          reading = { ...found, replaces: before! };
        }
      } else reading = rejected(key, duplicate(key), JSON.stringify(advisory));
    }
    yield reading.kind === 'rejected' ? aside(reading) : reading;
  }
  if (counts.advisories === 0) {
    throw first === undefined ? invalid('feed-empty', `${source.id}: the feed has no record`)
      : invalid('feed-malformed', `${source.id}: none of ${counts.rejected} records could be read; the first: ${first.detail}`, first);
  }
}

/** Characters of a version and of a name, and entries of a record: beyond these nobody meant what is written. */
const longestVersion = 512, longestName = 1_000, mostEntries = 200_000;

/** An advisory as it is, or set aside as `record-absurd`. */
function plausible(reading: Extract<Reading, { kind: 'advisory' }>): Reading {
  const { advisory } = reading, { affected } = advisory;
  const isTooLong = (text: string | undefined, most: number): boolean => text !== undefined && text.length > most;
  const what = affected.length > mostEntries ? `${affected.length} entries`
    : isTooLong(advisory.id, longestName) ? 'an id of unlikely length'
    : affected.some(({ ecosystem, name }) => name.length > longestName || ecosystem.length > longestName) ? 'a package of unlikely name'
    : affected.some(({ ranges }) => ranges?.some((range) => isTooLong(range.introduced, longestVersion) || isTooLong(range.fixed, longestVersion) || isTooLong(range.last_affected, longestVersion) || isTooLong(range.limit, longestVersion))) ? 'a version of unlikely length' : undefined;
  if (what === undefined) return reading;
  return rejected(advisory.key.slice(0, 200), invalid('record-absurd', `${advisory.id.slice(0, 200)} has ${what}`), JSON.stringify({ ...advisory, affected: affected.slice(0, 1) }));
}

export const noCounts = (): FeedCounts => ({ advisories: 0, affected: 0, withdrawn: 0, repeated: 0, rejected: 0, problems: {} });

type Rejected = Extract<Reading, { kind: 'rejected' }>;

/** What is kept of an advisory in case another has its key. */
interface Print { readonly hash: number; /** Milliseconds; -Infinity when not said. */ readonly modified: number; readonly affected: number; readonly isWithdrawn: boolean }

const printOf = (advisory: Advisory): Print => ({
  hash: fingerprint(advisory), modified: Date.parse(advisory.modified ?? '') || -Infinity, affected: advisory.affected.length, isWithdrawn: advisory.withdrawn !== undefined,
});

/** Of two as old as each other the content decides, so that archives packed in another order read alike. */
const isNewer = (a: Print, b: Print): boolean => a.modified > b.modified || (a.modified === b.modified && a.hash > b.hash);

const duplicate = (key: string): Problem => invalid('record-duplicate', `${key} comes twice with different content; the newer by its date of modification is kept`);

function count(counts: FeedCounts, { affected, isWithdrawn }: Print, sign: 1 | -1): void {
  counts.advisories += sign;
  counts.affected += sign * affected;
  if (isWithdrawn) counts.withdrawn += sign;
}

/** 48 bits of a hash, to tell a repetition from a contradiction; one parser writes its fields in one order. */
const fingerprint = (value: unknown): number => hash('sha1', JSON.stringify(value), 'buffer').readUIntBE(0, 6);
