import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import type { FeedLimits, FeedRecord } from './feed.ts';
import { inflateSmall } from './inflate-small.ts';

// APPNOTE.TXT 6.3.10, section 4.3: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
const endSignature = 0x06054b50, end64Signature = 0x06064b50, locator64Signature = 0x07064b50, entrySignature = 0x02014b50, localSignature = 0x04034b50;
const small = 4 * 1024 * 1024;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * The files of a zip archive in the order of its central directory, read from disk one at a time; every file's
 * CRC and size are checked. Problems of the archive: `feed-truncated`, `feed-malformed`, `feed-too-many-records`,
 * `feed-too-large`, `feed-bomb`. Problems of one file, thrown while its chunks are read: `record-…`.
 */
export async function* zipRecords(path: string, limits: FeedLimits, name = path): AsyncGenerator<FeedRecord> {
  const file = await open(path, 'r');
  try {
    const { size: fileSize } = await file.stat();
    const directory = await findDirectory(file, fileSize, name);
    if (directory.count > limits.records) throw invalid('feed-too-many-records', `${name} has ${directory.count} files, more than ${limits.records}`);
    let unpacked = 0, packed = 0;
    const window = new Window(file, name);
    for await (const entry of entries(file, directory, name, limits)) {
      if (entry.name.endsWith('/')) continue;
      unpacked += entry.size;
      packed += entry.packed;
      // Against the archive's own size: entries that overlap (a quine bomb) are counted each.
      if (unpacked > limits.feedBytes) throw invalid('feed-too-large', `${name} unpacks to more than ${limits.feedBytes} bytes`);
      if (unpacked > limits.ratioFrom && unpacked > fileSize * limits.ratio) throw invalid('feed-bomb', `${name} unpacks more than ${limits.ratio}-fold`);
      if (packed > 2 * fileSize) throw invalid('feed-bomb', `${name}: its files overlap`);
      yield { name: entry.name, chunks: contents(file, window, entry, name, limits) };
    }
  } finally {
    await file.close();
  }
}

/** A file as it is packed. */
export interface PackedEntry extends Pick<Entry, 'name' | 'method' | 'crc' | 'packed' | 'size'> { bytes(): AsyncIterable<Uint8Array> }

/** The files of a zip archive without unpacking them. */
export async function* packedEntries(path: string, limits: FeedLimits): AsyncGenerator<PackedEntry> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat(), directory = await findDirectory(file, size, path), window = new Window(file, path);
    if (directory.count > limits.records) throw invalid('feed-too-many-records', `${path} has ${directory.count} files, more than ${limits.records}`);
    for await (const { name, method, crc, packed, size: whole, offset } of entries(file, directory, path, limits)) {
      yield { name, method, crc, packed, size: whole, async *bytes() {
        const head = await window.read(offset, 30 + 512 + Buffer.byteLength(name) + (packed <= small ? packed : 0), 30);
        if (head.readUInt32LE(0) !== localSignature) throw invalid('feed-malformed', `${path}: ${name} is not where the directory says`);
        const start = 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
        if (start + packed <= head.length) yield head.subarray(start, start + packed);
        else yield* pieces(file, offset + start, packed, path);
      } };
    }
  } finally {
    await file.close();
  }
}

/** Where the central directory is; zip64 where the 32-bit fields are full (section 4.3.14–16). */
async function findDirectory(file: FileHandle, fileSize: number, name: string): Promise<{ offset: number; size: number; count: number }> {
  if (fileSize < 22) throw invalid(fileSize === 0 ? 'feed-empty' : 'feed-truncated', `${name} has ${fileSize} bytes: no zip archive`);
  const tail = await read(file, Math.max(0, fileSize - 22 - 0xffff), Math.min(fileSize, 22 + 0xffff), name);
  let at = tail.length - 22;
  while (at >= 0 && !(tail.readUInt32LE(at) === endSignature && at + 22 + tail.readUInt16LE(at + 20) <= tail.length)) at--;
  if (at < 0) throw invalid('feed-truncated', `${name}: the zip archive has no end record`);
  let count = tail.readUInt16LE(at + 10), size = tail.readUInt32LE(at + 12), offset = tail.readUInt32LE(at + 16);
  const endAt = fileSize - tail.length + at;
  if ((count === 0xffff || size === 0xffffffff || offset === 0xffffffff) && at >= 20 && tail.readUInt32LE(at - 20) === locator64Signature) {
    const end64 = await read(file, Number(tail.readBigUInt64LE(at - 12)), 56, name);
    if (end64.readUInt32LE(0) !== end64Signature) throw invalid('feed-malformed', `${name}: no zip64 end record where its locator says`);
    count = Number(end64.readBigUInt64LE(32));
    size = Number(end64.readBigUInt64LE(40));
    offset = Number(end64.readBigUInt64LE(48));
  }
  if (offset + size > endAt) throw invalid('feed-truncated', `${name}: the zip directory lies outside the file`);
  return { offset, size, count };
}

