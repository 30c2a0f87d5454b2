import { constants, createInflateRaw, inflateRawSync } from 'node:zlib';

/** The private part of zlib's streams that is leaned on (node/lib/zlib.js, node/src/node_zlib.cc). */
interface RawStream {
  readonly _handle: {
    writeSync(flush: number, input: Buffer, inputAt: number, inputLength: number, output: Buffer, outputAt: number, outputLength: number): void;
    reset(): void;
    onerror: (message: string) => void;
  };
  /** [bytes of output left, bytes of input left] after a write. */
  readonly _writeState: Uint32Array;
}

let stream: RawStream | undefined;

/**
 * The `size` bytes that a small deflated file holds. One decoder for all of them: making one for each costs more than
 * inflating two kilobytes. Where this Node's decoder is not what we know, or the file is not what it says, the public way
 * is gone, and its error is the answer; whoever calls compares the checksum.
 */
export function inflateSmall(packed: Buffer, size: number): Buffer {
  // A byte more than it may fill: then it is seen that it would.
  const output = Buffer.allocUnsafe(size + 1);
  try {
    const { _handle: handle, _writeState: left } = stream ??= createInflateRaw() as unknown as RawStream;
    let isBroken = false;
    handle.onerror = () => { isBroken = true; };
    handle.writeSync(constants.Z_FINISH, packed, 0, packed.length, output, 0, output.length);
    if (!isBroken && left[0] === 1) {
      handle.reset();
      return output.subarray(0, size);
    }
  } catch { /* not the handle we know */ }
  stream = undefined;   // after an error its handle must not be written to again
  return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
}
