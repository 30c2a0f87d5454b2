import { readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isZip } from '@plimsoll/advisories';
import { Problem, type ProblemJson } from '@plimsoll/problem';
import type { Feed } from './feed-table.ts';
import type { KnownRecords } from './known-records.ts';
import { readShare } from './read-share.ts';

/** What a thread is told. */
export interface ReadingJob {
  readonly source: string;
  readonly files: readonly string[];
  readonly split: 'records' | 'files' | 'never';
  readonly part: number;
  readonly of: number;
  readonly known: { readonly size: number; readonly memory: SharedArrayBuffer };
  /** Ids of new rows begin here, and there are so many. */
  readonly base: number;
  readonly room: number;
  readonly revision: number;
  /** The files are lines of a bundle. */
  readonly isBundle: boolean;
  /** Records kept aside with their text; a feed broken throughout would fill the table otherwise. */
  readonly keptAside: number;
}

/** Lines for COPY, of one table and of the other. */
export interface ReadingBatch { readonly records: Uint8Array<ArrayBuffer>; readonly affected: Uint8Array<ArrayBuffer> }
export interface KeptAside { readonly record: string; readonly code: string; readonly detail: string; readonly excerpt: string }

/** What reading came to; `rows` are new or changed records, `ecosystems` how many of them speak of each. */
export interface ReadingDone {
  rows: number;
  rejected: number;
  problems: Record<string, number>;
  keptAside: KeptAside[];
  ecosystems: Record<string, number>;
  /** Records that say what they said before in other bytes: id, and the hash of the bytes. */
  refreshed: [id: number, raw: string][];
}
export type ReadingNews = { readonly batch: ReadingBatch } | { readonly done: ReadingDone } | { readonly problem: ProblemJson };

/** Records kept aside with their text, of one ingest. */
const keptAsideAtMost = 1_000;
/** Memory one thread may take for JavaScript objects, in MB; what a hostile feed makes of it ends the thread, not the service. */
const heapMegabytes = 512, youngMegabytes = 6;
const isSource = import.meta.url.endsWith('.ts');
const threadFile = new URL(isSource ? './reading-thread.ts' : './reading-thread.js', import.meta.url);

/**
 * Reads a feed in threads of its own, so that the service goes on answering: `onBatch` gets the new rows, one batch at a time.
 * Rejects with the feed's Problem, `signal.reason`, or `feed-reader-died` when a thread ran out of memory.
 */
export async function readInThreads(feed: Feed, files: readonly string[], job: Pick<ReadingJob, 'base' | 'room' | 'revision' | 'isBundle'> & { readonly known: KnownRecords }, onBatch: (batch: ReadingBatch) => Promise<void>, signal?: AbortSignal): Promise<ReadingDone> {
  const split = job.isBundle ? 'never' : await splitOf(feed, files);
  const of = split === 'never' || isSmall(files, 2 ** 20) ? 1 : Math.min(2, availableParallelism());
  const shareOf = (part: number): ReadingJob => ({ ...job, source: feed.id, files, split, part, of, known: { size: job.known.size, memory: job.known.memory }, keptAside: keptAsideAtMost });
  if (isSmall(files, 256 * 1024) && !await isPacked(files)) return readShare(shareOf(0), onBatch);
  const total: ReadingDone = { rows: 0, rejected: 0, problems: {}, keptAside: [], ecosystems: {}, refreshed: [] };
  const workers: Worker[] = [];
  let turn: Promise<void> = Promise.resolve();
  try {
    await Promise.all(Array.from({ length: of }, (_, part) => new Promise<void>((resolve, reject) => {
      const worker = new Worker(threadFile, { workerData: shareOf(part), resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: youngMegabytes }, ...(isSource && { execArgv: ['--conditions=@plimsoll/source'] }) });
      workers.push(worker);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.on('message', (news: ReadingNews) => {
        if ('batch' in news) turn = turn.then(() => onBatch(news.batch)).then(() => worker.postMessage('more'));
        else if ('problem' in news) reject(Problem.fromJSON(news.problem));
        else { add(total, news.done); turn.then(resolve, reject); }
        turn.catch(reject);
      });
      worker.on('error', (cause) => reject(new Problem('invalid', `${feed.id}: the thread that read it died: ${cause.message}`, { code: 'feed-reader-died', cause })));
      worker.on('exit', (code) => { if (code !== 0) reject(new Problem('invalid', `${feed.id}: the thread that read it ended with ${code}`, { code: 'feed-reader-died' })); });
    })));
    return total;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    await turn.catch(() => undefined);
  }
}

/** A zip gives each record for itself; out of a stream nothing can be left. */
async function splitOf({ splits }: Feed, files: readonly string[]): Promise<ReadingJob['split']> {
  if (splits === 'files') return files.length > 1 ? 'files' : 'never';
  if (splits !== 'records') return 'never';
  for (const file of files) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile() || !await isZip(file)) return 'never';
  }
  return 'records';
}

/** Less than so many bytes altogether: read before a thread has started. */
function isSmall(files: readonly string[], bytes: number): boolean {
  let left = bytes;
  const take = (path: string, depth: number): boolean => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found?.isDirectory()) return (left -= 512 + (found?.size ?? 0)) > 0;
    return depth < 4 && readdirSync(path).every((name) => take(join(path, name), depth + 1));
  };
  return files.every((file) => take(file, 0));
}

/** Whether anything in there may unpack to more than it is; then it is read where it can do no harm. */
async function isPacked(files: readonly string[]): Promise<boolean> {
  for (const file of files) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory() ? await isPacked(readdirSync(file).map((name) => join(file, name))) : found?.isFile() && await looksPacked(file)) return true;
  }
  return false;
}

/** Text begins with something to be seen, packed files of every kind do not. */
async function looksPacked(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead).some((byte) => byte > 0x7e || (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) || /^(PK|BZh)/.test(buffer.toString('latin1'));
  } finally {
    await file.close();
  }
}

function add(total: ReadingDone, { rows, rejected, problems, keptAside, ecosystems, refreshed }: ReadingDone): void {
  total.rows += rows;
  total.rejected += rejected;
  for (const [into, from] of [[total.problems, problems], [total.ecosystems, ecosystems]] as const) {
    for (const [name, count] of Object.entries(from)) into[name] = (into[name] ?? 0) + count;
  }
  total.keptAside.push(...keptAside.slice(0, keptAsideAtMost - total.keptAside.length));
  for (const one of refreshed) total.refreshed.push(one);
}
