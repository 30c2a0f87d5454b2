import type { Entry, EntryType, PartReader } from './entry.ts';
import { FileMemory } from './file-memory.ts';
import type { ReadLimits } from './limits.ts';
import { cleanPath, nameText } from './names.ts';
import { octalOrBase256, parsePax, type PaxRecords } from './tar-fields.ts';

/** What a walker tells. All calls are synchronous. */
export interface TarListener {
  /** A header. Answers whether its bytes are wanted, asked for files alone. */
  entry(entry: Entry): boolean | 'head' | PartReader;
  /** The first bytes of a file `entry` said 'head' about. The buffer is overwritten later. */
  head(entry: Entry, head: Buffer): boolean | PartReader;
  /** All bytes of a wanted file. The buffer is overwritten later. */
  file(entry: Entry, bytes: Buffer): void;
  /** A file passed its reader: what that wanted of it, it got. The listener calls the reader's `end`. */
  passed(entry: Entry, reader: PartReader): void;
  /** A name that is skipped, and why. */
  problem(code: string, detail: string, where: string): void;
}

export type TarLimits = Pick<ReadLimits, 'nameBytes'>;

// Go's archive/tar refuses more for an extended header (maxSpecialFileSize), and it is what images are unpacked with.
const extensionLimit = 1024 * 1024;

const headSize = 4096;

/**
 * Walks a tar stream (POSIX ustar and pax, GNU, V7) that arrives in pieces of any size, without ever keeping a body nobody wants.
 * Reads as Go's archive/tar does, because containerd and Docker unpack with it: two zero blocks end the archive, links have no body.
 * `fail` makes the error for a stream that is no tar or ends inside an entry.
 */
export class TarWalker {
  private readonly header = Buffer.alloc(512);
  private readonly words = new Uint32Array(this.header.buffer, this.header.byteOffset, 128);
  private filled = 0;
  private skip = 0;
  private offset = 0;
  private zeroBlocks = 0;

  // The body being collected: an extended header, a file's head, or a file.
  private body: Buffer | undefined;
  private bodyFilled = 0;
  private bodyDone: ((bytes: Buffer) => void) | undefined;

  private readonly headBuffer = Buffer.alloc(headSize);
  private readonly memory = new FileMemory();

  // The file that is being passed to a reader of its parts.
  private passing: { readonly entry: Entry; readonly reader: PartReader; at: number } | undefined;

  /** Bytes of the body behind a GNU sparse map that is still being passed over; -1 outside one. */
  private behindSparseMap = -1;

  // What extended headers say about the next entry.
  private longName: Buffer | undefined;
  private longLink: Buffer | undefined;
  private pax: PaxRecords | undefined;

  private readonly listener: TarListener;
  private readonly limits: TarLimits;
  private readonly fail: (reason: 'truncated' | 'corrupt', what: string) => Error;

  constructor(listener: TarListener, limits: TarLimits, fail: (reason: 'truncated' | 'corrupt', what: string) => Error) {
    this.listener = listener;
    this.limits = limits;
    this.fail = fail;
  }

  push(bytes: Buffer): void {
    const { length } = bytes;
    for (let at = 0; at < length;) {
      if (this.skip > 0) {
        const passed = Math.min(this.skip, length - at);
        this.skip -= passed;
        this.offset += passed;
        at += passed;
      } else if (this.body !== undefined) {
        const taken = Math.min(this.body.length - this.bodyFilled, length - at);
        this.offset += taken;
        this.collect(this.body, bytes, at, taken);
        at += taken;
      } else if (this.passing !== undefined) {
        const taken = Math.min(this.passing.entry.size - this.passing.at, length - at);
        this.offset += taken;
        this.passTo(this.passing, bytes.subarray(at, at + taken));
        at += taken;
      } else if (this.zeroBlocks > 1) {
        break;
      } else {
        const taken = Math.min(512 - this.filled, length - at);
        bytes.copy(this.header, this.filled, at, at + taken);
        this.filled += taken;
        this.offset += taken;
        at += taken;
        if (this.filled === 512) { this.filled = 0; this.block(); }
      }
    }
  }

  /** Where the walker is, in bytes from the start; while a listener hears of an entry, where that entry's bytes begin. */
  get position(): number { return this.offset; }

  /** How many of the next bytes the walker would pass over; it takes them as passed. A reader of a file may seek instead. */
  takeSkip(): number {
    const skipped = this.skip;
    this.skip = 0;
    this.offset += skipped;
    return skipped;
  }

  /** Whether the end-of-archive mark was seen: nothing after it counts. */
  get ended(): boolean { return this.zeroBlocks > 1; }

  /** Says that no byte will follow. */
  end(): void {
    const inside = this.skip > 0 || this.body !== undefined || this.passing !== undefined || this.filled > 0 || this.behindSparseMap >= 0 || this.pax !== undefined || this.longName !== undefined || this.longLink !== undefined;
    if (inside && !this.ended) throw this.fail('truncated', `the tar ends inside an entry, after ${this.offset} bytes`);
  }

