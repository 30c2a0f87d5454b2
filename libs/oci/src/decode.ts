import zlib from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import { passesSelfTest } from './decode-self-test.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** Makes the error of a stream that ended early or cannot be decoded; the caller knows what to call it. */
export type DecodeFailure = (reason: 'truncated' | 'corrupt', cause?: unknown) => Error;

/** Takes stored bytes, emits what they hold. `emit` gets a buffer that is overwritten after it returns. Always close it. */
export interface Decoder {
  /** A promise only from the streams of the fallback: await it when there is one. */
  push(bytes: Buffer): void | Promise<void>;
  /** Truncation is noticed here, and nowhere earlier. */
  end(): void | Promise<void>;
  close(): void;
}

/**
 * The fastest decoder this Node has: zlib's own handle driven synchronously (about 3× the streams), or, where the
 * self-test says that handle is not what we know, the public streams.
 */
export function createDecoder(compression: Compression, emit: (bytes: Buffer) => void, fail: DecodeFailure): Decoder {
  if (compression === 'none') return { push: emit, end() {}, close() {} };
  if (compression === 'zstd' && typeof zlib.createZstdDecompress !== 'function') {
    throw invalid('zstd-unsupported', `zstd needs Node 22.15 or newer; this is ${process.version}`);
  }
  return usesRawHandle(compression) ? rawDecoder(compression, emit, fail) : streamDecoder(compression, emit, fail);
}

const verdicts = new Map<Compression, boolean>();

/** Whether the private handle passed its self-test in this thread; tried once, at the first layer of its kind. */
export function usesRawHandle(compression: 'gzip' | 'zstd'): boolean {
  let verdict = verdicts.get(compression);
  if (verdict === undefined) verdicts.set(compression, verdict = passesSelfTest(compression, rawDecoder));
  return verdict;
}

// 256 KB stays in the second-level cache. One buffer per thread is enough: it is emptied before the next write.
const outputSize = 256 * 1024;
let sharedOutput: Buffer | undefined;

/** The private part of zlib's streams that we lean on (node/lib/zlib.js, node/src/node_zlib.cc). */
interface RawStream {
  readonly _handle: {
    writeSync(flush: number, input: Buffer, inputAt: number, inputLength: number, output: Buffer, outputAt: number, outputLength: number): void;
    onerror: (message: string, errno: number, code: string) => void;
  };
  /** [bytes of output left, bytes of input left] after a write. */
  readonly _writeState: Uint32Array;
}

/** Exported for the self-test alone. */
export function rawDecoder(compression: 'gzip' | 'zstd', emit: (bytes: Buffer) => void, fail: DecodeFailure): Decoder {
  const stream = compression === 'gzip' ? zlib.createGunzip() : zlib.createZstdDecompress();
  const { _handle: handle, _writeState: left } = stream as unknown as RawStream;
  const output = sharedOutput ??= Buffer.allocUnsafeSlow(outputSize);
  const finish = compression === 'gzip' ? zlib.constants.Z_FINISH : zlib.constants.ZSTD_e_end;
  let error: string | undefined;
  let padded = false;
  // Set here, not by the 'error' event: that comes a tick later, and a write after an error aborts the whole process.
  handle.onerror = (message, _errno, code) => { error = `${code}: ${message}`; };

  const write = (flush: number, input: Buffer, at: number, length: number): number => {
    if (error !== undefined) throw fail('corrupt', error);
    handle.writeSync(flush, input, at, length, output, 0, outputSize);
    if (error !== undefined) throw fail(flush === finish ? 'truncated' : 'corrupt', error);
    const produced = outputSize - left[0]!;
    if (produced > 0) emit(produced === outputSize ? output : output.subarray(0, produced));
    return produced;
  };

  return {
    push(bytes) {
      let at = 0, length = bytes.length;
      while (!padded) {
        const produced = write(0, bytes, at, length);
        const consumed = length - left[1]!;
        at += consumed;
        length -= consumed;
        if (length === 0 && produced < outputSize) return;
        // Input left and nothing happens: the last member ended. gzip allows zero padding there, and nothing else.
        padded = produced === 0 && consumed === 0;
      }
      if (compression === 'zstd' || !isZero(bytes, at)) throw fail('corrupt', 'bytes after the end of the compressed data');
    },
    // Without a finishing flush both libraries accept a truncated stream silently.
    end() { while (write(finish, output, 0, 0) === outputSize); },
    close() { stream.close(); },
  };
}

function isZero(bytes: Buffer, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The public way, for a Node whose handle we do not know. Exported for its tests. */
export function streamDecoder(compression: 'gzip' | 'zstd', emit: (bytes: Buffer) => void, fail: DecodeFailure): Decoder {
  let stage: Stage | undefined;
  let padded = false;
  const open = (): Stage => openStage(compression, emit, fail);
  return {
    async push(bytes) {
      for (let rest = bytes; rest.length > 0;) {
        if (padded) {
          if (!isZero(rest, 0)) throw fail('corrupt', 'bytes after the end of the compressed data');
          return;
        }
        stage ??= open();
        const consumed = await stage.write(rest);
        if (consumed === rest.length) return;
        rest = rest.subarray(consumed);
        // Node's zstd stream ends at a frame's end and drops the rest of the chunk (nodejs/node#64741): go on with a new one.
        if (compression === 'zstd') { await stage.end(); stage = undefined; }
        else padded = true;
      }
    },
    async end() {
      if (stage === undefined) { if (compression === 'gzip') throw fail('truncated'); return; }
      await stage.end();
    },
    close() { stage?.close(); },
  };
}

interface Stage { write(bytes: Buffer): Promise<number>; end(): Promise<void>; close(): void }

function openStage(compression: 'gzip' | 'zstd', emit: (bytes: Buffer) => void, fail: DecodeFailure): Stage {
  const options = { chunkSize: 2 * outputSize };
  const stream = compression === 'gzip' ? zlib.createGunzip(options) : zlib.createZstdDecompress(options);
  let stopped: unknown;
  let ending = false;
  const ended = new Promise<void>((resolve, reject) => {
    stream.once('end', resolve);
    stream.once('error', (error) => reject(stopped ?? fail(ending ? 'truncated' : 'corrupt', error)));
  });
  ended.catch(() => {});
  stream.on('data', (bytes: Buffer) => {
    if (stopped !== undefined) return;
    try { emit(bytes); } catch (error) { stopped = error; stream.destroy(error as Error); }
  });
  return {
    async write(bytes) {
      const before = stream.bytesWritten;
      const written = new Promise<void>((resolve) => { stream.write(bytes, () => resolve()); });
      // 'end' may come while input is left, and the callback of a destroyed stream not at all.
      await Promise.race([written, ended]);
      if (stopped !== undefined) throw stopped;
      return stream.bytesWritten - before;
    },
    async end() { ending = true; stream.end(); await ended; },
    close() { stream.destroy(); },
  };
}
