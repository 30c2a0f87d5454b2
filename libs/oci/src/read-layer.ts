import { Problem } from '@plimsoll/problem';
import type { Digest } from './digests.ts';
import type { Visitor } from './entry.ts';
import type { ReadLimits, ReadProblem } from './limits.ts';
import type { PathList } from './path-list.ts';
import type { RegistryAccess } from './registry.ts';

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
export interface RegistryLayerInput extends LayerPromise { readonly kind: 'registry'; readonly access: RegistryAccess }

/** Where the bytes of a layer are: a plain value, so that a worker thread can open it itself. */
export type LayerInput = FileLayerInput | RegistryLayerInput;

/** What one pass over a layer found. Plain data apart from `paths`, which is one buffer (see PathList). */
export interface LayerReading {
  /** Digest of the stored bytes: computed, and equal to what was promised. */
  readonly digest: Digest;
  /** Digest of the uncompressed tar: computed, and equal to what was claimed. */
  readonly diffId: Digest;
  readonly size: number;
  readonly uncompressedSize: number;
  /** Headers of files, directories and links, whiteouts included. */
  readonly entries: number;
  /** Paths this layer removes from the layers below it. */
  readonly whiteouts: readonly string[];
  /** Directories whose content in the layers below is hidden; '' is the root. */
  readonly opaque: readonly string[];
  /** Every path of the layer with its kind, for `survives`. */
  readonly paths: PathList;
  /** What was skipped and why. A reading with problems is partial. */
  readonly problems: readonly ReadProblem[];
}

/**
 * Reads a layer once: hashes what is stored, inflates, hashes what came out, walks the tar, hands wanted files to the visitor.
 * Blocks its thread for a file (run it in a worker); streams with back-pressure from a registry.
 * Rejects with a Problem naming the layer: `digest-mismatch`, `diff-id-mismatch`, `size-mismatch`, `layer-truncated`, `layer-corrupt`,
 * `tar-corrupt`, `media-type-mismatch`, `limit-*`, and the registry's own.
 */
export async function readLayer(_input: LayerInput, _visitor: Visitor, _limits?: Partial<ReadLimits>, _signal?: AbortSignal): Promise<LayerReading> {
  throw new Problem('bug', 'not built yet');
}
