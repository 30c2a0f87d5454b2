import { hash } from 'node:crypto';
import { invalid, type Problem } from '@plimsoll/problem';
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
 * Reads a whole feed: what its parser gives, and `counts` kept. Of a key that comes twice the first stays; a second
 * with other content is set aside as `record-duplicate`.
 * Throws Problem `feed-empty` when there was no record, and `feed-malformed` when not one could be read.
 */
export async function* readFeed(source: { readonly id: string; readonly parse: Parser }, records: AsyncIterable<FeedRecord>, counts: FeedCounts = noCounts(), limits: FeedLimits = defaultFeedLimits): AsyncGenerator<Reading> {
  const seen = new Map<string, number>();
  let first: Problem | undefined;
  for await (const found of source.parse(records, { source: source.id, limits })) {
    let reading = found;
    if (found.kind === 'advisory') {
      const { advisory } = found;
      const print = fingerprint(advisory), before = seen.get(advisory.key);
      if (before === print) { counts.repeated++; continue; }
      if (before === undefined) {
        seen.set(advisory.key, print);
        counts.advisories++;
        counts.affected += advisory.affected.length;
        if (advisory.withdrawn !== undefined) counts.withdrawn++;
      } else reading = rejected(advisory.key, invalid('record-duplicate', `${advisory.key} comes twice with different content; the first is kept`), JSON.stringify(advisory));
    }
    if (reading.kind === 'rejected') {
      first ??= reading.problem;
      counts.rejected++;
      const code = reading.problem.code ?? reading.problem.kind;
      counts.problems[code] = (counts.problems[code] ?? 0) + 1;
    }
    yield reading;
  }
  if (counts.advisories === 0) {
    throw first === undefined ? invalid('feed-empty', `${source.id}: the feed has no record`)
      : invalid('feed-malformed', `${source.id}: none of ${counts.rejected} records could be read; the first: ${first.detail}`, first);
  }
}

export const noCounts = (): FeedCounts => ({ advisories: 0, affected: 0, withdrawn: 0, repeated: 0, rejected: 0, problems: {} });

/** 48 bits of a hash, to tell a repetition from a contradiction; one parser writes its fields in one order. */
const fingerprint = (value: unknown): number => hash('sha1', JSON.stringify(value), 'buffer').readUIntBE(0, 6);
