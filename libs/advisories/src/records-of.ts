import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { invalid, Problem } from '@plimsoll/problem';
import { defaultFeedLimits, type FeedLimits, type FeedRecord } from './feed.ts';
import { tarRecords } from './tar.ts';
import { packingOf, unpack } from './unpack.ts';
import { zipRecords } from './zip.ts';

/**
 * The records of a feed as publishers ship it: a zip, a tar, a directory, or one file; tar and file also packed with gzip, zstd, bzip2 or xz.
 * What it is is told from its bytes, never from its name.
 */
export async function* recordsOf(path: string, limits: FeedLimits = defaultFeedLimits): AsyncGenerator<FeedRecord> {
  const found = await stat(path).catch((error: unknown) => { throw new Problem('missing', `${path}: no such feed file`, { code: 'feed-missing', cause: error }); });
  const name = basename(path);
  if (found.isDirectory()) yield* directoryRecords(path, '', limits, 0);
  else yield* fileRecords(path, name, limits);
}

async function* fileRecords(path: string, name: string, limits: FeedLimits): AsyncGenerator<FeedRecord> {
  if (await isZip(path)) yield* zipRecords(path, limits, name);
  else yield* recordsOfStream(name, createReadStream(path, { highWaterMark: 256 * 1024 }), limits);
}

/** The same for bytes that arrive in order. A zip needs its end first: Problem `feed-needs-file`. */
export async function* recordsOfStream(name: string, chunks: AsyncIterable<Uint8Array>, limits: FeedLimits = defaultFeedLimits, depth = 0): AsyncGenerator<FeedRecord> {
  const { head, all } = await peek(chunks, 512);
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) throw invalid('feed-needs-file', `${name} is a zip archive, which cannot be read from a stream`);
  const packing = packingOf(head);
  if (packing !== undefined && depth >= 2) throw invalid('feed-bomb', `${name} is packed more than twice`);
  if (packing !== undefined) yield* recordsOfStream(name.replace(packing.suffix, ''), unpack(name, packing, all, limits), limits, depth + 1);
  else if (head.length === 512 && Buffer.from(head).toString('latin1', 257, 262) === 'ustar') yield* tarRecords(name, all, limits);
  else yield { name, chunks: all };
}

/** Regular files only, in the order of their names, unpacked like any other; links are not followed. */
async function* directoryRecords(root: string, prefix: string, limits: FeedLimits, depth: number): AsyncGenerator<FeedRecord> {
  if (depth > 32) throw invalid('feed-malformed', `${root}: directories more than 32 deep at ${prefix}`);
  const entries = (await readdir(join(root, prefix), { withFileTypes: true })).sort((a, b) => a.name < b.name ? -1 : 1);
  for (const entry of entries) {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== '.git') yield* directoryRecords(root, name, limits, depth + 1);
    else if (entry.isFile()) yield* fileRecords(join(root, name), name, limits);
  }
}

/** True for a zip archive, whose records can be read each for itself. */
export async function isZip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && (buffer.readUInt32LE(0) === 0x04034b50 || buffer.readUInt32LE(0) === 0x06054b50);
  } finally {
    await file.close();
  }
}

/** The first bytes, and the whole stream with them put back. */
async function peek(chunks: AsyncIterable<Uint8Array>, size: number): Promise<{ head: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let seen = 0;
  while (seen < size) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(next.value);
    seen += next.value.length;
  }
  const all = async function* () {
    try {
      yield* first;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return { head: Buffer.concat(first).subarray(0, size), all: all() };
}

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, index) => bytes[index] === byte);
