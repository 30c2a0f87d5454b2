import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { every } from '@plimsoll/database';
import { Log } from '@plimsoll/telemetry';
import { DataSource, type EntityManager } from 'typeorm';
import { feedsConfig, type FeedsConfig } from './feeds.config.ts';
import { currentRevision, ownRevision } from './revisions.ts';

const hourMs = 3_600_000;

/** Forgets, once an hour and in one process of all, what no revision that can still be asked needs. */
@Injectable()
export class PruneHistory implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly db: DataSource, private readonly log: Log) {}

  onApplicationBootstrap(): void {
    this.running = every(this.db, 'feeds:prune', hourMs, async () => {
      const oldest = await this.db.transaction((tx) => raiseOldest(tx, feedsConfig()));
      while (!this.stopping.signal.aborted && await this.db.transaction((tx) => pruneRows(tx, oldest)) > 0);
    }, { signal: this.stopping.signal, onError: (error) => this.log.warn('history is not pruned', { error: String(error) }) });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }
}

/** Rows deleted in one transaction. */
const batchSize = 20_000;

/**
 * Raises the oldest revision that can be asked to what the settings keep: the last so many, and whatever is younger than so
 * many days. Answers it. What ended before it is deleted afterwards by `pruneRows`.
 */
export async function raiseOldest(tx: EntityManager, { PLIMSOLL_FEEDS_KEEP_REVISIONS: keep, PLIMSOLL_FEEDS_KEEP_DAYS: days }: Pick<FeedsConfig, 'PLIMSOLL_FEEDS_KEEP_REVISIONS' | 'PLIMSOLL_FEEDS_KEEP_DAYS'>): Promise<number> {
  await ownRevision(tx);
  const { number } = await currentRevision(tx);
  const [{ young }] = await tx.query(`select min(number) as young from revisions where published_at > now() - make_interval(days => $1)`, [days]) as [{ young: number | null }];
  const oldest = Math.max(0, Math.min(number - keep + 1, young ?? number));
  const [{ oldest: now }] = await tx.query('update retention set oldest = greatest(oldest, $1) returning oldest', [oldest]).then((answer: unknown) => (answer as [{ oldest: number }[], number])[0]) as [{ oldest: number }];
  return now;
}

/** Deletes a batch of rows that ended at or before the oldest revision that can be asked; answers how many. */
export async function pruneRows(tx: EntityManager, oldest: number): Promise<number> {
  const [gone] = await tx.query(`delete from advisories where id in (select id from advisories where valid_to <= $1 limit ${batchSize}) returning id`, [oldest]) as [{ id: string }[], number];
  await tx.query('delete from affected where advisory = any($1::bigint[])', [gone.map(({ id }) => id)]);
  let count = gone.length;
  for (const shelf of ['enrichments', 'statements']) {
    const [rows] = await tx.query(`delete from ${shelf} where id in (select id from ${shelf} where valid_to <= $1 limit ${batchSize}) returning id`, [oldest]) as [{ id: string }[], number];
    count += rows.length;
  }
  const [findings] = await tx.query(`delete from findings where ctid = any(array(select ctid from findings where valid_to <= $1 limit ${batchSize})) returning 1`, [oldest]) as [unknown[], number];
  count += findings.length;
  await tx.query('delete from coverage where valid_to <= $1', [oldest]);
  return count;
}
