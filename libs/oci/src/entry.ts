export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'device' | 'fifo';

/** One name in a layer or in a directory tree, checked and cleaned. */
export interface Entry {
  /** Relative to the root of the image: no leading `/` or `./`, no `..`, no doubled or trailing slash, no NUL. Not valid UTF-8: read as Latin-1. */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes; 0 for everything but files. */
  readonly size: number;
  /** Permission bits with setuid (0o4000), setgid (0o2000) and sticky (0o1000). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** What a symlink says, verbatim (it may point anywhere: never follow it on this machine), or the cleaned path a hard link names; else ''. */
  readonly link: string;
}

/**
 * Takes parts of a file while the file passes by, so that a program of a gigabyte costs what is kept of it. Whoever drives it pushes
 * from `next` on until the file's end, then calls `end`. Files that can be read at any place are: the rest is never read.
 */
export interface PartReader {
  /** Offset of the next byte it wants; what lies before is passed over. At or beyond the file's size: nothing more. */
  readonly next: number;
  /** The bytes of the file from offset `at` on, as many as are at hand; only valid during the call. Moves `next` beyond them, or on. */
  push(bytes: Buffer, at: number): void;
  /** The file has passed. true: once more from its start, for bytes that were not known to matter; a stream is read again for that, a few times at most. */
  end(): boolean;
}

/** Drives a reader over a file that is at hand as a whole. */
export function readParts(reader: PartReader, bytes: Buffer): void {
  do for (let at = reader.next; at < bytes.length; at = reader.next) reader.push(bytes.subarray(at), at); while (reader.end());
}

/**
 * What a reader does with what it sees. All calls are synchronous and in the order of the archive.
 * A path may come twice in a hostile archive; the later one counts (the reading's problems name it).
 */
export interface Visitor {
  /**
   * Asked once per file and per hard link. true: hand me its bytes. 'head': show me its first bytes, then I decide.
   * Whiteouts are never asked about.
   */
  wants(entry: Entry): boolean | 'head';
  /** Answers for a file that `wants` said 'head' about; `head` holds its first bytes (all of it when shorter than 4096) and is only valid during the call. A PartReader gets parts of the file instead of `file` being called. */
  wantsAfterHead?(entry: Entry, head: Buffer): boolean | PartReader;
  /** The whole file. `bytes` is only valid during the call: its memory is used again. For a hard link to a file that was not wanted: the bytes of that file, under the link's own path, after all other files. */
  file(entry: Entry, bytes: Buffer): void;
  /**
   * A wanted hard link (`entry.path`) to a file that was handed over already, as a whole or to a PartReader (`entry.link`): one content, two names.
   * Without this method, or where it answers true, the layer is read a second time to hand the bytes over again.
   */
  linked?(entry: Entry): boolean | void;
  /** Every entry, wanted or not, whiteouts excepted. Keep it short: it is called for each of a million headers. */
  entry?(entry: Entry): void;
}
