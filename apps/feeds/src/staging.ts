import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { contentHash, noCounts, readFeed, type FeedCounts, type FeedRecord, type Source } from '@plimsoll/advisories';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { DataSource } from 'typeorm';

/** A feed that was read whole and waits beside the tables for its publication. */
export interface Staged {
  readonly ingest: string;
  readonly counts: FeedCounts;
  /** The first records that could not be read; `counts` has all. */
  readonly keptAside: readonly { readonly record: string; readonly code: string; readonly detail: string; readonly excerpt: string }[];
}

/** Records kept aside with their text; a feed broken throughout would fill the table otherwise. */
const keptAsideAtMost = 1_000;

/** Streams a feed into the staging table with COPY: memory does not grow with the feed. Rejects with the feed's Problem, leaving nothing behind. */
export async function stage(db: DataSource, source: Source, records: AsyncIterable<FeedRecord>): Promise<Staged> {
  const ingest = randomUUID();
  const counts = noCounts();
  const keptAside: Staged['keptAside'][number][] = [];
  const newest = new Map<string, string>();
  async function* lines(): AsyncGenerator<string> {
    for await (const reading of readFeed(source, records, counts)) {
      if (reading.kind === 'rejected') {
        if (keptAside.length < keptAsideAtMost) keptAside.push({ record: reading.record, code: reading.problem.code ?? reading.problem.kind, detail: reading.problem.detail, excerpt: reading.excerpt });
        continue;
      }
      const { affected, ...head } = reading.advisory, hash = contentHash(reading.advisory);
      if (reading.replaces !== undefined) newest.set(head.key, hash);
      yield `${[ingest, head.key, hash, json(head), json(affected)].map(copyText).join('\t')}\n`;
    }
  }
  const runner = db.createQueryRunner();
  try {
    const client = await runner.connect() as PoolClient;
    await pipeline(Readable.from(lines()), client.query(copyFrom('copy staged (ingest, key, hash, head, affected) from stdin')));
    for (const [key, hash] of newest) await db.query('delete from staged where ingest = $1 and key = $2 and hash <> $3', [ingest, key, hash]);
    return { ingest, counts, keptAside };
  } catch (error) {
    await unstage(db, ingest);
    throw error;
  } finally {
    await runner.release();
  }
}

/** Removes what an ingest left in the working tables, after its publication or instead of it. */
export async function unstage(db: Pick<DataSource, 'query'>, ingest: string): Promise<void> {
  for (const table of ['staged', 'changed_records', 'touched_names']) await db.query(`delete from ${table} where ingest = $1`, [ingest]);
}

/** jsonb cannot hold U+0000, and no text of an advisory needs it. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll('\\u0000', '');

/** COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". */
const copyText = (text: string): string => text.replace(/[\\\n\r\t]/g, (character) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[character]!);
