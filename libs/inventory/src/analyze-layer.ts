import { type LayerInput, readLayer, type ReadLimits } from '@plimsoll/oci';
import { CatalogVisitor } from './catalog-visitor.ts';
import type { Cataloger } from './cataloger.ts';
import { catalogers as all } from './catalogers.ts';
import type { LayerAnalysis } from './layer-analysis.ts';
import { packPaths } from './packed-paths.ts';

export interface AnalyzeOptions {
  /** Those that have not seen the layer yet; all by default. */
  readonly catalogers?: readonly Cataloger[] | undefined;
  readonly limits?: Partial<ReadLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a layer once and tells everything in it. Keeps its thread busy; rejects with the Problems of `readLayer`, which mean the layer cannot be read. */
export async function analyzeLayer(input: LayerInput, { catalogers = all, limits, signal }: AnalyzeOptions = {}): Promise<LayerAnalysis> {
  const visitor = new CatalogVisitor(catalogers);
  const { digest, diffId, size, whiteouts, opaque, paths, problems } = await readLayer(input, visitor, limits, signal);
  return {
    digest, diff_id: diffId, size,
    results: visitor.results(),
    whiteouts: [...whiteouts], opaque: [...opaque], paths: packPaths(paths),
    problems: problems.map(({ code, detail, where }) => ({ code, detail, where })),
  };
}
