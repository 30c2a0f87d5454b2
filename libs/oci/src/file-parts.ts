import { closeSync, fstatSync, readSync } from 'node:fs';
import type { PartReader } from './entry.ts';
import { openRegularFile } from './file-slice.ts';
import { defaultReadLimits } from './limits.ts';

/** Reads of an open file of `size` bytes what the reader wants, into one chunk again and again. false: it wants the file to be passed more than `walks` times. */
export function readFileParts(file: number, size: number, reader: PartReader, chunk: Buffer, walks: number): boolean {
  for (let walked = 0; walked < walks; walked++) {
    for (let at = reader.next, read; at < size; at = Math.max(reader.next, at + read)) {
      read = readSync(file, chunk, 0, Math.min(chunk.length, size - at), at);
      if (read === 0) break;
      reader.push(chunk.subarray(0, read), at);
    }
    if (!reader.end()) return true;
  }
  return false;
}

/** Passes a file of this machine to a reader made for its size; false when it wants to pass it too often. Errors of the filesystem rise. */
export function passFile(path: string, readerOf: (size: number) => PartReader): boolean {
  const file = openRegularFile(path);
  try {
    const { size } = fstatSync(file);
    return readFileParts(file, size, readerOf(size), Buffer.allocUnsafeSlow(64 * 1024), defaultReadLimits.walks);
  } finally {
    closeSync(file);
  }
}
