import type { EntityManager } from 'typeorm';

export interface Revision { readonly number: number; readonly published_at: string }

/** The revision readers see. 0 before the first ingest: nothing is covered then. */
export async function currentRevision(tx: EntityManager): Promise<Revision> {
  const [row] = await tx.query('select number, published_at from revisions order by number desc limit 1') as { number: number; published_at: Date }[];
  return row ? { number: row.number, published_at: row.published_at.toISOString() } : { number: 0, published_at: new Date(0).toISOString() };
}

const lock = `hashtextextended('feeds:revision', 0)`;

/** While held, no revision is published; images are registered side by side. Ends with the transaction. */
export const holdRevision = (tx: EntityManager): Promise<unknown> => tx.query(`select pg_advisory_xact_lock_shared(${lock})`);

/** While held, nobody else publishes and no image is registered. Ends with the transaction. */
export const ownRevision = (tx: EntityManager): Promise<unknown> => tx.query(`select pg_advisory_xact_lock(${lock})`);
