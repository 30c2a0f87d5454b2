import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { invalid } from '@plimsoll/problem';

/** A part of a regular file. */
export interface FileSlice { readonly path: string; readonly offset: number; readonly size: number }

const chunkSize = 256 * 1024;
// Reading is synchronous and fast; every so many chunks other work of the thread, and an abort, get their turn.
const chunksPerTurn = 64;

/**
 * Hands over a slice in chunks of 256 KB of one buffer that is overwritten after `push` returns.
 * A slice that reaches beyond the file ends early: `push` gets less, and the caller compares sizes.
 */
export async function readSlice({ path, offset, size }: FileSlice, push: (bytes: Buffer) => void | Promise<void>, signal?: AbortSignal): Promise<void> {
  const file = openRegularFile(path);
  try {
    const chunk = Buffer.allocUnsafeSlow(chunkSize);
    // One byte more than promised is enough to notice that a whole file is too long.
    const end = offset === 0 && fstatSync(file).size > size ? size + 1 : offset + size;
    for (let at = offset, turn = 1; at < end; turn++) {
      const read = readSync(file, chunk, 0, Math.min(chunkSize, end - at), at);
      if (read === 0) break;
      at += read;
      const pending = push(read === chunkSize ? chunk : chunk.subarray(0, read));
      if (pending !== undefined) await pending;
      if (turn % chunksPerTurn === 0) { await setImmediate(); signal?.throwIfAborted(); }
    }
  } finally {
    closeSync(file);
  }
}

/** Opens a file for reading, or Problem `not-a-file`: opening a FIFO would wait for ever, a device could be anything. */
export function openRegularFile(path: string): number {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw invalid('not-a-file', `${path} is not a regular file`);
}
