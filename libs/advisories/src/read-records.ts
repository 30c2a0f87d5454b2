import { invalid, type Problem } from '@plimsoll/problem';
import { defaultFeedLimits, type FeedLimits, type FeedRecord, type ParseContext, type rejected } from './feed.ts';

type Rejected = ReturnType<typeof rejected>;

/** What one reading of a publication came to. */
export interface ReadCounts {
  records: number;
  rejected: number;
  /** Problem code → how many records. */
  problems: Record<string, number>;
  /** Entries of affected packages, in advisories. */
  affected?: number;
}
export const noRecords = (): ReadCounts => ({ records: 0, rejected: 0, problems: {} });

/**
 * Reads a whole publication of anything but advisories: what its parser gives, and `counts` kept.
 * Problems `feed-empty` without any record, `feed-malformed` when not one could be read, `feed-too-many-records`.
 */
export async function* readRecords<T extends { readonly kind: string }>(
  source: { readonly id: string; parse(records: AsyncIterable<FeedRecord>, context: ParseContext): AsyncIterable<T | Rejected> },
  records: AsyncIterable<FeedRecord>, counts: ReadCounts = noRecords(), limits: FeedLimits = defaultFeedLimits,
): AsyncGenerator<T | Rejected> {
  let first: Problem | undefined;
  for await (const reading of source.parse(records, { source: source.id, limits })) {
    if (isRejected(reading)) {
      const code = reading.problem.code ?? reading.problem.kind;
      // A statement about something that is no package was understood well.
      if (code !== 'statement-unbound') first ??= reading.problem;
      counts.rejected++;
      counts.problems[code] = (counts.problems[code] ?? 0) + 1;
    } else counts.records++;
    if (counts.records + counts.rejected > limits.records) throw invalid('feed-too-many-records', `${source.id} has more than ${limits.records} records`);
    yield reading;
  }
  if (counts.records > 0 || counts.problems['statement-unbound']) return;
  throw first === undefined ? invalid('feed-empty', `${source.id}: the feed has no record`)
    : invalid('feed-malformed', `${source.id}: none of ${counts.rejected} records could be read; the first: ${first.detail}`, first);
}

const isRejected = (reading: { readonly kind: string }): reading is Rejected => reading.kind === 'rejected';
