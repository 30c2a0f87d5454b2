import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { invalid, Problem } from '@plimsoll/problem';
import { bunzip2 } from './bunzip2.ts';
import type { FeedLimits } from './feed.ts';
import { unxz } from './unxz.ts';

const outputSize = 256 * 1024;

/** A packing: its first bytes, what it adds to a file's name, and what undoes it. */
interface Packing { readonly magic: readonly number[]; readonly suffix: RegExp; readonly unpack: (name: string, chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array> }

/** gzip (RFC 1952), zstd (RFC 8878), bzip2 and xz, each of any number of members. Adding one is one line. */
const packings: readonly Packing[] = [
  { magic: [0x1f, 0x8b], suffix: /\.t?gz$/, unpack: (_, chunks) => through(createGunzip({ chunkSize: outputSize }), chunks) },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], suffix: /\.t?zst$/, unpack: (name, chunks) => through(createZstdDecompress({ chunkSize: outputSize }), splitFrames(name, chunks)) },
  { magic: [0x42, 0x5a, 0x68], suffix: /\.t?bz2$/, unpack: (_, chunks) => bunzip2(chunks) },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], suffix: /\.t?xz$/, unpack: (_, chunks) => unxz(chunks) },
];

/** How a stream that begins with these bytes is packed; undefined when it is not. */
export const packingOf = (head: Uint8Array): Packing | undefined => packings.find(({ magic }) => magic.every((byte, index) => head[index] === byte));

/** The chunks of a packed stream, or Problem `feed-truncated`, `feed-malformed`, `feed-bomb`, `feed-too-large`. */
export async function* unpack(name: string, { unpack: undo }: Packing, chunks: AsyncIterable<Uint8Array>, limits: FeedLimits): AsyncGenerator<Uint8Array> {
  let packed = 0, unpacked = 0;
  const counted = async function* () { for await (const chunk of chunks) { packed += chunk.length; yield chunk; } };
  try {
    for await (const chunk of undo(name, counted())) {
      unpacked += chunk.length;
      if (unpacked > limits.feedBytes) throw invalid('feed-too-large', `${name} unpacks to more than ${limits.feedBytes} bytes`);
      if (unpacked > limits.ratioFrom && unpacked > packed * limits.ratio) throw invalid('feed-bomb', `${name} unpacks more than ${limits.ratio}-fold`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw invalid(/unexpected end|incomplete/i.test(message) ? 'feed-truncated' : 'feed-malformed', `${name}: ${message}`, error);
  }
}

function through(transform: Transform, chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  pipeline(Readable.from(chunks, { objectMode: false }), transform, () => {});
  return transform;
}

const frameMagic = 0xfd2fb528;

/**
 * Cuts chunks where zstd frames end, walking the block headers (RFC 8878 section 3.1): Node decodes only the first
 * frame of a chunk and drops the rest without a word (nodejs/node#64741). It also finds that the end is missing.
 */
async function* splitFrames(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let state: 'magic' | 'skippable' | 'descriptor' | 'header' | 'block' | 'checksum' = 'magic';
  let field = 0, filled = 0, wanted = 4;      // a little-endian number being read
  let skip = 0, hasChecksum = false, isLast = false, frames = 0;

  for await (const chunk of chunks) {
    let at = 0, from = 0;
    while (at < chunk.length) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at);
        skip -= step; at += step;
      } else if (filled < wanted) {
        field += chunk[at++]! * 2 ** (8 * filled++);
      }
      if (skip > 0 || filled < wanted) continue;
      const value = field;
      field = 0; filled = 0;
      switch (state) {
        case 'magic':
          if (value === frameMagic) { state = 'descriptor'; wanted = 1; }
          else if (value >= 0x184d2a50 && value <= 0x184d2a5f) { state = 'skippable'; wanted = 4; }
          else throw invalid('feed-malformed', `${name}: no zstd frame after ${frames} frames`);
          break;
        case 'skippable': skip = value; isLast = true; hasChecksum = false; state = 'block'; wanted = 0; break;
        case 'descriptor': {
          const isSingle = (value & 0x20) !== 0, sizeFlag = value >> 6;
          hasChecksum = (value & 0x04) !== 0; isLast = false;
          skip = (isSingle ? 0 : 1) + [0, 1, 2, 4][value & 3]! + (sizeFlag === 0 ? (isSingle ? 1 : 0) : 2 ** sizeFlag);
          state = 'header'; wanted = 0;
          break;
        }
        case 'header': state = 'block'; wanted = 3; break;
        case 'block':
          if (wanted === 3) {
            isLast = (value & 1) === 1;
            skip = ((value >> 1) & 3) === 1 ? 1 : value >> 3;
            wanted = 0;
          } else if (!isLast) wanted = 3;
          else { state = 'checksum'; skip = hasChecksum ? 4 : 0; }
          break;
        case 'checksum': break;
      }
      // Steps that need no byte are taken at once.
      if (state === 'block' && wanted === 0 && skip === 0) {
        if (!isLast) wanted = 3; else { state = 'checksum'; skip = hasChecksum ? 4 : 0; }
      }
      if (state === 'checksum' && skip === 0) {
        frames++;
        yield chunk.subarray(from, at);
        from = at;
        state = 'magic'; wanted = 4;
      }
    }
    if (from < chunk.length) yield chunk.subarray(from);
  }
  if (state !== 'magic' || filled !== 0 || frames === 0) throw invalid('feed-truncated', `${name} ends in the middle of a zstd frame`);
}
