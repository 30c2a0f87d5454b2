import { Problem } from '@plimsoll/problem';
import type { DataSource, EntityManager } from 'typeorm';

export interface Revision { readonly number: number; readonly published_at: string }

/** The revision readers see. 0 before the first ingest: nothing is covered then. */
export async function currentRevision(tx: EntityManager): Promise<Revision> {
  const [row] = await tx.query('select number, published_at from revisions order by number desc limit 1') as { number: number; published_at: Date }[];
  return row ? { number: row.number, published_at: row.published_at.toISOString() } : { number: 0, published_at: new Date(0).toISOString() };
}

/** A past revision that can still be asked. Problems `revision-unknown`, and `revision-pruned` when it is older than what is kept. */
export async function revisionAsOf(tx: EntityManager, number: number): Promise<Revision> {
  const [{ oldest }] = await tx.query('select oldest from retention') as [{ oldest: number }];
  if (number < oldest) throw new Problem('missing', `revision ${number} is not kept any more; the oldest that can be asked is ${oldest}`, { code: 'revision-pruned' });
  const [row] = await tx.query('select number, published_at from revisions where number = $1', [number]) as { number: number; published_at: Date }[];
  if (!row) throw new Problem('missing', `there is no revision ${number}; the current one is ${(await currentRevision(tx)).number}`, { code: 'revision-unknown' });
  return { number, published_at: row.published_at.toISOString() };
}

/** Reads at one revision, whatever is published meanwhile, and without keeping anybody waiting: a snapshot of Postgres. */
export const atOneRevision = <T>(db: DataSource, work: (tx: EntityManager, revision: Revision) => Promise<T>): Promise<T> =>
  db.transaction('REPEATABLE READ', async (tx) => work(tx, await currentRevision(tx)));

const lock = `hashtextextended('feeds:revision', 0)`;

/** While held, no revision is published; images are registered side by side. Ends with the transaction. */
export const holdRevision = (tx: EntityManager): Promise<unknown> => tx.query(`select pg_advisory_xact_lock_shared(${lock})`);

/** While held, nobody else publishes and no image is registered. Ends with the transaction. */
export const ownRevision = (tx: EntityManager): Promise<unknown> => tx.query(`select pg_advisory_xact_lock(${lock})`);
