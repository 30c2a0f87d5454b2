import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log, Metrics } from '@plimsoll/telemetry';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { atOneRevision } from './revisions.ts';
import { sourceStatuses } from './source-status.ts';

const everyMs = 15_000;

/** Says in numbers what the status page says in words, from the same rows: whatever refused a feed, its age goes on growing. */
@Injectable()
export class ReportMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private readonly revision;
  private readonly age;
  private readonly records;
  private readonly isGood;

  constructor(private readonly db: DataSource, private readonly log: Log, metrics: Metrics) {
    this.revision = metrics.gauge('plimsoll_feed_revision', 'The feed revision readers see');
    this.age = metrics.gauge('plimsoll_feed_age_seconds', 'Time since a source was last looked at with success', ['source']);
    this.records = metrics.gauge('plimsoll_feed_records', 'Records of a source in the current revision', ['source']);
    this.isGood = metrics.gauge('plimsoll_feed_ok', '1 when the last look at a source succeeded, 0 when it was refused, unreachable or is stale', ['source']);
  }

  onApplicationBootstrap(): void {
    this.running = (async () => {
      const { signal } = this.stopping;
      while (!signal.aborted) {
        await this.report().catch((error: unknown) => this.log.warn('metrics wait', { error: String(error) }));
        await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    })();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  async report(): Promise<void> {
    await atOneRevision(this.db, async (tx, { number }) => {
      this.revision.set(number);
      for (const { source, state, age_seconds, advisories } of await sourceStatuses(tx)) {
        if (state === 'never') continue;
        if (age_seconds !== undefined) this.age.set({ source }, age_seconds);
        this.records.set({ source }, advisories);
        this.isGood.set({ source }, state === 'ok' ? 1 : 0);
      }
    });
  }
}
