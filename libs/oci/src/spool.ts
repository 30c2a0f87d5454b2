import { closeSync, createReadStream, openSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invalid } from '@plimsoll/problem';
import { type Compression, createDecoder, type Decoder } from './decode.ts';
import { openRegularFile } from './file-slice.ts';
import type { ImageLimits } from './limits.ts';
import { sniffCompression } from './media-types.ts';

/** A file with the uncompressed content of an archive: the archive itself, or a copy that `remove` deletes. */
export interface PlainFile { readonly path: string; remove(): Promise<void> }

export interface SpoolOptions {
  readonly scratch: string | undefined;
  readonly limits: Pick<ImageLimits, 'spoolBytes' | 'spoolRatio' | 'spoolRatioFrom'>;
  readonly signal: AbortSignal | undefined;
}

/** Makes an archive readable in place. `-` is standard input. Problems `archive-truncated`, `archive-corrupt`, `limit-spool-bytes`, `limit-ratio`, `compression-unsupported`. */
export async function plainFile(path: string, options: SpoolOptions): Promise<PlainFile> {
  if (path === '-') return spool(process.stdin as AsyncIterable<Buffer>, 'standard input', options);
  if (sniffCompression(firstBytes(path)) === 'none') return { path, async remove() {} };
  return spool(createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>, path, options);
}

/** Writes the uncompressed content of a stream into a directory of its own that only this user may enter. */
export async function spool(source: AsyncIterable<Buffer>, name: string, { scratch, limits, signal }: SpoolOptions): Promise<PlainFile> {
  const directory = await mkdtemp(join(scratch ?? tmpdir(), 'plimsoll-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const path = join(directory, 'archive.tar');
  const file = openSync(path, 'wx', 0o600);
  let decoder: Decoder | undefined;
  try {
    let stored = 0, written = 0;
    const write = (bytes: Buffer): void => {
      written += bytes.length;
      if (written > limits.spoolBytes) throw invalid('limit-spool-bytes', `${name}: more than ${limits.spoolBytes} bytes`);
      if (written > limits.spoolRatioFrom && written > limits.spoolRatio * stored) throw invalid('limit-ratio', `${name}: ${stored} bytes became ${written}; more than ${limits.spoolRatio} times as many`);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    };
    for await (const bytes of atLeast(6, source)) {
      signal?.throwIfAborted();
      stored += bytes.length;
      decoder ??= createDecoder(known(sniffCompression(bytes), name), write, (reason, cause) => invalid(`archive-${reason}`, `${name}: its compressed stream ${reason === 'truncated' ? 'ends early' : 'is damaged'}`, cause));
      await decoder.push(bytes);
    }
    await decoder?.end();
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  } finally {
    decoder?.close();
    closeSync(file);
  }
}

/** The first bytes of a file, enough to tell its compression or a tar header from. */
export function firstBytes(path: string, length = 6): Buffer {
  const file = openRegularFile(path);
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0));
  } finally {
    closeSync(file);
  }
}

function known(compression: ReturnType<typeof sniffCompression>, name: string): Compression {
  if (compression === 'bzip2' || compression === 'xz') throw invalid('compression-unsupported', `${name}: compressed with ${compression}; gzip, zstd and none are read`);
  return compression;
}

/** The same bytes, with a first piece of at least `length` unless there are fewer. */
async function* atLeast(length: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first: Buffer | undefined = Buffer.alloc(0);
  for await (const bytes of source) {
    if (first === undefined) { yield bytes; continue; }
    first = Buffer.concat([first, bytes]);
    if (first.length >= length) { yield first; first = undefined; }
  }
  if (first !== undefined && first.length > 0) yield first;
}
