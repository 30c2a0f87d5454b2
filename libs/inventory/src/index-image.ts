import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type ImageLimits, type ImageSource, type LayerInput, type OnBytes, openImage, type OpenOptions, readDirectory, type ReadLimits, type Target } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { claimedBase, type KnownBase, withBase } from './bases.ts';
import { analyzeLayer, canBeWalked } from './analyze-layer.ts';
import { CatalogVisitor } from './catalog-visitor.ts';
import { catalogerKey } from './cataloger.ts';
import { catalogers, withKeys } from './catalogers.ts';
import { releaseFiles } from './catalogers/os-release.ts';
import { checkTarget } from './checks/check-target.ts';
import { coalesce, contentsOf, factsOf, type LayerPart, problemsOfFiles, secretsOfFiles, sortedProblems } from './coalesce.ts';
import { indexFile } from './index-file.ts';
import { type LayerAnalysis, mergeAnalyses, missingFrom } from './layer-analysis.ts';
import { LayerPool } from './layer-pool.ts';
import { lockfiles } from './lockfiles.ts';
import { byPath } from './files.ts';
import type { FileOfImage, Inventory, Layer } from './model.ts';
import { neededWithout, type Scanner } from './scanners.ts';

/** How far the reading of an image is; bytes are stored bytes, of layers known before too. */
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
  /** Hears of every finished layer, and about ten times a second of the bytes read in between. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** false: uncompressed layers in files (of a docker-archive) are read by their headers alone, several times as fast. Their digests are then claims: the inventory says so of each, and none is handed to `analyzed`. */
  readonly verify?: boolean | undefined;
  /** What is known of a layer already, by the digest of its stored bytes. Catalogers it lacks are run, and what they alone found is handed to `analyzed`. */
  readonly cached?: ((digest: string) => Promise<LayerAnalysis | undefined>) | undefined;
  readonly analyzed?: ((analysis: LayerAnalysis) => Promise<void>) | undefined;
  /** Wraps the look-up and the reading of one layer that is not wholly known, so that of several processes one reads it. May reject when another does; the signal aborts when the layer is no longer wanted. */
  readonly alone?: (<T>(digest: string, work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>) | undefined;
  /** What is not looked for. */
  readonly without?: readonly Scanner[] | undefined;
  /** Whether every file is told, with its layer. */
  readonly files?: boolean | undefined;
  /** Base images that are known: what comes from one is marked. */
  readonly bases?: readonly KnownBase[] | undefined;
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
  const { limits, signal, verify } = options;
  // Starting threads takes as long as reading a few megabytes here does, or the headers of a few gigabytes.
  const isQuick = bytesTotal < smallImage || (verify === false && layers.every((_, i) => canBeWalked(image.layerInput(i))));
  const pool = isQuick && options.pool === undefined && options.workers === undefined ? undefined : options.pool ?? new LayerPool(Math.min(options.workers ?? availableParallelism(), layers.length));
  const failing = new AbortController(), within = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal;
  const analyze: Analyze = (input, keys, onBytes) => pool?.analyze({ input, keys, limits, verify }, within, onBytes) ?? analyzeLayer(input, { catalogers: withKeys(keys), limits, verify, signal: within, onBytes });
  const tell = teller(layers, options.onProgress);
  try {
    const parts: LayerPart[] = new Array(layers.length);
    // Largest first: the last one to finish decides how long it takes.
    const order = layers.map((_, i) => i).sort((a, b) => layers[b]!.size - layers[a]!.size);
    await allOrFirstFailure(order.map(async (i) => {
      const { digest, diffId, size, mediaType, createdBy } = layers[i]!;
      const layer: Layer = { digest, diff_id: diffId, size, media_type: mediaType, ...(createdBy && { created_by: createdBy }) };
      parts[i] = { layer, ...(await readPart(image, i, (input, keys) => analyze(input, keys, (read) => tell.read(i, read)), { ...options, signal: within })) };
      tell.done(i);
    }), failing);
    // What follows takes memory too; threads that are no longer needed give theirs back first.
    if (!options.pool) await pool?.close();
    const { reference, digest, platform, config, fromRegistry } = image, { without, bases = [] } = options, base = claimedBase(image);
    return withBase(coalesce({ target: { reference, ...(digest && { digest }), platform, ...(base && { base }) }, config, layers: parts, fromRegistry, without, files: options.files }), bases);
  } finally {
    if (!options.pool) await pool?.close();
  }
}

/**
 * Waits for every layer, also when one fails: nothing reads on behind the back of who closes the image. What trying again may mend
 * lets the others finish, because what they find is kept; what nothing mends ends them.
 */
async function allOrFirstFailure(reading: readonly Promise<void>[], failing: AbortController): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(reading.map((one) => one.catch((error: unknown) => {
    failures.push(error);
    if (!Problem.from(error).retry) failing.abort(error);
  })));
  if (failures.length > 0) throw failing.signal.aborted ? failing.signal.reason : failures[0];
}

