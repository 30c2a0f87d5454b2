import { advisoryFormat, kindsOf, nameOf, recogniseFile } from './detect-feed.ts';
import { type EnrichmentReading } from './enrichment.ts';
import { enrichmentSources } from './enrichment-sources.ts';
import type { FeedLimits, FeedRecord, Parser, Reading, Reads } from './feed.ts';
import { lifecycleSources } from './lifecycle-sources.ts';
import type { LifecycleReading } from './lifecycle.ts';
import { parseMixed } from './mixed.ts';
import { noCounts, readFeed } from './read-feed.ts';
import { noRecords, type ReadCounts, readRecords } from './read-records.ts';
import { type Source, sourceOf, sources } from './sources.ts';
import { statementSources } from './statement-sources.ts';
import type { StatementReading } from './vex.ts';

/** What any publication makes of its records, in order; what cannot be read is `rejected` and the next one is read. */
export type PublicationReading = Reading | EnrichmentReading | StatementReading | LifecycleReading;

/** Anything that is taken in, whatever it says: fetched, read and counted by the same steps. */
export interface Publication extends Pick<Source, 'id' | 'title' | 'urls' | 'list' | 'changes' | 'interval' | 'floor'> {
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

/** Signs nothing else has come before those of advisories, and those that distributions' documents have too after them. */
const certain = [...enrichmentSources, ...lifecycleSources];

/** What a record begins like: the parser of advisories, which several sources may share, or a source of anything else. */
const kindOf = (head: string) => certain.find(({ sign }) => sign?.test(head)) ?? advisoryFormat(head) ?? statementSources.find(({ sign }) => sign?.test(head));
const readerOf = (head: string): Reads<PublicationReading> | undefined => { const kind = kindOf(head); return typeof kind === 'object' ? kind.parse : kind; };

/**
 * Tells from a file's content what it is a publication of; undefined when nothing reads it. Advisories of a source that
 * cannot be told are named after the file, and so is a collection of several kinds, which is read file by file.
 */
export async function detectPublication(path: string): Promise<Publication | undefined> {
  const kinds = await kindsOf(path, kindOf), [kind] = kinds;
  if (kind === undefined) return undefined;
  if (kinds.size === 1 && typeof kind === 'object') return publicationOf(kind.id);
  // Of a collection advisories are counted, and whatever else there is comes between.
  const feed = kinds.size > 1 || typeof kind === 'object' ? { id: nameOf(path), parse: parseMixed(readerOf) as Parser } : await recogniseFile(kind, path);
  return { title: feed.id, urls: [], interval: 24 * 3600, ...sourceOf(feed.id), ...feed, floor: 1, gives: 'advisories', read: (records, counts = noRecords(), limits) => readAdvisories(feed, records, counts, limits) };
}
