import { parentPort, workerData } from 'node:worker_threads';
import { Problem } from '@plimsoll/problem';
import type { ReadingJob, ReadingNews } from './read-in-threads.ts';
import { readShare } from './read-share.ts';

/** Batches under way while the next one is made. */
const ahead = 2;
let under = 0, next: () => void = () => undefined;
parentPort!.on('message', () => { under--; next(); });

// The thread of an ingest.
try {
  const done = await readShare(workerData as ReadingJob, async (batch) => {
    parentPort!.postMessage({ batch } satisfies ReadingNews, [batch.records.buffer, batch.affected.buffer]);
    under++;
    while (under > ahead) await new Promise<void>((resolve) => { next = resolve; });
  });
  parentPort!.postMessage({ done } satisfies ReadingNews);
} catch (error) {
  const problem = error instanceof Problem ? error : new Problem('bug', error instanceof Error ? `${error.message}\n${error.stack}` : String(error));
  parentPort!.postMessage({ problem: problem.toJSON() } satisfies ReadingNews);
}
parentPort!.close();
