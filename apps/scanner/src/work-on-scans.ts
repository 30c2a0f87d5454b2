import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { Bus, keptTrace, maxAttempts, spanned } from '@plimsoll/bus';
import { ImageIndexed, ImageRejected, ScanCancelled, type Body, type Priority } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Log, Metrics } from '@plimsoll/telemetry';
import { Images, type IndexedImage } from './images.ts';
import { IndexImage } from './index-image.ts';
import { Presence, type Session } from './presence.ts';
import { scannerConfig } from './scanner.config.ts';
import { Scans, type Scan } from './scans.ts';
import { Busy, ours, OurTrouble } from './trouble.ts';

/** How long an idle place waits before it looks again by itself: for retries whose time came, and for news that was lost. */
const pollMs = 1_000;

/** 1 s, 4 s, 16 s, 64 s, 256 s: a registry that is started again is back by then. */
const retryAfterMs = (attempt: number): number => 1_000 * 4 ** (attempt - 1);
const limitedMs = 60_000;
const patienceMs = 24 * 60 * 60_000;

/** The registry is away or wants patience, so every other image of it would meet the same. */
const isOfRegistry = ({ kind, code }: Problem): boolean =>
  code === 'rate-limited' || (kind === 'unavailable' && ['registry-unavailable', 'registry-stalled', 'registry-timeout'].includes(code ?? ''));

/** Why a scan was stopped from outside. */
class Cancelled extends Error {}
class Stopping extends Error {}