  private collect(body: Buffer, bytes: Buffer, at: number, taken: number): void {
    bytes.copy(body, this.bodyFilled, at, at + taken);
    this.bodyFilled += taken;
    if (this.bodyFilled < body.length) return;
    this.body = undefined;
    this.bodyDone!(body);
  }

  /** Collects the next bytes into `into`, from `filled` on, then calls `done`. */
  private take(into: Buffer, filled: number, done: (bytes: Buffer) => void): void {
    if (into.length === filled) { done(into); return; }
    this.body = into;
    this.bodyFilled = filled;
    this.bodyDone = done;
  }

  private block(): void {
    if (this.behindSparseMap >= 0) { this.sparseMap(); return; }
    const sum = this.sum();
    if (sum === 0) { this.zeroBlocks++; return; }
    if (this.zeroBlocks > 0) throw this.fail('corrupt', 'a single zero block is followed by data');
    this.checkSum(sum);
    const size = this.number(124, 12, 'size');
    const flag = String.fromCharCode(this.header[156]!);
    switch (flag) {
      case 'x': this.extension(size, (bytes) => { this.pax = this.readPax(bytes); }); return;
      case 'L': this.extension(size, (bytes) => { this.longName = untilNul(bytes); }); return;
      case 'K': this.extension(size, (bytes) => { this.longLink = untilNul(bytes); }); return;
      // A global header; Go ignores what it says, and so does every runtime.
      case 'g': this.skip = padded(size); return;
      default: this.entry(flag, size);
    }
  }

  /** A block of GNU's old sparse map: holes and whether another block follows. The body comes after the last. */
  private sparseMap(): void {
    if (this.header[504] !== 0) return;
    this.skip = this.behindSparseMap;
    this.behindSparseMap = -1;
  }

  private extension(size: number, done: (bytes: Buffer) => void): void {
    if (size > extensionLimit) throw this.fail('corrupt', `an extended header of ${size} bytes`);
    this.take(Buffer.allocUnsafe(size), 0, (bytes) => { this.skip = padding(size); done(bytes); });
  }

  private readPax(bytes: Buffer): PaxRecords {
    const records = parsePax(bytes);
    if (records === undefined) throw this.fail('corrupt', 'an extended header that is not a list of records (POSIX.1-2001, pax)');
    return records;
  }

  private entry(flag: string, headerSize: number): void {
    const { pax, longName, longLink } = this;
    this.pax = this.longName = this.longLink = undefined;
    const stored = pax?.size ?? headerSize;
    const rawName = longName ?? pax?.path ?? this.nameField();
    const type = flag === '\0' && rawName.at(-1) === 47 ? 'directory' : typeOfFlag[flag] ?? 'file';
    // Go ignores the size of everything without a body.
    const size = type === 'file' ? stored : 0;
    const sparse = flag === 'S' || pax?.sparse === true;
    const wanted = this.report(rawName, type, size, longLink ?? pax?.linkpath, sparse, typeOfFlag[flag] === undefined ? flag : undefined);
    if (flag === 'S' && this.header[482] !== 0) this.behindSparseMap = padded(size);
    else if (wanted === undefined) this.skip = padded(size);
    else if (wanted.how === 'head') this.takeHead(wanted.entry, size);
    else if (wanted.how === true) this.takeFile(wanted.entry, size, this.memory.take(size), 0);
    else this.pass(wanted.entry, wanted.how, 0);
  }

  /** Names the entry to the listener; answers what is wanted of its body. */
  private report(rawName: Buffer, type: EntryType, size: number, rawLink: Buffer | undefined, sparse: boolean, strangeFlag: string | undefined): { entry: Entry; how: true | 'head' | PartReader } | undefined {
    if (rawName.length > this.limits.nameBytes) return this.refuse('limit-name', `a name of ${rawName.length} bytes; the limit is ${this.limits.nameBytes}`, rawName);
    const path = this.path(rawName);
    if (path === undefined) return this.refuse('name-unsafe', 'a name with a NUL or a `..` part', rawName);
    const link = this.link(type, rawLink, rawName);
    if (link === undefined) return undefined;
    if (rawName[0] === 47 && path !== '') this.listener.problem('name-absolute', 'an absolute name; read as relative to the root of the image', path);
    if (strangeFlag !== undefined) this.listener.problem('entry-type-unknown', `type ${JSON.stringify(strangeFlag)}; read as a file`, path);
    const entry: Entry = {
      path, type, size, link,
      mode: this.lenient(100, 8) & 0o7777, uid: this.lenient(108, 8), gid: this.lenient(116, 8),
    };
    const how = this.listener.entry(entry);
    if (how === false || type !== 'file') return undefined;
    if (!sparse) return { entry, how };
    this.listener.problem('sparse-file', 'wanted, but stored as a sparse file; those are not read', path);
    return undefined;
  }

  private path(rawName: Buffer): string | undefined {
    return cleanPath(nameText(rawName));
  }

