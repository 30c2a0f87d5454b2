import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { every } from '@plimsoll/database';
import { Log } from '@plimsoll/telemetry';
import { DataSource } from 'typeorm';
import { feeds, type Feed } from './feed-table.ts';
import { feedsConfig } from './feeds.config.ts';
import { Ingest } from './ingest.ts';

const lookEveryMs = 30_000;

/** Seconds until the next look: after failures from a minute on, each time twice as long, never longer than when all is well. */
export const waitOf = ({ interval }: Pick<Feed, 'interval'>, failures: number): number => failures === 0 ? interval : Math.min(interval, 60 * 2 ** Math.min(failures - 1, 20));

/** Looks at every source when it is due, one after another, in one process of all. */
@Injectable()
export class Schedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly config = feedsConfig();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly db: DataSource, private readonly ingest: Ingest, private readonly log: Log) {}

  onApplicationBootstrap(): void {
    if (this.config.PLIMSOLL_FEEDS_SCHEDULE === 'off') return;
    this.running = every(this.db, 'feeds:schedule', lookEveryMs, () => this.look(), { signal: this.stopping.signal, onError: (error) => this.log.warn('schedule waits', { error: String(error) }) });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async look(): Promise<void> {
    const rows = await this.db.query('select source, checked_at, failures from sources') as { source: string; checked_at: Date | null; failures: number }[];
    const known = new Map(rows.map((row) => [row.source, row]));
    for (const source of this.enabled()) {
      if (this.stopping.signal.aborted) return;
      const row = known.get(source.id);
      const age = row?.checked_at ? (Date.now() - row.checked_at.getTime()) / 1000 : Infinity;
      if (age < waitOf(source, row?.failures ?? 0)) continue;
      await this.ingest.fromPublisher(source.id, this.stopping.signal).catch(() => undefined);   // kept in the source's row and in the log
    }
  }

  private enabled(): Feed[] {
    const named = this.config.PLIMSOLL_FEEDS_SOURCES;
    return feeds.filter(({ id, urls, list, repeats }) => (urls.length > 0 || list !== undefined) && (named.length ? named.includes(id) : repeats === undefined));
  }
}
