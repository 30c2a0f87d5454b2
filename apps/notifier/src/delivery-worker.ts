import { setTimeout as sleep } from 'node:timers/promises';
import { Bus, keptTrace, spanned } from '@plimsoll/bus';
import { DeliveryFailed, NotificationDelivered } from '@plimsoll/contracts';
import { every } from '@plimsoll/database';
import { Log, Metrics } from '@plimsoll/telemetry';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { DataSource } from 'typeorm';
import { Deliveries, type Taken } from './deliveries.ts';
import type { Outcome } from './outcome.ts';
import { waitAfter } from './retry.ts';
import { Subscriptions } from './subscriptions.ts';

/** Makes one attempt. Answers how it ended and does not throw for anything a receiver may do. */
export type Send = (taken: Taken, signal: AbortSignal) => Promise<Outcome>;

export interface WorkerSettings {
  readonly send: Send;
  readonly retrySeconds: readonly number[];
  readonly concurrency: number;
  readonly perReceiver: number;
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly keepDays: number;
}
export const workerSettings = Symbol('worker settings');

/** What a lease has beside the attempt's own time, to write the receipt. */
const receiptMs = 5_000;
/** What an attempt under way gets when the process is asked to stop; after that it is given back untried. */
const graceMs = 3_000;
const gaugeMs = 15_000, forgetMs = 3_600_000;

/**
 * Sends what is due, in as many processes as there are. A delivery is taken with a lease in one short statement, sent outside any
 * transaction, and its receipt is written with the event that tells of it in one commit. A process that dies in between leaves a
 * lease that ends: the delivery is sent again under the same id. So a receiver hears everything at least once, and can tell a repeat.
 */
