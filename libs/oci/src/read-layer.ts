import { invalid } from '@plimsoll/problem';
import { Containerd, type ContainerdAccess } from './containerd.ts';
import type { Digest } from './digests.ts';
import type { Visitor } from './entry.ts';
import { readSlice } from './file-slice.ts';
import { LayerContents } from './layer-contents.ts';
import { layerName, LayerPipe, type LayerIdentity } from './layer-pipe.ts';
import { defaultReadLimits, type ReadLimits, type ReadProblem } from './limits.ts';
import type { PathList } from './path-list.ts';
import { Registry, type RegistryAccess } from './registry.ts';
import type { TarListener } from './tar.ts';
import { walkSlice } from './walk-slice.ts';

interface LayerPromise {
  /** Digest of the stored bytes, as the manifest says; undefined in a docker-archive, whose layers are promised by diffId alone. */
  readonly digest: Digest | undefined;
  /** Digest of the uncompressed tar, as the image configuration claims. */
  readonly diffId: Digest | undefined;
  readonly mediaType: string;
  /** Stored bytes. */
  readonly size: number;
}

/** A layer in a file of this machine: the whole file, or a slice of an archive. */
export interface FileLayerInput extends LayerPromise { readonly kind: 'file'; readonly path: string; readonly offset: number }

/** A layer in a registry. Holds credentials: never log it, never send it off the machine. */
export interface RegistryLayerInput extends LayerPromise { readonly kind: 'registry'; readonly digest: Digest; readonly access: RegistryAccess }

/** A layer in the content store of a containerd of this machine. */
export interface ContainerdLayerInput extends LayerPromise { readonly kind: 'containerd'; readonly digest: Digest; readonly access: ContainerdAccess }

/** Where the bytes of a layer are: a plain value, so that a worker thread can open it itself. */
export type LayerInput = FileLayerInput | RegistryLayerInput | ContainerdLayerInput;

/** What walking a layer found. Plain data apart from `paths`, which is one buffer (see PathList). */
export interface LayerWalk {
  /** Headers of files, directories and links, whiteouts included. */
  readonly entries: number;
  /** Paths this layer removes from the layers below it. */
  readonly whiteouts: readonly string[];
  /** Directories whose content in the layers below is hidden; '' is the root. */
  readonly opaque: readonly string[];
  /** Every path of the layer but whiteouts, for `survivingPaths`. */
  readonly paths: PathList;
  /** What was skipped and why. A reading with problems is partial. */
  readonly problems: readonly ReadProblem[];
}

/** A walk, and what the bytes turned out to be: computed, and equal to what was promised. */
export interface LayerReading extends LayerWalk, LayerIdentity {}

/** Hears how many of the stored bytes were read, after every few hundred kilobytes of the first walk. Keep it short. */
export type OnBytes = (read: number) => void;

/**
 * Reads a layer once: hashes what is stored, inflates, hashes what came out, walks the tar, hands wanted files to the visitor.
 * Keeps its thread busy for a file (run it in a worker); streams with back-pressure from a registry.
 * What the visitor got counts only once this resolves. Rejects with a Problem naming the layer: `digest-mismatch`, `diff-id-mismatch`,
 * `size-mismatch`, `layer-truncated`, `layer-corrupt`, `tar-corrupt`, `compression-unsupported`, `limit-*`, and the registry's own.
 */
export async function readLayer(input: LayerInput, visitor: Visitor, limits: Partial<ReadLimits> = {}, signal?: AbortSignal, onBytes?: OnBytes): Promise<LayerReading> {
  const allLimits = { ...defaultReadLimits, ...limits };
  const contents = new LayerContents(visitor, allLimits, layerName(input));
  const identity = await pass(input, allLimits, signal, contents, onBytes);
  await walkAgain(contents, (listener) => pass(input, allLimits, signal, listener));
  return { ...identity, ...contents.result() };
}

/** Computes and compares digest, diffId and size of a layer without looking inside; Problems as `readLayer`. For layers that `walkLayer` read. */
export async function verifyLayer(input: LayerInput, limits: Partial<ReadLimits> = {}, signal?: AbortSignal, onBytes?: OnBytes): Promise<LayerIdentity> {
  return pass(input, { ...defaultReadLimits, ...limits }, signal, undefined, onBytes);
}

/**
 * Reads an uncompressed layer from header to header, seeking over the bodies nobody wants: about ten times as fast as reading
 * them, and nothing is verified: follow it with `verifyLayer`. A compressed layer is Problem `layer-compressed`.
 */
export async function walkLayer(input: FileLayerInput, visitor: Visitor, limits: Partial<ReadLimits> = {}, signal?: AbortSignal): Promise<LayerWalk> {
  const allLimits = { ...defaultReadLimits, ...limits };
  const contents = new LayerContents(visitor, allLimits, layerName(input));
  const walk = (listener: TarListener): Promise<void> => walkSlice(input, layerName(input), listener, allLimits, signal);
  await walk(contents);
  await walkAgain(contents, walk);
  return contents.result();
}

/** For what only turned out to matter when it had passed: targets of hard links, and parts of files in front of what told of them. */
async function walkAgain(contents: LayerContents, walk: (listener: TarListener) => Promise<unknown>): Promise<void> {
  for (let walked = 1, next; (next = contents.nextWalk(walked)) !== undefined; walked++) await walk(next);
}

async function pass(input: LayerInput, limits: ReadLimits, signal: AbortSignal | undefined, listener?: TarListener, onBytes?: OnBytes): Promise<LayerIdentity> {
  const pipe = new LayerPipe(input, limits, listener);
  let read = 0;
  const push = (bytes: Buffer): void | Promise<void> => {
    read += bytes.length;
    onBytes?.(read);
    return pipe.push(bytes);
  };
  try {
    if (input.kind === 'file') await readSlice(input, push, signal);
    else await readBlob(input, push, signal);
    return await pipe.end();
  } catch (error) {
    if (isFileError(error)) throw invalid('layer-unreadable', `${layerName(input)}: ${error.code} while reading it`, error);
    throw error;
  } finally {
    pipe.close();
  }
}

async function readBlob(input: RegistryLayerInput | ContainerdLayerInput, push: (bytes: Buffer) => void | Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const from = input.kind === 'registry' ? new Registry(input.access) : new Containerd(input.access);
  try {
    for await (const bytes of from.blob(input.digest, input.size, signal)) await push(bytes);
  } finally {
    from.close();
  }
}

const isFileError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error && 'code' in error;
