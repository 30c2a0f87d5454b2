import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type ImageLimits, type ImageSource, type LayerInput, openImage, type OpenOptions, readDirectory, type ReadLimits, type Target } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { analyzeLayer } from './analyze-layer.ts';
import { CatalogVisitor } from './catalog-visitor.ts';
import { catalogerKey } from './cataloger.ts';
import { catalogers, withKeys } from './catalogers.ts';
import { releaseFiles } from './catalogers/os-release.ts';
import { coalesce, contentsOf, type LayerPart, problemsOfFiles, sortedProblems } from './coalesce.ts';
import { indexFile } from './index-file.ts';
import { type LayerAnalysis, mergeAnalyses, missingFrom } from './layer-analysis.ts';
import { LayerPool } from './layer-pool.ts';
import { lockfiles } from './lockfiles.ts';
import type { Inventory, Layer } from './model.ts';

export interface Progress { readonly layersDone: number; readonly layersTotal: number; readonly bytesDone: number; readonly bytesTotal: number }

export interface IndexOptions extends Omit<OpenOptions, 'limits'> {
  /** Threads that read layers. By default as many as cores, and none for an image of a few megabytes. Ignored when `pool` is given. */
  readonly workers?: number | undefined;
  /** Threads to use instead of own ones; they stay open. */
  readonly pool?: LayerPool | undefined;
  /** What a layer or a directory tree may cost. */
  readonly limits?: Partial<ReadLimits> | undefined;
  /** What the image's own documents may cost. */
  readonly imageLimits?: Partial<ImageLimits> | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** What is known of a layer already, by the digest of its stored bytes. Catalogers it lacks are run, and what they alone found is handed to `analyzed`. */
  readonly cached?: ((digest: string) => Promise<LayerAnalysis | undefined>) | undefined;
  readonly analyzed?: ((analysis: LayerAnalysis) => Promise<void>) | undefined;
  /** Wraps the look-up and the reading of one layer, so that of several processes one reads it and the others then find it. */
  readonly alone?: (<T>(digest: string, work: () => Promise<T>) => Promise<T>) | undefined;
  /** True: a layer that cannot be read rejects with its Problem (which says whether trying again helps). Else it is a problem of a partial inventory. */
  readonly strict?: boolean | undefined;
}

/** Everything inside a target: an image wherever it is, a root filesystem, a directory of sources with its lock files, a single lock file or package database. */
export async function indexTarget(target: Target, options: IndexOptions = {}): Promise<Inventory> {
  switch (target.kind) {
    case 'directory': return indexDirectory(target.path, options);
    case 'file': return indexFile(target.path);
    default: {
      const image = await openImage(target, { ...options, limits: options.imageLimits ?? {} });
      try {
        return await indexImage(image, options);
      } finally {
        await image.close();
      }
    }
  }
}

/** Everything inside an opened image. A layer that cannot be read is a problem of the inventory; only an abort or a bug rejects. */
export async function indexImage(image: ImageSource, options: IndexOptions = {}): Promise<Inventory> {
  const { layers } = image;
  const bytesTotal = layers.reduce((sum, { size }) => sum + size, 0);
  const { limits, signal } = options;
  // Starting threads takes as long as reading a few megabytes here does.
  const isSmall = options.pool === undefined && options.workers === undefined && bytesTotal < smallImage;
  const pool = isSmall ? undefined : options.pool ?? new LayerPool(Math.min(options.workers ?? availableParallelism(), layers.length));
  const analyze: Analyze = (input, keys) => pool?.analyze({ input, keys, limits }, signal) ?? analyzeLayer(input, { catalogers: withKeys(keys), limits, signal });
  let layersDone = 0, bytesDone = 0;
  try {
    const parts: LayerPart[] = new Array(layers.length);
    // Largest first: the last one to finish decides how long it takes.
    const order = layers.map((_, i) => i).sort((a, b) => layers[b]!.size - layers[a]!.size);
    await Promise.all(order.map(async (i) => {
      const { digest, diffId, size, mediaType, createdBy } = layers[i]!;
      const layer: Layer = { digest, diff_id: diffId, size, media_type: mediaType, ...(createdBy && { created_by: createdBy }) };
      parts[i] = { layer, ...(await readPart(image, i, analyze, options)) };
      options.onProgress?.({ layersDone: ++layersDone, layersTotal: layers.length, bytesDone: bytesDone += size, bytesTotal });
    }));
    const { reference, digest, platform, config } = image;
    return coalesce({ target: { reference, ...(digest && { digest }), platform }, config, layers: parts });
  } finally {
    if (!options.pool) await pool?.close();
  }
}

type Analyze = (input: LayerInput, keys: readonly string[]) => Promise<LayerAnalysis>;

async function readPart(image: ImageSource, i: number, analyze: Analyze, options: IndexOptions): Promise<Pick<LayerPart, 'analysis' | 'problem'>> {
  const { signal, strict, alone = (_digest, work) => work() } = options;
  try {
    return { analysis: await alone(image.layers[i]!.digest, () => analysisOf(image, i, analyze, options)) };
  } catch (error) {
    signal?.throwIfAborted();
    if (strict || !(error instanceof Problem) || (error.kind === 'bug' && error.code === undefined) || error.code === 'pool-closed') throw error;
    return { problem: { code: error.code ?? 'layer-unreadable', detail: error.detail } };
  }
}

/** What is known of the layer, completed by the catalogers that have not seen it. */
async function analysisOf(image: ImageSource, i: number, analyze: Analyze, { cached, analyzed }: IndexOptions): Promise<LayerAnalysis> {
  const { digest, diffId } = image.layers[i]!;
  // A docker-archive names its layers by the diffId its configuration claims: nothing is looked up under an unproven name.
  const known = image.digest === undefined ? undefined : await cached?.(digest);
  if (known && known.diff_id !== diffId) throw new Problem('invalid', `the configuration claims ${diffId}, the layer is ${known.diff_id}`, { code: 'diff-id-mismatch' });
  const missing = missingFrom(known ?? { results: {} }, catalogers.map(catalogerKey));
  if (known && missing.length === 0) return known;
  const fresh = await analyze(image.layerInput(i), missing);
  await analyzed?.(fresh);
  return known ? mergeAnalyses(known, fresh) : fresh;
}

const smallImage = 8 * 1024 * 1024;

/** In a directory of sources the lock files say what will be installed; in a system what is installed says so itself. */
const isRootFilesystem = (root: string): boolean => [...releaseFiles, 'var/lib/dpkg', 'lib/apk', 'var/lib/rpm', 'usr/lib/sysimage/rpm'].some((path) => existsSync(join(root, path)));

async function indexDirectory(root: string, { limits, signal, onProgress }: IndexOptions): Promise<Inventory> {
  const visitor = new CatalogVisitor(isRootFilesystem(root) ? catalogers : [...catalogers, ...lockfiles]);
  const { problems } = await readDirectory(root, visitor, limits, signal);
  const seen = Object.values(visitor.results()).flatMap((files) => Object.entries(files).map(([path, found]) => ({ path, layer: 0, found })));
  seen.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  onProgress?.({ layersDone: 1, layersTotal: 1, bytesDone: 0, bytesTotal: 0 });
  return {
    target: { kind: 'filesystem', reference: root, layers: [] },
    ...contentsOf(seen, () => undefined),
    configuration: {},
    problems: sortedProblems([...problems, ...problemsOfFiles(seen)]),
  };
}
