import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Bus } from '@plimsoll/bus';
import { ImageOutdated } from '@plimsoll/contracts';
import { every } from '@plimsoll/database';
import { catalogers } from '@plimsoll/inventory';
import { Log, Metrics } from '@plimsoll/telemetry';
import { DataSource } from 'typeorm';
import { analyzerOf } from './analyzer.ts';
import { Garbage } from './garbage.ts';
import { Images } from './images.ts';
import { Presence } from './presence.ts';
import { scannerConfig } from './scanner.config.ts';
import { Scans } from './scans.ts';

/** Outdated images named in one turn: reading them again is the last in the queue, but their events are read by everybody. */
const outdatedAtOnce = 500;

/** What is done by the clock, by one scanner of all: outdated images are named, what nobody has is thrown away, the queue is counted. */
@Injectable()
export class KeepHouse implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private timers: Promise<void>[] = [];
  private readonly queue;
  private readonly oldest;

  constructor(
    private readonly bus: Bus, private readonly db: DataSource, private readonly log: Log, private readonly scans: Scans, private readonly images: Images,
    private readonly garbage: Garbage, private readonly presence: Presence, metrics: Metrics,
  ) {
    this.queue = metrics.gauge('plimsoll_scan_queue', 'Scans that wait', ['priority']);
    this.oldest = metrics.gauge('plimsoll_scan_queue_oldest_seconds', 'How long the scan that waits longest has waited', ['priority']);
  }

  onApplicationBootstrap(): void {
    const { PLIMSOLL_SCANNER_RESCAN_SECONDS: rescan, PLIMSOLL_SCANNER_KEEP_UNUSED_DAYS: days } = scannerConfig();
    const alone = (name: string, seconds: number, work: () => Promise<void>): void => {
      this.timers.push(every(this.db, `scanner: ${name}`, seconds * 1000, work, { signal: this.stopping.signal, onError: (error) => this.log.warn(`${name}: not done`, { error: String(error) }) }));
    };
    alone('outdated images', rescan, () => this.nameOutdated());
    alone('garbage', 60 * 60, async () => {
      await this.scans.forgetOld();
      const gone = await this.garbage.collect(await this.presence.here(), days);
      if (gone.images + gone.layers > 0) this.log.info('forgotten for good', gone);
    });
    // Each counts for itself: a gauge must not go stale because another has the lock.
    this.timers.push(this.count());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.timers);
  }

  /** Catalogers are newer than what they found in some images: the gateway asks for those again, as scheduled scans; once a day while they stay outdated. */
  private async nameOutdated(): Promise<void> {
    const analyzer = analyzerOf(catalogers);
    await this.bus.commit(async (tx, say) => {
      for (const { project, reference, digest, platform } of await this.images.outdated(tx, analyzer, outdatedAtOnce))
        await say(ImageOutdated, { image: { project, reference, digest }, platform, analyzer });
    });
  }

  private async count(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const waiting = await this.scans.waiting().catch(() => []);
      for (const { priority, count, seconds } of waiting) {
        this.queue.set({ priority }, count);
        this.oldest.set({ priority }, seconds);
      }
      await sleep(5_000, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}
