import { parentPort } from 'node:worker_threads';
import { Problem } from '@plimsoll/problem';
import { analyzeLayer } from './analyze-layer.ts';
import { withKeys } from './catalogers.ts';
import type { LayerAnswer, LayerJob } from './layer-pool.ts';

/** The thread of a LayerPool: one layer at a time, answered with its analysis or its Problem. */
parentPort?.on('message', async ({ input, keys, limits }: LayerJob) => {
  let answer: LayerAnswer;
  try {
    answer = { analysis: await analyzeLayer(input, { catalogers: withKeys(keys), limits }) };
  } catch (error) {
    // A stranger's message is shown by the process that asked, never sent on; so it may cross the thread.
    answer = { problem: (error instanceof Problem ? error : new Problem('bug', error instanceof Error ? error.message : String(error), { code: 'layer-failed' })).toJSON() };
  }
  parentPort?.postMessage(answer);
});