/** Adds up how far the layers are; speaks at most ten times a second between finished layers. */
function teller(layers: readonly { readonly size: number }[], onProgress: IndexOptions['onProgress']): { read(layer: number, bytes: number): void; done(layer: number): void } {
  const bytesTotal = layers.reduce((sum, { size }) => sum + size, 0), read = layers.map(() => 0);
  let layersDone = 0, told = 0;
  const tell = (): void => {
    told = performance.now();
    onProgress?.({ layersDone, layersTotal: layers.length, bytesDone: read.reduce((sum, one) => sum + one, 0), bytesTotal });
  };
  return {
    read(layer, bytes) {
      // A layer longer than it was said to be is about to be refused.
      read[layer] = Math.min(bytes, layers[layer]!.size);
      if (performance.now() - told >= 100) tell();
    },
    done(layer) { read[layer] = layers[layer]!.size; layersDone++; tell(); },
  };
}

type Analyze = (input: LayerInput, keys: readonly string[], onBytes?: OnBytes) => Promise<LayerAnalysis>;

async function readPart(image: ImageSource, i: number, analyze: Analyze, options: IndexOptions): Promise<Pick<LayerPart, 'analysis' | 'problem'>> {
  const { signal, strict } = options;
  try {
    return { analysis: await analysisOf(image, i, analyze, options) };
  } catch (error) {
    signal?.throwIfAborted();
    if (strict || !(error instanceof Problem) || (error.kind === 'bug' && error.code === undefined) || error.code === 'pool-closed') throw error;
    return { problem: { code: error.code ?? 'layer-unreadable', detail: error.detail } };
  }
}

/** What is known of the layer, completed by the catalogers that have not seen it. */
async function analysisOf(image: ImageSource, i: number, analyze: Analyze, { cached, analyzed, signal, without = [], alone = (_digest, work) => work() }: IndexOptions): Promise<LayerAnalysis> {
  const { digest, diffId } = image.layers[i]!;
  const lookUp = async (): Promise<{ known: LayerAnalysis | undefined; missing: string[] }> => {
    // A docker-archive names its layers by the diffId its configuration claims: nothing is looked up under an unproven name.
    const known = image.digest === undefined ? undefined : await cached?.(digest);
    if (known && known.diff_id !== diffId) throw new Problem('invalid', `the configuration claims ${diffId}, the layer is ${known.diff_id}`, { code: 'diff-id-mismatch' });
    return { known, missing: missingFrom(known ?? { results: {} }, neededWithout(catalogers, without).map(catalogerKey)) };
  };
  const before = await lookUp();
  if (before.known && before.missing.length === 0) return before.known;
  return alone(digest, async () => {
    const { known, missing } = await lookUp();   // somebody may have read it since
    if (known && missing.length === 0) return known;
    const fresh = await analyze(image.layerInput(i), missing);
    if (fresh.verified !== false) await analyzed?.(fresh);
    return known ? mergeAnalyses(known, fresh) : fresh;
  }, signal);
}

const smallImage = 8 * 1024 * 1024;

/** In a directory of sources the lock files say what will be installed; in a system what is installed says so itself. */
const isRootFilesystem = (root: string): boolean => [...releaseFiles, 'var/lib/dpkg', 'lib/apk', 'var/lib/rpm', 'usr/lib/sysimage/rpm', 'var/lib/pacman', 'var/db/pkg', 'usr/lib/opkg', 'var/lib/opkg'].some((path) => existsSync(join(root, path)));

async function indexDirectory(root: string, { limits, signal, onProgress, without = [], files }: IndexOptions): Promise<Inventory> {
  const isSystem = isRootFilesystem(root), paths: FileOfImage[] = [];
  const visitor = new CatalogVisitor(neededWithout(isSystem ? catalogers : [...catalogers, ...lockfiles], without), files ? ({ path, type }) => { if (type !== 'directory') paths.push({ path }); } : undefined);
  const { problems } = await readDirectory(root, visitor, limits, signal);
  const seen = Object.values(visitor.results()).flatMap((files) => Object.entries(files).map(([path, found]) => ({ path, layer: 0, found })));
  seen.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  onProgress?.({ layersDone: 1, layersTotal: 1, bytesDone: 0, bytesTotal: 0 });
  const contents = contentsOf(seen, () => undefined), secrets = secretsOfFiles(seen);
  return {
    target: { kind: 'filesystem', reference: root, layers: [] },
    ...contents,
    ...(files && { files: paths.sort(byPath) }),
    secrets,
    configuration: { findings: isSystem && !without.includes('config') ? checkTarget({ ...factsOf(seen, () => undefined), packages: contents.packages, secrets }) : [] },
    problems: sortedProblems([...problems, ...problemsOfFiles(seen)]),
  };
}
