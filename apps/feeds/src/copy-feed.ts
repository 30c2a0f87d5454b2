import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Problem } from '@plimsoll/problem';
import pg, { type PoolClient } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';
import { byIndex } from './by-index.ts';
import { shelves, type Feed, type Shelf } from './feed-table.ts';
import { KnownRecords } from './known-records.ts';
import { readInThreads, type ReadingBatch, type ReadingDone } from './read-in-threads.ts';
import { settleDuplicates } from './settle-duplicates.ts';

/** A feed whose new rows stand in the tables of a transaction nobody else sees. */
export interface Copied extends Omit<ReadingDone, 'rows'> {
  /** How many ingests the source had when this one began. */
  readonly before: number;
  /** How many records it had. */
  readonly recordsBefore: number;
  /** For working tables. */
  readonly ingest: string;
  readonly shelf: Shelf;
  /** Ids of the new rows: from the first on, below the second. */
  readonly base: number;
  readonly end: number;
  /** The revision the new rows claim. */
  readonly revision: number;
  /** How many records the feed has, and of them how many are new, changed, gone. */
  readonly records: number;
  readonly newRecords: number;
  readonly changedRecords: number;
  readonly gone: readonly number[];
  /** Ids of what the new rows take the place of. */
  readonly replaced: readonly number[];
}

/** Ids of one ingest: 2^23, more than the records any feed may have, so that a row's id says where it came from. */
export const idRoom = 2 ** 23;

/**
 * Reads a feed and writes what is new, with COPY, into the tables of the transaction; what it replaces is left as it is.
 * Memory is a few batches and 60 bytes for each record known, whatever the feed's size. Rejects with the feed's Problem.
 * `bundle`: the file has lines of a bundle, all records of the source or what changed.
 */
export async function copyFeed(tx: EntityManager, feed: Feed, files: readonly string[], revision: number, { signal, bundle }: { signal?: AbortSignal | undefined; bundle?: { readonly isComplete: boolean } } = {}): Promise<Copied> {
  // A feed takes as long as it takes; whoever waits for a lock inside is ended by the limits of the others.
  await tx.query('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
  const client = await tx.queryRunner!.connect() as PoolClient;
  const [{ serial }] = await tx.query(`select nextval('ingests')::float8 as serial`) as [{ serial: number }];
  const [source] = await tx.query('select ingest::float8 as ingest from sources where source = $1', [feed.id]) as { ingest: number }[];
  const base = serial * idRoom, known = await knownRecords(tx, client, feed);
  const done = await readInThreads(feed, files, { base, room: idRoom, revision, known, isBundle: bundle !== undefined }, (batch) => copyBatch(client, feed.shelf, batch), signal);
  // A difference need not say anything of most records; anything else is all there is.
  const isWhole = bundle?.isComplete ?? true;
  if (isWhole && done.rows + countSeen(known) === 0) throw nothingRead(feed, done);
  const lost = await byIndex(tx, () => settleDuplicates(tx, feed, { base, end: base + idRoom }, known, done));
  const replaced = [...known.changed()].concat(lost.replaced), gone = [...isWhole ? known.unseen() : known.gone()];
  const newRecords = done.rows - lost.rows - replaced.length;
  return { ...done, before: source?.ingest ?? 0, recordsBefore: known.size, ingest: randomUUID(), shelf: feed.shelf, base, end: base + idRoom, revision, records: known.size - gone.length + newRecords, newRecords, changedRecords: replaced.length, gone, replaced };
}

function countSeen(known: KnownRecords): number {
  let unseen = 0;
  for (const _ of known.unseen()) unseen++;
  return known.size - unseen;
}

const nothingRead = ({ id }: Feed, { rejected, keptAside }: ReadingDone): Problem => rejected === 0
  ? new Problem('invalid', `${id}: the feed has no record`, { code: 'feed-empty' })
  : new Problem('invalid', `${id}: none of ${rejected} records could be read; the first: ${keptAside[0]?.detail}`, { code: 'feed-malformed' });

/** What the source says as of the current revision. */
async function knownRecords(tx: EntityManager, client: PoolClient, { id, shelf }: Feed): Promise<KnownRecords> {
  const source = pg.escapeLiteral(id);
  const [{ count }] = await tx.query(`select count(*)::int as count from ${shelf} where source = ${source} and valid_to is null`) as [{ count: number }];
  const known = new KnownRecords(count);
  if (count === 0) return known;
  const short = (bytes: string): string => `encode(substring(${bytes} for 8), 'hex')`;
  const rows = client.query(copyTo(`copy (select id, ${short(`sha256(convert_to(key, 'UTF8'))`)}, ${short('hash')}, coalesce(${short('raw')}, '') from ${shelf} where source = ${source} and valid_to is null) to stdout`));
  let rest = '', index = 0;
  for await (const chunk of rows as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (index === count) throw new Problem('conflict', `another ingest of ${id} came in between; try again`, { code: 'ingest-overtaken' });
      const [row, key, content, raw] = line.split('\t');
      known.put(index++, Number(row), key!, content!, raw!);
    }
  }
  return known;
}

async function copyBatch(client: PoolClient, shelf: Shelf, { records, affected }: ReadingBatch): Promise<void> {
  if (records.length > 0) await copyInto(client, `copy ${shelf} (id, source, key, hash, raw, valid_from, ${shelves[shelf].columns.join(', ')}) from stdin`, records);
  if (affected.length > 0) await copyInto(client, 'copy affected (advisory, place, ecosystem, name, entry) from stdin', affected);
}

async function copyInto(client: PoolClient, sql: string, bytes: Uint8Array): Promise<void> {
  const stream: Writable = client.query(copyFrom(sql));
  stream.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  await finished(stream);
}