/** Takes scans from the queue, as many at a time as there are places, and sees each through to its one outcome. */
@Injectable()
export class WorkOnScans implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, AbortController>();
  private loops: Promise<void>[] = [];
  /** Counts news, so that what comes between a look and a wait is not slept through. */
  private told = 0;
  private readonly sleepers = new Set<() => void>();
  private readonly seconds;
  private readonly waited;

  constructor(
    private readonly bus: Bus, private readonly log: Log, private readonly scans: Scans, private readonly images: Images,
    private readonly indexImage: IndexImage, private readonly presence: Presence, metrics: Metrics,
  ) {
    this.seconds = metrics.histogram('plimsoll_scan_seconds', 'Time to index one image', ['outcome']);
    this.waited = metrics.histogram('plimsoll_scan_wait_seconds', 'Time from a push to the first look at its image', ['priority']);
  }

  onApplicationBootstrap(): void {
    this.presence.onNews((news) => {
      const [what, push = ''] = news.split(' ');
      if (what === 'cancel') this.running.get(push)?.abort(new Cancelled(`scan ${push} was cancelled`));
      else this.wake();
    });
    const { PLIMSOLL_SCANNER_CONCURRENCY: places } = scannerConfig();
    // One place more, for admissions alone: somebody waits for them, and must not wait for a slow registry's large layer.
    this.loops = [this.rescue(), this.serve('admission'), ...Array.from({ length: places }, () => this.serve('scheduled'))];
  }

  /** Stops what runs and gives it back, so that others go on with it at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort(new Stopping('the scanner stops'));
    this.wake();
    await Promise.all(this.loops);
  }

  private async serve(least: Priority): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        const session = await this.presence.here(), told = this.told;
        const scan = await this.scans.next(session.worker, least);
        if (scan) await this.work(scan, session);
        else if (told === this.told) await this.news();
      } catch (error) {
        this.log.warn('scanner waits', { error: (error as Error).message });
        await sleep(pollMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Every scanner looks after the dead, so that somebody does. */
  private async rescue(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await sleep(pollMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      try {
        const { worker } = await this.presence.here(), running = [...this.running.keys()];
        for (const push of await this.scans.lost(worker, running)) this.running.get(push)?.abort(new Cancelled(`scan ${push} is no longer ours`));
        const freed = await this.scans.rescue(worker, running);
        if (freed > 0) this.log.warn('scans of a scanner that died are queued again', { scans: freed });
      } catch (error) {
        this.log.warn('nobody is rescued', { error: (error as Error).message });
      }
    }
  }

  private work(scan: Scan, session: Session): Promise<void> {
    const attributes = { 'plimsoll.scan.attempt': scan.attempt, 'plimsoll.scan.priority': scan.priority };
    return spanned('scan image', SpanKind.INTERNAL, attributes, keptTrace(scan.trace), () => this.see(scan, session));
  }

  /** One attempt, and what becomes of it. Whatever happens here, the row says whose it is. */
  private async see(scan: Scan, session: Session): Promise<void> {
    const done = this.seconds.startTimer();
    if (scan.attempt === 1) this.waited.observe({ priority: scan.priority }, (Date.now() - scan.queuedAt.getTime()) / 1000);
    const stop = new AbortController();
    const { PLIMSOLL_SCANNER_IMAGE_SECONDS: limit } = scannerConfig();
    const timeout = AbortSignal.timeout(limit * 1000);
    this.running.set(scan.push, stop);
    try {
      // A process that died with it every time left no error behind, only the count.
      if (scan.deaths >= maxAttempts) throw new Problem('invalid', `reading it ended the scanner ${maxAttempts} times`, { code: 'scanner-died' });
      const signal = AbortSignal.any([stop.signal, timeout, session.lost, this.stopping.signal]);
      done({ outcome: await this.indexImage.index(scan, session, signal, (indexed) => this.indexed(scan, indexed)) ? 'indexed' : 'superseded' });
    } catch (error) {
      done({ outcome: await this.failed(scan, session, stop.signal, timeout.aborted ? new Problem('invalid', `reading took more than ${limit} s`, { code: 'limit-seconds' }) : error) });
    } finally {
      this.running.delete(scan.push);
    }
  }

  private indexed(scan: Scan, indexed: IndexedImage): Promise<boolean> {
    return ours(() => this.bus.commit(async (tx, say) => {
      if (!await this.scans.end(tx, scan)) return false;
      await this.images.indexed(tx, indexed, scan);
      const { digest, ...facts } = indexed.image;
      await say(ImageIndexed, { ...facts, push: scan.push, image: { project: scan.project, reference: scan.target, digest } });
      return true;
    }));
  }

  private async failed(scan: Scan, session: Session, stop: AbortSignal, error: unknown): Promise<string> {
    if (stop.aborted) return 'cancelled';
    // If somebody rescued it already, the row is no longer ours and nothing changes.
    if (session.lost.aborted) return await this.scans.retry(scan, { afterMs: 0, uncounted: true }), 'lost';
    if (this.stopping.signal.aborted) return await this.scans.retry(scan, { afterMs: 0, uncounted: true }), 'stopped';
    if (error instanceof Busy) return await this.scans.waitFor(scan, error.what), 'waits';
    if (error instanceof OurTrouble) {
      this.log.warn('scan waits', { target: scan.target, error: error.message });
      return await this.scans.retry(scan, { afterMs: pollMs, uncounted: true }), 'trouble';
    }
    const problem = Problem.from(error);
    // A registry that asks for patience gets a day of it; nothing is wrong with the image.
    const isLimited = problem.kind === 'limited' && Date.now() - scan.queuedAt.getTime() < patienceMs;
    if (isLimited || (problem.retry && scan.attempt < maxAttempts)) {
      const afterMs = isLimited ? limitedMs : retryAfterMs(scan.attempt);
      await this.scans.retry(scan, { afterMs, problem: problem.detail, uncounted: isLimited });
      if (isOfRegistry(problem)) await this.scans.holdBack(scan, afterMs + pollMs, problem.detail);
      return 'retried';
    }
    if (problem.kind === 'bug') this.log.error('image cannot be read', { target: scan.target, cause: String(problem.cause instanceof Error ? problem.cause.stack : problem.cause) });
    return await this.ended(scan, problem) ? 'rejected' : 'superseded';
  }

  /** A rejection is news, and policy denies the image; but what a scheduled look could not read again was read before, and stands. */
  private async ended(scan: Scan, problem: Problem): Promise<boolean> {
    const stands = scan.priority === 'scheduled' && await this.images.stands(scan);
    return this.bus.commit(async (tx, say) => {
      if (!await this.scans.end(tx, scan)) return false;
      const { push, project, target, digest } = scan;
      if (stands) await say(ScanCancelled, { push, project, target, why: `it cannot be read again (${problem.detail}); what was read before stands` });
      else await say(ImageRejected, { push, project, target, digest, problem: problem.toJSON() as Body<typeof ImageRejected>['problem'] });
      return true;
    });
  }

  private wake(): void {
    this.told++;
    for (const wakeUp of this.sleepers) wakeUp();
  }

  /** Resolves at the next news, or after a while. */
  private news(): Promise<void> {
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(wakeUp);
        resolve();
      };
      const timer = setTimeout(wakeUp, pollMs);
      this.sleepers.add(wakeUp);
      if (this.stopping.signal.aborted) wakeUp();
    });
  }
}
