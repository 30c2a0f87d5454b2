import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

export interface Revision { readonly number: number; readonly published_at: string }

/**
 * The newest feed revision. An image that a revision does not touch is not matched again, so its own facts stay old while
 * they stay true; without this it would look stale a week later.
 */
@Injectable()
export class Revisions {
  async keep(tx: EntityManager, { number, published_at }: Revision): Promise<void> {
    await tx.query(`
      insert into feed_revision (one, number, published_at) values (true, $1, $2)
      on conflict (one) do update set number = excluded.number, published_at = excluded.published_at where excluded.number > feed_revision.number`, [number, published_at]);
  }

  async newest(tx: EntityManager): Promise<Revision | undefined> {
    const [row] = await tx.query('select number, published_at from feed_revision') as { number: number; published_at: Date }[];
    return row && { number: row.number, published_at: row.published_at.toISOString() };
  }
}
