import type { Entry } from '@plimsoll/oci';
import type { Found } from './found.ts';
import type { Reading } from './partial-reading.ts';

export type { Accounts, FileFact, Found, FoundPackage, FoundProblem, FoundSecret, OwnedFiles } from './found.ts';

/** A file picked out of an image: its path without a leading slash, and all its bytes. */
export interface CatalogedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

interface Named {
  readonly name: string;
  readonly version: number;
}

/**
 * Reads the files of one kind. Pure: the same bytes at the same path always give the same result, so that it may be kept
 * for ever under (layer digest, name@version). Whoever changes what `catalog` returns raises `version`.
 */
export interface FileCataloger extends Named {
  /** Bytes of the biggest file it reads; a bigger one is a problem `limit-file-bytes`, never skipped in silence. */
  readonly maxBytes: number;
  /** Asked for every file and hard link of an image, so it looks at the last characters first. `'head'`: `wantsHead` decides on the first bytes. */
  wants(path: string, entry: Entry): boolean | 'head';
  /** Decides on the first 4096 bytes of the file, or all when it is shorter. */
  wantsHead?(head: Buffer): boolean;
  /** Never throws for bad input: what it cannot read is in `problems`. undefined: nothing worth keeping for this path. */
  catalog(file: CatalogedFile): Found | undefined;
}

/** Reads parts of files of any size: programs, of which little matters. As pure as the other. */
export interface PartsCataloger extends Named {
  wants(path: string, entry: Entry): 'head' | false;
  wantsHead(head: Buffer): boolean;
  /** Reads a file of `size` bytes at `path`. A Problem it throws is one of that file. */
  read(size: number, path: string): Reading<Found>;
}

/** Looks at names, owners and modes, never at bytes. */
export interface EntryCataloger extends Named {
  /** A look over one layer or tree, asked for everything in it but whiteouts: it may count, and it must be quick. undefined: nothing worth keeping. */
  look(): (entry: Entry) => Found | undefined;
}

export type ReadingCataloger = FileCataloger | PartsCataloger;
export type Cataloger = ReadingCataloger | EntryCataloger;

export const isInParts = (cataloger: Cataloger): cataloger is PartsCataloger => 'read' in cataloger;
export const isLooking = (cataloger: Cataloger): cataloger is EntryCataloger => 'look' in cataloger;

/** The key its results are kept under. */
export const catalogerKey = (cataloger: Named): string => `${cataloger.name}@${cataloger.version}`;

/** A file that holds nothing readable. */
export const unreadable = (code: string, detail: string): Found => ({ packages: [], problems: [{ code, detail }] });

/** The part after the last slash. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