@Injectable()
export class DeliveryWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly cutting = new AbortController();
  private readonly underWay = new Map<Promise<void>, string>();
  private readonly loops: Promise<unknown>[] = [];
  private woken = Promise.withResolvers<void>();
  private readonly total; private readonly seconds; private readonly waiting;

  constructor(
    private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, private readonly deliveries: Deliveries, private readonly subscriptions: Subscriptions,
    @Inject(workerSettings) private readonly settings: WorkerSettings, metrics: Metrics,
  ) {
    this.total = metrics.counter('plimsoll_notifier_deliveries_total', 'Attempts to deliver, by how they ended', ['channel', 'outcome'] as const);
    this.seconds = metrics.histogram('plimsoll_notifier_delivery_seconds', 'Time of one attempt to deliver', ['channel'] as const);
    this.waiting = metrics.gauge('plimsoll_notifier_deliveries_waiting', 'Deliveries that are neither delivered nor dead');
  }

  onApplicationBootstrap(): void {
    const { signal } = this.stopping;
    const onError = (error: unknown): void => { this.log.warn('receipts not tidied', { error: (error as Error).message }); };
    this.loops.push(this.run(), this.measure(), every(this.db, 'notifier-forget', forgetMs, () => this.deliveries.forget(this.settings.keepDays), { signal, onError }));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.wake();
    const grace = setTimeout(() => this.cutting.abort(), graceMs);
    await Promise.allSettled(this.loops);
    await Promise.allSettled(this.underWay.keys());
    clearTimeout(grace);
  }

  /** Looks for work now rather than at the next poll. */
  readonly wake = (): void => { this.woken.resolve(); };

  private async run(): Promise<void> {
    const { concurrency, pollMs } = this.settings;
    while (!this.stopping.signal.aborted) {
      this.woken = Promise.withResolvers<void>();
      const taken = this.underWay.size < concurrency ? await this.take() : undefined;
      if (taken) this.begin(taken);
      else await this.wokenOrAfter(pollMs);
    }
  }

  private async wokenOrAfter(ms: number): Promise<void> {
    const timer = setTimeout(this.wake, ms);
    await this.woken.promise;
    clearTimeout(timer);
  }

  private take(): Promise<Taken | undefined> {
    return this.deliveries.take(this.busyReceivers(), this.settings.timeoutMs + receiptMs)
      .catch((error: unknown) => { this.log.warn('deliveries wait', { error: (error as Error).message }); return undefined; });
  }

  private busyReceivers(): string[] {
    const counts = Map.groupBy(this.underWay.values(), (receiver) => receiver);
    return [...counts].flatMap(([receiver, { length }]) => length >= this.settings.perReceiver ? [receiver] : []);
  }

  private begin(taken: Taken): void {
    const attempt = this.attempt(taken)
      .catch((error: unknown) => this.log.warn('receipt not written, the delivery will be repeated', { delivery: taken.id, error: (error as Error).message }))
      .finally(() => { this.underWay.delete(attempt); this.wake(); });
    this.underWay.set(attempt, taken.receiver);
  }

  private attempt(taken: Taken): Promise<void> {
    const { channel, attempts, trace: kept } = taken;
    const attributes = { 'plimsoll.delivery': taken.id, 'plimsoll.subscription': taken.subscription, 'plimsoll.attempt': attempts, 'server.address': taken.receiver };
    return spanned(`deliver ${channel.kind}`, SpanKind.CLIENT, attributes, keptTrace(kept), async () => {
      const started = performance.now();
      const { cutting } = this;
      const outcome = await this.outcome(taken, AbortSignal.any([cutting.signal, AbortSignal.timeout(this.settings.timeoutMs)]));
      if (outcome.kind !== 'delivered' && cutting.signal.aborted) return this.deliveries.release(taken);
      trace.getActiveSpan()?.setAttribute('plimsoll.answer', outcome.answer);
      if (outcome.kind !== 'delivered') trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR, message: outcome.answer });
      this.total.inc({ channel: channel.kind, outcome: outcome.kind });
      this.seconds.observe({ channel: channel.kind }, (performance.now() - started) / 1000);
      await this.settle(taken, outcome);
    });
  }

  /** Attempts whose process died are used up too: a delivery that kills its sender comes to an end. */
  private async outcome(taken: Taken, signal: AbortSignal): Promise<Outcome> {
    if (taken.attempts > this.settings.retrySeconds.length + 1) return { kind: 'refused', answer: 'no attempt came to an end' };
    try {
      return await this.settings.send(taken, signal);
    } catch (error) {
      this.log.error('delivery failed on our side', { delivery: taken.id, cause: (error as Error).stack });
      return { kind: 'failed', answer: 'failed on our side' };
    }
  }

  /** The receipt and what is said about it: both or neither. */
  private settle(taken: Taken, outcome: Outcome): Promise<void> {
    const { id, subscription, project, attempts, channel } = taken;
    const about = { delivery: id, subscription, project, attempts, ...(taken.digest === null ? {} : { digest: taken.digest }) };
    return this.bus.commit(async (tx, say) => {
      if (outcome.kind === 'delivered') {
        if (await this.deliveries.delivered(tx, id, outcome.answer)) await say(NotificationDelivered, { ...about, channel: channel.kind, ...(taken.push === null ? {} : { push: taken.push }) });
        return;
      }
      const askedMs = outcome.kind === 'failed' ? outcome.askedMs : undefined;
      const waitMs = outcome.kind === 'failed' ? waitAfter(this.settings.retrySeconds, attempts, askedMs) : undefined;
      if (waitMs !== undefined) {
        await this.deliveries.failed(tx, taken, outcome.answer, waitMs);
        if (askedMs) await this.deliveries.holdBack(tx, subscription, Math.min(waitMs, askedMs));
        return;
      }
      if (outcome.kind === 'gone') await this.subscriptions.pause(tx, subscription);
      if (await this.deliveries.died(tx, taken, outcome.answer)) await say(DeliveryFailed, { ...about, last_answer: outcome.answer });
    });
  }

  private async measure(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.deliveries.waiting().then((count) => this.waiting.set(count), () => undefined);
      await sleep(gaugeMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
