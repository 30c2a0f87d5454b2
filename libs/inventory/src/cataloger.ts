import type { Entry } from '@plimsoll/oci';
import { z } from 'zod';
import { OperatingSystem, PackageType } from './model.ts';

/** A package as one file tells of it, before anything is known of the image around. Names and versions follow `Package`. */
export const FoundPackage = z.object({
  type: PackageType,
  name: z.string(),
  version: z.string(),
  arch: z.string().optional(),
  source: z.object({ name: z.string(), version: z.string() }).optional(),
  vendor: z.string().optional(),
  module: z.string().optional(),
  licences: z.array(z.string()).optional(),
  /** Where inside the file, when it is a container: `BOOT-INF/lib/a-1.jar`. */
  inside: z.string().optional(),
});
export type FoundPackage = z.output<typeof FoundPackage>;

/** Files an operating-system package owns; only those that some cataloger may find a package in (`ownable`). */
export const OwnedFiles = z.object({ type: PackageType, name: z.string(), version: z.string().optional(), arch: z.string().optional(), paths: z.array(z.string()) });
export type OwnedFiles = z.output<typeof OwnedFiles>;

/** What one cataloger found in one file. */
export const Found = z.object({
  packages: z.array(FoundPackage),
  os: OperatingSystem.optional(),
  owned: z.array(OwnedFiles).optional(),
  /** Parts of the file that could not be read: then the inventory is partial. `inside` names the part. */
  problems: z.array(z.object({ code: z.string(), detail: z.string(), inside: z.string().optional() })).optional(),
});
export type Found = z.output<typeof Found>;
export type FoundProblem = NonNullable<Found['problems']>[number];

/** A file picked out of an image: its path without a leading slash, and all its bytes. */
export interface CatalogedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * Reads the files of one kind. Pure: the same bytes at the same path always give the same result, so that it may be kept
 * for ever under (layer digest, name@version). Whoever changes what `catalog` returns raises `version`.
 */
export interface Cataloger {
  readonly name: string;
  readonly version: number;
  /** Bytes of the biggest file it reads; a bigger one is a problem `limit-file-bytes`, never skipped in silence. */
  readonly maxBytes: number;
  /** Asked for every file and hard link of an image, so it looks at the last characters first. `'head'`: `wantsHead` decides on the first bytes. */
  wants(path: string, entry: Entry): boolean | 'head';
  /** Decides on the first 4096 bytes of the file, or all when it is shorter. */
  wantsHead?(head: Buffer): boolean;
  /** Never throws for bad input: what it cannot read is in `problems`. */
  catalog(file: CatalogedFile): Found;
}

/** The key its results are kept under. */
export const catalogerKey = (cataloger: Pick<Cataloger, 'name' | 'version'>): string => `${cataloger.name}@${cataloger.version}`;

/** A file that holds nothing readable. */
export const unreadable = (code: string, detail: string): Found => ({ packages: [], problems: [{ code, detail }] });

/** The part after the last slash. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
