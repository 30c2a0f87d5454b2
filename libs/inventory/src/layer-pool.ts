import { Worker } from 'node:worker_threads';
import type { LayerInput, OnBytes, ReadLimits } from '@plimsoll/oci';
import { Problem, type ProblemJson } from '@plimsoll/problem';
import type { LayerAnalysis } from './layer-analysis.ts';

export interface LayerJob { readonly input: LayerInput; readonly keys: readonly string[]; readonly limits: Partial<ReadLimits> | undefined; readonly verify?: boolean | undefined }
/** What a thread says: how many of the layer's stored bytes it read, and then, once, what came of it. */
export type LayerNews = { readonly read: number } | { readonly analysis: LayerAnalysis } | { readonly problem: ProblemJson };

/** Memory one thread may take for JavaScript objects, in MB; what a hostile layer can make of it ends that thread, not the process. */
const heapMegabytes = 1024;
// V8 would let the short-lived objects of every thread fill 48 MB before it looks which are dead; a twentieth is as fast.
const youngMegabytes = 2;

/**
 * Threads that read layers, kept between images: a thread is started when there is work for it, up to `size`.
 * Jobs run in the order given; give the largest first. Idle threads do not keep the process alive.
 */
export class LayerPool implements AsyncDisposable {
  private readonly size: number;
  private readonly waiting: Assignment[] = [];
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Assignment>();
  private closed = false;

  constructor(size: number) { this.size = Math.max(1, size); }

  /** Analyses a layer with the catalogers of these keys; `onBytes` hears how far it is about ten times a second. Rejects with the Problem of `analyzeLayer`, with `signal.reason`, or `layer-worker-died`. */
  analyze(job: LayerJob, signal?: AbortSignal, onBytes?: OnBytes): Promise<LayerAnalysis> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) { reject(signal.reason); return; }
      if (this.closed) { reject(poolClosed()); return; }
      const assignment: Assignment = { job, resolve, reject, onBytes, release: () => signal?.removeEventListener('abort', abort) };
      const abort = (): void => this.abandon(assignment, signal!.reason);
      signal?.addEventListener('abort', abort, { once: true });
      this.waiting.push(assignment);
      this.assign();
    });
  }

  /** Ends every thread; what was not answered yet is refused with Problem `pool-closed`. */
  async close(): Promise<void> {
    this.closed = true;
    const workers = [...this.idle.splice(0), ...this.busy.keys()];
    for (const assignment of [...this.waiting.splice(0), ...this.busy.values()]) this.finish(assignment, () => assignment.reject(poolClosed()));
    this.busy.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async [Symbol.asyncDispose](): Promise<void> { await this.close(); }

  private assign(): void {
    while (this.waiting.length > 0 && (this.idle.length > 0 || this.busy.size < this.size)) {
      const worker = this.idle.pop() ?? this.start();
      const assignment = this.waiting.shift()!;
      this.busy.set(worker, assignment);
      worker.ref();
      worker.postMessage(assignment.job);
    }
  }

  private start(): Worker {
    const worker = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: youngMegabytes }, ...(isSource && { execArgv: ['--conditions=@plimsoll/source'] }) });
    let death: Error | undefined;
    worker.on('message', (news: LayerNews) => {
      const assignment = this.busy.get(worker);
      if (!assignment) return;
      if ('read' in news) { assignment.onBytes?.(news.read); return; }
      this.busy.delete(worker);
      this.idle.push(worker);
      worker.unref();
      this.finish(assignment, () => ('analysis' in news ? assignment.resolve(news.analysis) : assignment.reject(Problem.fromJSON(news.problem))));
      this.assign();
    });
    worker.on('error', (error: Error) => { death = error; });
    worker.on('exit', () => {
      const assignment = this.busy.get(worker);
      this.busy.delete(worker);
      const place = this.idle.indexOf(worker);
      if (place >= 0) this.idle.splice(place, 1);
      if (assignment) this.finish(assignment, () => assignment.reject(died(death)));
      this.assign();
    });
    return worker;
  }

  /** A thread deep in a layer does not hear us: it is ended, and the next job starts a new one. */
  private abandon(assignment: Assignment, reason: unknown): void {
    const place = this.waiting.indexOf(assignment);
    if (place >= 0) this.waiting.splice(place, 1);
    for (const [worker, job] of this.busy) {
      if (job !== assignment) continue;
      this.busy.delete(worker);
      void worker.terminate();
    }
    this.finish(assignment, () => assignment.reject(reason));
    this.assign();
  }

  private finish(assignment: Assignment, answer: () => void): void {
    assignment.release();
    answer();
  }
}

interface Assignment {
  readonly job: LayerJob;
  readonly resolve: (analysis: LayerAnalysis) => void;
  readonly reject: (reason: unknown) => void;
  readonly onBytes: OnBytes | undefined;
  readonly release: () => void;
}

/** The thread's file stands beside this one, as source under type stripping or as compiled; a source must import sources, never a stale build. */
const isSource = import.meta.url.endsWith('.ts');
const workerFile = new URL(isSource ? './layer-worker.ts' : './layer-worker.js', import.meta.url);

const poolClosed = (): Problem => new Problem('unavailable', 'the layer pool is closed', { code: 'pool-closed' });

function died(error: Error | undefined): Problem {
  const outOfMemory = (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return outOfMemory
    ? new Problem('invalid', `reading the layer takes more than ${heapMegabytes} MB of memory`, { code: 'limit-memory', cause: error })
    : new Problem('bug', `the thread reading the layer ended: ${error?.message ?? 'no reason given'}`, { code: 'layer-worker-died', cause: error });
}
