import { z } from 'zod';
import { Found } from './found.ts';
import { Digest, InventoryProblem } from './model.ts';

/**
 * Everything an inventory needs of one layer, as plain JSON: true for ever under (layer digest, name@version of each cataloger).
 * `results` may be stored cataloger by cataloger and put together again with `mergeAnalyses`; the rest depends on the layer alone.
 */
export const LayerAnalysis = z.object({
  /** Digest of the stored layer, verified. */
  digest: Digest,
  /** Digest of the uncompressed tar, verified. */
  diff_id: Digest,
  /** Bytes as stored. */
  size: z.int().nonnegative(),
  /** false: the digests are claims. Such an analysis is never kept. */
  verified: z.literal(false).optional(),
  /** By `name@version` of the cataloger, then by path. A cataloger without a key here has not seen the layer. */
  results: z.record(z.string(), z.record(z.string(), Found)),
  /** Paths and directories this layer hides in the layers below. */
  whiteouts: z.array(z.string()),
  opaque: z.array(z.string()),
  /** Every path of the layer: the bytes of an oci PathList, deflated, in base64. */
  paths: z.base64(),
  /** What the reader skipped. */
  problems: z.array(InventoryProblem),
});
export type LayerAnalysis = z.output<typeof LayerAnalysis>;

/** The catalogers (`name@version`) of these that have not seen the layer yet. */
export const missingFrom = (analysis: Pick<LayerAnalysis, 'results'>, keys: readonly string[]): string[] => keys.filter((key) => !(key in analysis.results));

/** Two readings of one layer by different catalogers, as one. */
export const mergeAnalyses = (older: LayerAnalysis, newer: LayerAnalysis): LayerAnalysis => ({ ...newer, results: { ...older.results, ...newer.results } });
