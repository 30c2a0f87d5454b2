import { parentPort } from 'node:worker_threads';
import { Problem } from '@plimsoll/problem';
import { analyzeLayer } from './analyze-layer.ts';
import { withKeys } from './catalogers.ts';
import type { LayerJob, LayerNews } from './layer-pool.ts';

// Often enough for an eye, seldom enough to cost nothing.
const newsEvery = 100;

/** The thread of a LayerPool: one layer at a time, answered with its analysis or its Problem; before that, news of how far it is. */
parentPort?.on('message', async ({ input, keys, limits, verify }: LayerJob) => {
  let answer: LayerNews, told = -newsEvery;
  const onBytes = (read: number): void => {
    if (performance.now() - told < newsEvery) return;
    told = performance.now();
    parentPort?.postMessage({ read } satisfies LayerNews);
  };
  try {
    answer = { analysis: await analyzeLayer(input, { catalogers: withKeys(keys), limits, verify, onBytes }) };
  } catch (error) {
    // A stranger's message is shown by the process that asked, never sent on; so it may cross the thread.
    answer = { problem: (error instanceof Problem ? error : new Problem('bug', error instanceof Error ? error.message : String(error), { code: 'layer-failed' })).toJSON() };
  }
  parentPort?.postMessage(answer);
});
