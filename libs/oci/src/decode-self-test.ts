import type { Decoder, DecodeFailure } from './decode.ts';

type MakeDecoder = (compression: 'gzip' | 'zstd', emit: (bytes: Buffer) => void, fail: DecodeFailure) => Decoder;

/** A stream cut into pushes, and what must come of it: the text, or a failure. */
interface Vector { readonly pushes: readonly Buffer[]; readonly gives: string | 'failure' }

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

// "plimsoll" and "line", each compressed alone, by gzip(1) and zstd(1).
const gzip = { first: bytes('H4sIAAAAAAACAyvIycwtzs/JAQCxD3B8CAAAAA=='), second: bytes('H4sIAAAAAAACA8vJzEsFAPa0FNEEAAAA') };
const zstd = { first: bytes('KLUv/QRYQQAAcGxpbXNvbGzuKrnh'), second: bytes('KLUv/QRYIQAAbGluZUs8ru4=') };
// RFC 8878 section 3.1.2: a frame decoders must skip, as zstd:chunked writes them.
const skippable = bytes('UCpNGAQAAAABAgME');

const flipped = (original: Buffer, at: number): Buffer => {
  const copy = Buffer.from(original);
  copy[at]! ^= 0xff;
  return copy;
};

/** Every behaviour of the handle we lean on, and every trap that was met: members and frames in one push and across pushes, truncation, damage, what follows the end. */
const vectors: Record<'gzip' | 'zstd', readonly Vector[]> = {
  gzip: [
    { pushes: [gzip.first], gives: 'plimsoll' },
    { pushes: [Buffer.concat([gzip.first, gzip.second])], gives: 'plimsollline' },
    { pushes: [gzip.first, gzip.second], gives: 'plimsollline' },
    { pushes: [Buffer.concat([gzip.first, gzip.second.subarray(0, 1)]), gzip.second.subarray(1)], gives: 'plimsollline' },
    { pushes: [gzip.first, Buffer.alloc(512)], gives: 'plimsoll' },
    { pushes: [gzip.first.subarray(0, -4)], gives: 'failure' },
    { pushes: [gzip.first, gzip.second.subarray(0, -9)], gives: 'failure' },
    { pushes: [flipped(gzip.first, gzip.first.length - 6)], gives: 'failure' },
    { pushes: [gzip.first, Buffer.from('garbage')], gives: 'failure' },
    { pushes: [gzip.first, Buffer.alloc(8), gzip.second], gives: 'failure' },
    { pushes: [], gives: 'failure' },
  ],
  zstd: [
    { pushes: [zstd.first], gives: 'plimsoll' },
    { pushes: [Buffer.concat([zstd.first, zstd.second])], gives: 'plimsollline' },
    { pushes: [Buffer.concat([zstd.first, skippable, zstd.second, skippable])], gives: 'plimsollline' },
    { pushes: [zstd.first, zstd.second], gives: 'plimsollline' },
    { pushes: [zstd.first.subarray(0, -3)], gives: 'failure' },
    { pushes: [zstd.first, zstd.second.subarray(0, -5)], gives: 'failure' },
    { pushes: [flipped(zstd.first, zstd.first.length - 2)], gives: 'failure' },
    { pushes: [zstd.first, Buffer.from('garbage')], gives: 'failure' },
  ],
};

/** Whether a decoder made by `make` gives what every vector says; a decoder that throws anything unexpected does not. */
export function passesSelfTest(compression: 'gzip' | 'zstd', make: MakeDecoder): boolean {
  return vectors[compression].every((vector) => {
    try { return run(compression, make, vector) === vector.gives; } catch { return false; }
  });
}

class Expected extends Error {}

function run(compression: 'gzip' | 'zstd', make: MakeDecoder, { pushes }: Vector): string {
  let text = '';
  const decoder = make(compression, (part) => { text += part.toString('latin1'); }, () => new Expected());
  try {
    for (const push of pushes) decoder.push(push);
    decoder.end();
    return text;
  } catch (error) {
    if (error instanceof Expected) return 'failure';
    throw error;
  } finally {
    decoder.close();
  }
}
