import { compressionOf, type FileLayerInput, type LayerInput, type LayerWalk, type OnBytes, readLayer, type ReadLimits, walkLayer } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { CatalogVisitor } from './catalog-visitor.ts';
import type { Cataloger } from './cataloger.ts';
import { catalogers as all } from './catalogers.ts';
import type { LayerAnalysis } from './layer-analysis.ts';
import { packPaths } from './packed-paths.ts';

export interface AnalyzeOptions {
  /** Those that have not seen the layer yet; all by default. */
  readonly catalogers?: readonly Cataloger[] | undefined;
  readonly limits?: Partial<ReadLimits> | undefined;
  /** false: an uncompressed layer in a file is read from header to header, and its digests are taken on trust, which its analysis says. */
  readonly verify?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: OnBytes | undefined;
}

/** Reads a layer once and tells everything in it. Keeps its thread busy; rejects with the Problems of `readLayer`, which mean the layer cannot be read. */
export async function analyzeLayer(input: LayerInput, options: AnalyzeOptions = {}): Promise<LayerAnalysis> {
  if (options.verify === false && canBeWalked(input)) {
    try {
      return await unverified(input, options);
    } catch (error) {
      // The media type lied.
      if (!(error instanceof Problem) || error.code !== 'layer-compressed') throw error;
    }
  }
  const visitor = new CatalogVisitor(options.catalogers ?? all);
  const { digest, diffId, size, ...walk } = await readLayer(input, visitor, options.limits, options.signal, options.onBytes);
  return { digest, diff_id: diffId, size, ...contents(visitor, walk) };
}

/** Whether the layer's headers can be read without its bytes. */
export const canBeWalked = (input: LayerInput): input is FileLayerInput => input.kind === 'file' && input.diffId !== undefined && compressionOf(input.mediaType) === 'none';

async function unverified(input: FileLayerInput, { catalogers = all, limits, signal }: AnalyzeOptions): Promise<LayerAnalysis> {
  const visitor = new CatalogVisitor(catalogers), { diffId, size } = input, digest = input.digest ?? diffId!;
  return { digest, diff_id: diffId!, size, verified: false, ...contents(visitor, await walkLayer(input, visitor, limits, signal)) };
}

const contents = (visitor: CatalogVisitor, { whiteouts, opaque, paths, problems }: LayerWalk): Omit<LayerAnalysis, 'digest' | 'diff_id' | 'size' | 'verified'> => ({
  results: visitor.results(),
  whiteouts: [...whiteouts], opaque: [...opaque], paths: packPaths(paths),
  problems: problems.map(({ code, detail, where }) => ({ code, detail, where })),
});
