import type { RevisionPublished } from '@plimsoll/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** The newest feed revision that was heard of. */
@Injectable()
export class FeedRevision {
  constructor(private readonly db: DataSource) {}

  async published(tx: EntityManager, { revision, published_at }: RevisionPublished): Promise<void> {
    await tx.query(`
      insert into feed_revision (revision, published_at) values ($1, $2)
      on conflict (one) do update set revision = excluded.revision, published_at = excluded.published_at where excluded.revision > feed_revision.revision`, [revision, published_at]);
  }

  async current(): Promise<number | undefined> {
    const [row] = await this.db.query('select revision from feed_revision') as { revision: string }[];
    return row && Number(row.revision);
  }
}