  private link(type: EntryType, long: Buffer | undefined, rawName: Buffer): string | undefined {
    if (type !== 'hardlink' && type !== 'symlink') return '';
    const raw = long ?? untilNul(this.header.subarray(157, 257));
    if (raw.length > this.limits.nameBytes) return this.refuse('limit-name', `a link target of ${raw.length} bytes; the limit is ${this.limits.nameBytes}`, rawName);
    if (type === 'symlink') return nameText(raw);
    return cleanPath(nameText(raw)) ?? this.refuse('link-unsafe', 'a hard link to a name with a NUL or a `..` part', rawName);
  }

  private refuse(code: string, detail: string, rawName: Buffer): undefined {
    this.listener.problem(code, detail, printable(rawName));
    return undefined;
  }

  private takeHead(entry: Entry, size: number): void {
    const length = Math.min(size, headSize);
    this.take(this.headBuffer.subarray(0, length), 0, (head) => {
      const answer = this.listener.head(entry, head);
      if (answer === false) { this.skip = padded(size) - length; return; }
      if (answer !== true) {
        const from = Math.min(answer.next, length);
        if (from < length) answer.push(head.subarray(from), from);
        this.pass(entry, answer, length);
        return;
      }
      const bytes = this.memory.take(size);
      head.copy(bytes);
      this.takeFile(entry, size, bytes, length);
    });
  }

  /** Passes a file, from `at` on, to a reader of its parts. */
  private pass(entry: Entry, reader: PartReader, at: number): void {
    this.passing = { entry, reader, at };
    this.passOver(this.passing);
  }

  private passTo(passing: NonNullable<typeof this.passing>, bytes: Buffer): void {
    passing.reader.push(bytes, passing.at);
    passing.at += bytes.length;
    this.passOver(passing);
  }

  /** Skips to what the reader wants next, or to the end of the file. */
  private passOver(passing: NonNullable<typeof this.passing>): void {
    const { entry, reader, at } = passing;
    passing.at = Math.min(Math.max(reader.next, at), entry.size);
    this.skip = passing.at - at;
    if (passing.at < entry.size) return;
    this.skip += padding(entry.size);
    this.passing = undefined;
    this.listener.passed(entry, reader);
  }

  private takeFile(entry: Entry, size: number, into: Buffer, filled: number): void {
    this.take(into, filled, (bytes) => {
      this.skip = padding(size);
      this.listener.file(entry, bytes);
      this.memory.release(bytes);
    });
  }

  private nameField(): Buffer {
    const name = untilNul(this.header.subarray(0, 100));
    const isPosix = this.header.toString('latin1', 257, 263) === 'ustar\0';
    const prefix = isPosix ? untilNul(this.header.subarray(345, 500)) : name.subarray(0, 0);
    return prefix.length === 0 ? Buffer.from(name) : Buffer.concat([prefix, slash, name]);
  }

  private number(at: number, length: number, field: string): number {
    const value = octalOrBase256(this.header, at, length);
    if (value === undefined || !(value >= 0)) throw this.fail('corrupt', `the ${field} of a header is not a number, about ${this.offset} bytes in`);
    return value;
  }

  /** Owner and mode decide nothing about where the next header is: unreadable ones count as 0. */
  private lenient(at: number, length: number): number { return Math.max(0, octalOrBase256(this.header, at, length) ?? 0); }

  /** The sum of all bytes, two at a time in each half of a word. */
  private sum(): number {
    let even = 0, odd = 0;
    for (let i = 0; i < 128; i++) {
      const word = this.words[i]!;
      even += word & 0x00ff00ff;
      odd += (word >>> 8) & 0x00ff00ff;
    }
    return (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16);
  }

  private checkSum(sum: number): void {
    let own = 0;
    for (let i = 148; i < 156; i++) own += this.header[i]!;
    const said = octalOrBase256(this.header, 148, 8);
    if (said === sum - own + 256 || said === this.signedSum()) return;
    throw this.fail('corrupt', `the checksum of a header is wrong, about ${this.offset} bytes in`);
  }

  /** Old tars summed signed characters; every reader accepts both. */
  private signedSum(): number {
    let sum = 256;
    for (let i = 0; i < 512; i++) if (i < 148 || i > 155) sum += this.header.readInt8(i);
    return sum;
  }
}

const typeOfFlag: Readonly<Record<string, EntryType>> = {
  '0': 'file', '\0': 'file', '7': 'file', 'S': 'file', '1': 'hardlink', '2': 'symlink', '3': 'device', '4': 'device', '5': 'directory', '6': 'fifo',
};

const slash = Buffer.from('/');
const padding = (size: number): number => (512 - (size % 512)) % 512;
const padded = (size: number): number => size + padding(size);

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** A name for people: short, and without characters that would steer a terminal. */
const printable = (rawName: Buffer): string => {
  const text = JSON.stringify(nameText(rawName.subarray(0, 200))).slice(1, -1);
  return rawName.length > 200 ? `${text}…` : text;
};