async function* entries(file: FileHandle, directory: { offset: number; size: number; count: number }, name: string, limits: FeedLimits): AsyncGenerator<Entry> {
  const step = 1024 * 1024;
  let window: Buffer = Buffer.alloc(0), at = 0, next = directory.offset;
  const end = directory.offset + directory.size;
  const need = async (bytes: number) => {
    if (window.length - at >= bytes) return;
    const more = await read(file, next, Math.min(Math.max(step, bytes), end - next), name);
    window = Buffer.concat([window.subarray(at), more]);
    next += more.length;
    at = 0;
    if (window.length < bytes) throw invalid('feed-truncated', `${name}: the zip directory ends early`);
  };
  for (let index = 0; index < directory.count; index++) {
    await need(46);
    if (window.readUInt32LE(at) !== entrySignature) throw invalid('feed-malformed', `${name}: no zip directory entry ${index}`);
    const nameLength = window.readUInt16LE(at + 28), extraLength = window.readUInt16LE(at + 30), commentLength = window.readUInt16LE(at + 32);
    if (nameLength > limits.nameBytes) throw invalid('feed-malformed', `${name}: a file name of ${nameLength} bytes`);
    await need(46 + nameLength + extraLength + commentLength);
    const sizes = wideSizes(window.subarray(at, at + 46 + nameLength + extraLength), nameLength);
    yield {
      name: window.toString('utf8', at + 46, at + 46 + nameLength),
      flags: window.readUInt16LE(at + 8), method: window.readUInt16LE(at + 10), crc: window.readUInt32LE(at + 16), ...sizes,
    };
    at += 46 + nameLength + extraLength + commentLength;
  }
}

/** The three fields that may be full and continue in the zip64 extra field, in this order (section 4.5.3). */
function wideSizes(header: Buffer, nameLength: number): { size: number; packed: number; offset: number } {
  const narrow = { size: header.readUInt32LE(24), packed: header.readUInt32LE(20), offset: header.readUInt32LE(42) };
  for (let at = 46 + nameLength; at + 4 <= header.length;) {
    const id = header.readUInt16LE(at), length = header.readUInt16LE(at + 2), end = Math.min(at + 4 + length, header.length);
    if (id === 1) {
      let from = at + 4;
      for (const field of ['size', 'packed', 'offset'] as const) {
        if (narrow[field] === 0xffffffff && from + 8 <= end) { narrow[field] = Number(header.readBigUInt64LE(from)); from += 8; }
      }
    }
    at = end;
  }
  return narrow;
}

async function* contents(file: FileHandle, window: Window, entry: Entry, archive: string, limits: FeedLimits): AsyncGenerator<Uint8Array> {
  const where = `${archive}: ${entry.name}`;
  if ((entry.flags & 1) !== 0) throw invalid('record-encrypted', `${where} is encrypted`);
  if (entry.method !== 0 && entry.method !== 8) throw invalid('record-method', `${where} is packed with method ${entry.method}; only stored and deflate are read`);
  if (entry.size > limits.feedBytes) throw invalid('record-too-large', `${where} has ${entry.size} bytes`);
  // The local header's extra field may differ in length from the directory's: read it together with a small file's bytes.
  const isSmall = entry.packed <= small && entry.size <= small;
  const head = await window.read(entry.offset, 30 + 512 + Buffer.byteLength(entry.name) + (isSmall ? entry.packed : 0), 30);
  if (head.readUInt32LE(0) !== localSignature) throw invalid('record-malformed', `${where} is not where the directory says`);
  const start = 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  if (isSmall) {
    const packed = start + entry.packed <= head.length ? head.subarray(start, start + entry.packed) : await read(file, entry.offset + start, entry.packed, archive);
    let bytes: Buffer = entry.method === 8 ? packed : Buffer.from(packed);
    if (entry.method === 8) {
      try { bytes = inflateSmall(packed, entry.size); } catch (error) { throw invalid('record-malformed', `${where} does not inflate to its ${entry.size} bytes`, error); }
    }
    if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) throw invalid('record-checksum', `${where} does not match its checksum`);
    yield bytes;
    return;
  }
  const raw = pieces(file, entry.offset + start, entry.packed, archive);
  let size = 0, crc = 0;
  const inflate = createInflateRaw({ chunkSize: 256 * 1024 });
  if (entry.method === 8) pipeline(Readable.from(raw, { objectMode: false }), inflate, () => {});
  try {
    for await (const chunk of (entry.method === 8 ? inflate : raw) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > entry.size) throw invalid('record-checksum', `${where} is larger than the directory says`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof Error && 'code' in error && String(error.code).startsWith('Z_') ? invalid('record-malformed', `${where}: ${error.message}`, error) : error;
  }
  if (size !== entry.size || crc !== entry.crc) throw invalid('record-checksum', `${where} does not match its checksum`);
}

/** Reads ahead: publishers write small files one after another, and a call to the system for each would cost more than inflating it. */
class Window {
  readonly #file: FileHandle;
  readonly #name: string;
  readonly #room = Buffer.allocUnsafe(512 * 1024);
  #bytes: Buffer = this.#room.subarray(0, 0);
  #from = 0;
  constructor(file: FileHandle, name: string) { this.#file = file; this.#name = name; }

  /** As `read` below; the bytes are valid until the next call. */
  async read(offset: number, length: number, least: number): Promise<Buffer> {
    const end = this.#from + this.#bytes.length;
    if (offset < this.#from || offset + length > end) {
      if (length > this.#room.length) return read(this.#file, offset, length, this.#name, least);
      this.#bytes = await read(this.#file, offset, this.#room.length, this.#name, least, this.#room);
      this.#from = offset;
    }
    return this.#bytes.subarray(offset - this.#from, offset - this.#from + length);
  }
}

async function* pieces(file: FileHandle, offset: number, length: number, name: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += 256 * 1024) yield read(file, offset + at, Math.min(256 * 1024, length - at), name);
}

/** Bytes of the file; fewer than `least` (default: all asked for) is Problem `feed-truncated`. */
async function read(file: FileHandle, offset: number, length: number, name: string, least = length, into?: Buffer): Promise<Buffer> {
  if (!(offset >= 0) || !Number.isSafeInteger(offset + length)) throw invalid('feed-malformed', `${name}: an offset outside any file`);
  const buffer = into ?? Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  if (filled < least) throw invalid('feed-truncated', `${name} ends early: ${filled} of ${length} bytes at ${offset}`);
  return buffer.subarray(0, filled);
}
