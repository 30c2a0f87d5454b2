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
 * What a reader does with what it sees. All calls are synchronous and in the order of the archive.
 * A path may come twice in a hostile archive; the later one counts (the reading's problems name it).
 */
export interface Visitor {
  /**
   * Asked once per file and per hard link. true: hand me its bytes. 'head': show me its first bytes, then I decide.
   * Whiteouts are never asked about.
   */
  wants(entry: Entry): boolean | 'head';
  /** Answers for a file that `wants` said 'head' about; `head` holds its first bytes (all of it when shorter than 4096) and is only valid during the call. */
  wantsAfterHead?(entry: Entry, head: Buffer): boolean;
  /** The whole file. `bytes` belongs to the visitor. For a hard link to a file that was not wanted: the bytes of that file, under the link's own path, after all other files. */
  file(entry: Entry, bytes: Buffer): void;
  /**
   * A wanted hard link (`entry.path`) to a file whose bytes were handed over already (`entry.link`): one content, two names.
   * Without this method the layer is read a second time to hand the bytes over again.
   */
  linked?(entry: Entry): void;
  /** Every entry, wanted or not, whiteouts excepted. Keep it short: it is called for each of a million headers. */
  entry?(entry: Entry): void;
}
