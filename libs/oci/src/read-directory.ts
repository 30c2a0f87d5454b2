import { closeSync, constants, type Dirent, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, statfsSync, statSync, type Stats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { invalid } from '@plimsoll/problem';
import type { Entry, EntryType, PartReader, Visitor } from './entry.ts';
import { FileMemory } from './file-memory.ts';
import { readFileParts } from './file-parts.ts';
import { defaultReadLimits, type ReadLimits, type ReadProblem } from './limits.ts';
import { ProblemList } from './problems.ts';

export interface DirectoryReading {
  readonly entries: number;
  readonly problems: readonly ReadProblem[];
}

const entriesPerTurn = 2048;

/**
 * Walks a root filesystem with the visitor of a layer. Never follows a symlink, never leaves the tree or its filesystem at `proc`,
 * `sys` and `dev`, never opens a device. What cannot be read becomes a problem (`unreadable`, `limit-*`); Problem `target-missing`,
 * `not-a-directory`, `limit-entries` or `limit-seconds` ends the walk.
 */
export async function readDirectory(root: string, visitor: Visitor, limits: Partial<ReadLimits> = {}, signal?: AbortSignal): Promise<DirectoryReading> {
  const walk = new Walk(root, visitor, { ...defaultReadLimits, ...limits });
  for (let turn = 1; walk.step(); turn++) {
    if (turn % entriesPerTurn === 0) { await setImmediate(); signal?.throwIfAborted(); }
  }
  return walk.result();
}

interface Directory { readonly path: string; readonly depth: number }

class Walk {
  private readonly pending: Directory[] = [{ path: '', depth: 0 }];
  private readonly problems: ProblemList;
  private readonly deadline: number;
  private readonly device: number;
  private entries = 0;
  private captured = 0;
  private files = 0;
  private readonly memory = new FileMemory();
  private readonly chunk = Buffer.allocUnsafeSlow(64 * 1024);
  private readonly root: string;
  private readonly visitor: Visitor;
  private readonly limits: ReadLimits;

  constructor(root: string, visitor: Visitor, limits: ReadLimits) {
    const found = statSync(root, { throwIfNoEntry: false });
    if (found === undefined) throw invalid('target-missing', `${root} does not exist`);
    if (!found.isDirectory()) throw invalid('not-a-directory', `${root} is not a directory`);
    this.root = root.replace(/\/+$/, '');
    this.visitor = visitor;
    this.limits = limits;
    this.device = found.dev;
    this.problems = new ProblemList(limits.problems);
    this.deadline = performance.now() + limits.seconds * 1000;
  }

  /** Reads one directory; false when none is left. */
  step(): boolean {
    const directory = this.pending.pop();
    if (directory === undefined) return false;
    if (performance.now() > this.deadline) throw invalid('limit-seconds', `${this.root}: not read within ${this.limits.seconds} seconds`);
    const found = this.attempt(directory.path, () => readdirSync(this.real(directory.path), { withFileTypes: true })) ?? [];
    // Sorted, so that two walks of one tree tell the same story.
    found.sort((a, b) => (a.name < b.name ? -1 : 1));
    const below: Directory[] = [];
    for (const entry of found) this.visit(entry, directory, below);
    this.pending.push(...below.reverse());
    return true;
  }

  result(): DirectoryReading { return { entries: this.entries, problems: this.problems.list(this.root) }; }

  private visit(found: Dirent, { path: parent, depth }: Directory, below: Directory[]): void {
    if (++this.entries > this.limits.entries) throw invalid('limit-entries', `${this.root}: more than ${this.limits.entries} entries`);
    const path = parent === '' ? found.name : `${parent}/${found.name}`;
    if (Buffer.byteLength(path) > this.limits.nameBytes) { this.problems.add('limit-name', `a path of more than ${this.limits.nameBytes} bytes`, path.slice(0, 200)); return; }
    const stats = this.attempt(path, () => lstatSync(this.real(path)));
    if (stats === undefined) return;
    const entry = this.entryOf(path, stats);
    if (entry === undefined) return;
    this.visitor.entry?.(entry);
    if (entry.type === 'directory') this.descend(entry, stats, depth, below);
    else if (entry.type === 'file') this.read(entry);
  }

  private entryOf(path: string, stats: Stats): Entry | undefined {
    const type = typeOf(stats);
    const link = type === 'symlink' ? this.attempt(path, () => readlinkSync(this.real(path))) : '';
    return link === undefined ? undefined : { path, type, size: type === 'file' ? stats.size : 0, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, link };
  }

  private descend({ path }: Entry, stats: Stats, depth: number, below: Directory[]): void {
    if (kernelDirectories.has(path)) return;
    if (stats.dev !== this.device && strangeFilesystems.has(this.attempt(path, () => statfsSync(this.real(path)).type) ?? -1)) return;
    if (depth + 1 > this.limits.depth) this.problems.add('limit-depth', `not read: directories more than ${this.limits.depth} deep`, path.slice(0, 200));
    else below.push({ path, depth: depth + 1 });
  }

  private read(entry: Entry): void {
    const answer = this.visitor.wants(entry);
    if (answer === false) return;
    if (answer === true && !this.affordable(entry)) return;
    this.attempt(entry.path, () => {
      // O_NOFOLLOW and the second look: the tree may change under us, and must not lead us elsewhere.
      const file = openSync(this.real(entry.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const { size } = fstatSync(file);
        if (!fstatSync(file).isFile()) return;
        const now = { ...entry, size };
        if (answer === 'head') {
          const wanted = this.visitor.wantsAfterHead?.(now, readInto(this.chunk.subarray(0, Math.min(size, 4096)), file)) ?? false;
          if (wanted === false || !this.affordable(wanted === true ? now : { path: entry.path, size: 0 })) return;
          if (wanted !== true) { this.readParts(file, now, wanted); return; }
        }
        const memory = this.memory.take(Math.min(size, this.limits.fileBytes));
        const bytes = readInto(memory, file);
        this.captured += bytes.length;
        this.files++;
        this.visitor.file({ ...entry, size: bytes.length }, bytes);
        this.memory.release(memory);
      } finally {
        closeSync(file);
      }
    });
  }

  /** Reads only what is wanted, and goes back as often as that is asked for. */
  private readParts(file: number, { path, size }: Entry, reader: PartReader): void {
    this.files++;
    const { walks } = this.limits;
    if (!readFileParts(file, size, reader, this.chunk, walks)) this.problems.add('limit-walks', `not read: it would have to be passed more than ${walks} times`, path);
  }

  private affordable({ path, size }: Pick<Entry, 'path' | 'size'>): boolean {
    const { fileBytes, capturedBytes, files } = this.limits;
    if (size > fileBytes) this.problems.add('limit-file-bytes', `${size} bytes; files up to ${fileBytes} are read`, path);
    else if (this.captured + size > capturedBytes) this.problems.add('limit-captured-bytes', `not read: files of ${capturedBytes} bytes were`, path);
    else if (this.files >= files) this.problems.add('limit-files', `not read: ${files} files were`, path);
    else return true;
    return false;
  }

  /** Errors of the filesystem become problems; the visitor's own rise. */
  private attempt<T>(path: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
      // Gone between listing and looking: as if it had not been there.
      if (error.code !== 'ENOENT') this.problems.add('unreadable', `${String(error.code)} while reading it`, path === '' ? '/' : path);
      return undefined;
    }
  }

  private real(path: string): string { return `${this.root}/${path}`; }
}

// Not part of any image, without end, and reading some of their files changes the machine.
const kernelDirectories: ReadonlySet<string> = new Set(['proc', 'sys', 'dev']);

/** What may be mounted inside a root without being part of it (statfs(2), linux/magic.h): the kernel's own, what is gone at the next boot, and the overlays of running containers. */
const strangeFilesystems: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x1cd1, 0x19800202, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11, 0x6165676c, 0x62656570, 0x958458f6, 0x42494e4d, 0x6e736673,
  0x01021994, 0x794c7630,
]);

function typeOf(stats: Stats): EntryType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  return stats.isFIFO() || stats.isSocket() ? 'fifo' : 'device';
}

/** Fills the bytes from the start of a file, with as many as there are. */
function readInto(bytes: Buffer, file: number): Buffer {
  const { length } = bytes;
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, filled);
    if (read === 0) break;
    filled += read;
  }
  return filled === length ? bytes : bytes.subarray(0, filled);
}
