import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Bus } from '@plimsoll/bus';
import { Log, Metrics } from '@plimsoll/telemetry';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { coverAll } from './coverage.ts';
import { judgeByNewMatcher } from './findings.ts';
import { sayMatched } from './match-image.ts';
import { queueImages } from './queue-images.ts';
import { currentRevision, holdRevision, ownRevision } from './revisions.ts';

/** Images told in one transaction. */
const batchSize = 100;

/**
 * Tells of the images that a revision touched, or, at a start, of those that another version of this service saw otherwise.
 * Their findings are up to date already; this only says so, one event an image, in small transactions and by as many
 * processes as there are.
 */
@Injectable()
export class Rematch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private isUpToDate = false;
  private wakeUp: () => void = () => undefined;
  private readonly waiting;

  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, metrics: Metrics) {
    this.waiting = metrics.gauge('plimsoll_rematch_waiting', 'Images touched by a revision whose subscribers are not told yet');
  }

  onApplicationBootstrap(): void { this.running = this.run(); }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  wake(): void { this.wakeUp(); }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const told = await this.work().catch((error: unknown) => { this.log.warn('rematch waits', { error: (error as Error).message }); return 0; });
      if (told === 0) {
        // Rows of a process that was killed wait a few seconds at most; our own wake us.
        const nap = new AbortController();
        this.wakeUp = () => nap.abort();
        await sleep(3_000, undefined, { signal: AbortSignal.any([signal, nap.signal]) }).catch(() => undefined);
      }
    }
  }

  private async work(): Promise<number> {
    if (!this.isUpToDate) {
      await this.bus.commit(async (tx) => {
        await ownRevision(tx);
        const { number } = await currentRevision(tx);
        const ecosystems = await coverAll(tx, number);
        const judged = await judgeByNewMatcher(tx, number);
        if (judged) this.log.info('fleet judged by another matcher', { ...judged, subjects: judged.subjects.length });
        await queueImages(tx, number, judged?.subjects ?? [], ecosystems);
      });
      this.isUpToDate = true;
    }
    return this.tellBatch();
  }

  private async tellBatch(): Promise<number> {
    const told = await this.bus.commit(async (tx, say) => {
      const [rows] = await tx.query(`delete from rematches where image in (select image from rematches order by image limit ${batchSize} for update skip locked) returning image`) as [{ image: string }[], number];
      if (rows.length === 0) return 0;
      await holdRevision(tx);
      await sayMatched(tx, say, this.bus.documents, rows.map(({ image }) => image));
      return rows.length;
    });
    if (told > 0) {
      const [row] = await this.db.query('select count(*)::int as count from rematches') as { count: number }[];
      this.waiting.set(row!.count);
    }
    return told;
  }
}
