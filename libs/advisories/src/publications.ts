import { detectFeed, headsOf } from './detect-feed.ts';
import { type EnrichmentReading } from './enrichment.ts';
import { enrichmentSources } from './enrichment-sources.ts';
import type { FeedLimits, FeedRecord, Reading } from './feed.ts';
import { lifecycleSources } from './lifecycle-sources.ts';
import type { LifecycleReading } from './lifecycle.ts';
import { noCounts, readFeed } from './read-feed.ts';
import { noRecords, type ReadCounts, readRecords } from './read-records.ts';
import { type Source, sources } from './sources.ts';
import { statementSources } from './statement-sources.ts';
import type { StatementReading } from './vex.ts';

/** What any publication makes of its records, in order; what cannot be read is `rejected` and the next one is read. */
export type PublicationReading = Reading | EnrichmentReading | StatementReading | LifecycleReading;

/** Anything that is taken in, whatever it says: fetched, read and counted by the same steps. */
export interface Publication extends Pick<Source, 'id' | 'title' | 'urls' | 'list' | 'interval' | 'floor'> {
  readonly gives: 'advisories' | 'enrichments' | 'statements' | 'lifecycles';
  /** Reads the whole publication. Throws Problem `feed-…` when it cannot be trusted as a whole. */
  read(records: AsyncIterable<FeedRecord>, counts?: ReadCounts, limits?: FeedLimits): AsyncIterable<PublicationReading>;
}

type AdvisoryFeed = Pick<Source, 'id' | 'parse'>;

/** Advisories may come twice; see `readFeed`. */
async function* readAdvisories(source: AdvisoryFeed, records: AsyncIterable<FeedRecord>, counts: ReadCounts, limits?: FeedLimits): AsyncGenerator<Reading> {
  const own = noCounts();
  try {
    yield* readFeed(source, records, own, limits);
  } finally {
    Object.assign(counts, { records: own.advisories, affected: own.affected, rejected: own.rejected, problems: own.problems });
  }
}

const ofAdvisories = (source: Source): Publication => ({ ...source, gives: 'advisories', read: (records, counts = noRecords(), limits) => readAdvisories(source, records, counts, limits) });

/** Everything the platform can take in. Each line is in the table of its kind: `sources.ts`, `distribution-sources.ts`, `enrichment-sources.ts`, `statement-sources.ts`, `lifecycle-sources.ts`. */
export const publications: readonly Publication[] = [
  ...sources.map(ofAdvisories),
  ...enrichmentSources.map((source): Publication => ({ ...source, gives: 'enrichments', read: (records, counts, limits) => readRecords(source, records, counts, limits) })),
  ...statementSources.map((source): Publication => ({ ...source, gives: 'statements', read: (records, counts, limits) => readRecords(source, records, counts, limits) })),
  ...lifecycleSources.map((source): Publication => ({ ...source, gives: 'lifecycles', read: (records, counts, limits) => readRecords(source, records, counts, limits) })),
];

/** The entry with this id. */
export const publicationOf = (id: string): Publication | undefined => publications.find((publication) => publication.id === id);

/** Tells from a file's content what it is a publication of; undefined when nothing reads it. Advisories of a source that cannot be told are named after the file. */
export async function detectPublication(path: string): Promise<Publication | undefined> {
  const feed = await detectFeed(path);
  if (feed !== undefined) {
    const known = sources.find(({ id }) => id === feed.id);
    return { title: feed.id, urls: [], interval: 24 * 3600, ...known, ...feed, floor: 1, gives: 'advisories', read: (records, counts = noRecords(), limits) => readAdvisories(feed, records, counts, limits) };
  }
  const signed = [...enrichmentSources, ...statementSources, ...lifecycleSources];
  for await (const head of headsOf(path)) {
    const found = signed.find(({ sign }) => sign?.test(head));
    if (found) return publicationOf(found.id);
  }
  return undefined;
}
