import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ByteWindow } from './byte-window.ts';
import { Lzma } from './lzma.ts';

const malformed = (what: string): Error => new Error(`xz: ${what}`);
const truncated = (): Error => new Error('xz: unexpected end of file');

/** Bytes a stream may ask to look back; `xz -9` asks for 64 MiB. */
const largestDictionary = 128 * 1024 * 1024;

/**
 * The chunks of an xz file (https://tukaani.org/xz/xz-file-format.txt 1.2.1, any number of streams), at most 2 MiB each,
 * with every checksum compared. The one filter read is LZMA2: filters for machine code are not used on text.
 */
export async function* unxz(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const window = new ByteWindow(chunks);
  try {
    for (let streams = 0; await window.fill(1); streams++) {
      // Streams are padded to four bytes with zeros.
      if (streams > 0 && window.bytes[window.at] === 0) { await take(window, 4); continue; }
      yield* stream(window);
    }
  } finally {
    await window.close();
  }
}

async function take(window: ByteWindow, size: number): Promise<Buffer> {
  if (!(await window.fill(size))) throw truncated();
  const taken = Buffer.from(window.bytes.buffer, window.bytes.byteOffset + window.at, size);
  window.at += size;
  return taken;
}

async function* stream(window: ByteWindow): AsyncGenerator<Uint8Array> {
  const head = await take(window, 12);
  if (head.toString('latin1', 0, 6) !== '\xfd7zXZ\0' || head[6] !== 0 || crc32(head.subarray(6, 8)) !== head.readUInt32LE(8)) throw malformed('no stream where one should be');
  const check = head[7]!, checkSize = checkSizes[check];
  if (checkSize === undefined) throw malformed(`a check of kind ${check} is not known`);
  for (;;) {
    const [size] = await take(window, 1);
    if (size === 0) break;
    yield* block(window, size!, check, checkSize);
  }
  await passIndex(window);
  const foot = await take(window, 12);
  if (foot.toString('latin1', 10) !== 'YZ' || crc32(foot.subarray(4, 10)) !== foot.readUInt32LE(0)) throw malformed('the end of the stream is damaged');
}

/** The index repeats the sizes of the blocks, all read by now; its checksum says whether it came whole. */
async function passIndex(window: ByteWindow): Promise<void> {
  let size = 1, sum = crc32(Buffer.of(0));
  const byte = async (): Promise<number> => { const one = await take(window, 1); size++; sum = crc32(one, sum); return one[0]!; };
  const number = async (): Promise<number> => {
    let value = 0;
    for (let index = 0; index < 9; index++) {
      const part = await byte();
      value += (part & 0x7f) * 2 ** (7 * index);
      if (part < 0x80) return value;
    }
    throw malformed('a number without end');
  };
  for (let records = await number(); records > 0; records--) { await number(); await number(); }
  while (size % 4 !== 0) await byte();
  if ((await take(window, 4)).readUInt32LE(0) !== sum) throw malformed('the index is damaged');
}

async function* block(window: ByteWindow, size: number, check: number, checkSize: number): AsyncGenerator<Uint8Array> {
  const rest = await take(window, size * 4 + 3), sum = rest.readUInt32LE(rest.length - 4), header = Buffer.concat([Buffer.of(size), rest.subarray(0, -4)]);
  if (crc32(header) !== sum) throw malformed('the head of a block is damaged');
  const flags = header[1]!;
  let at = 2;
  for (const isThere of [flags & 0x40, flags & 0x80]) if (isThere !== 0) while (header[at++]! >= 0x80);
  if ((flags & 0x3f) !== 0 || header[at] !== 0x21 || header[at + 1] !== 1) throw malformed('a filter other than LZMA2');
  const width = header[at + 2]!, dictionary = width === 40 ? 2 ** 32 - 1 : width > 40 ? Infinity : (2 | (width & 1)) * 2 ** (width / 2 + 11 - (width & 1) / 2);
  if (dictionary > largestDictionary) throw malformed(`a look back over ${dictionary} bytes, more than ${largestDictionary}`);
  const sums = checks[check]?.(), lzma = new Lzma(dictionary);
  let packed = size * 4 + 4;
  for (;;) {
    const [control] = await take(window, 1);
    packed++;
    if (control === 0) break;
    if (control! >= 0x80) {
      const head = await take(window, control! >= 0xc0 ? 5 : 4);
      const unpackedSize = ((control! & 0x1f) << 16) + head.readUInt16BE(0) + 1, packedSize = head.readUInt16BE(2) + 1;
      lzma.reset((control! >> 5) & 3, head[4]);
      packed += head.length + packedSize;
      const out = lzma.decode(await take(window, packedSize), unpackedSize);
      sums?.update(out);
      yield out;
    } else {
      if (control! > 2) throw malformed('a chunk of a kind not known');
      const length = (await take(window, 2)).readUInt16BE(0) + 1;
      packed += 2 + length;
      const out = lzma.copy(await take(window, length), control === 1);
      sums?.update(out);
      yield out;
    }
  }
  if (packed % 4 !== 0 && (await take(window, 4 - packed % 4)).some((byte) => byte !== 0)) throw malformed('padding that is not empty');
  const expected = await take(window, checkSize);
  if (sums !== undefined && !sums.digest().equals(expected)) throw malformed('the checksum of a block is wrong');
}

/** Bytes of each kind of check, by its number (section 2.1.1.2); those without an entry in `checks` are passed over. */
const checkSizes: Readonly<Record<number, number>> = { 0: 0, 1: 4, 4: 8, 10: 32 };
interface Check { update(bytes: Uint8Array): unknown; digest(): Buffer }
const checks: Readonly<Record<number, () => Check>> = {
  1: () => {
    let sum = 0;
    return { update: (bytes) => { sum = crc32(bytes, sum); }, digest: () => { const out = Buffer.alloc(4); out.writeUInt32LE(sum); return out; } };
  },
  4: () => new Crc64(),
  10: () => createHash('sha256'),
};

/** ECMA-182, bits reversed, in two halves of 32 bits. */
class Crc64 implements Check {
  private low = -1;
  private high = -1;

  update(bytes: Uint8Array): void {
    let { low, high } = this;
    for (let index = 0; index < bytes.length; index++) {
      const place = (low ^ bytes[index]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ crc64Low[place]!;
      high = (high >>> 8) ^ crc64High[place]!;
    }
    this.low = low;
    this.high = high;
  }

  digest(): Buffer {
    const out = Buffer.alloc(8);
    out.writeInt32LE(~this.low, 0);
    out.writeInt32LE(~this.high, 4);
    return out;
  }
}

const crc64Low = new Int32Array(256), crc64High = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte, high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = (low & 1) !== 0;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) { low ^= 0xd7870f42; high ^= 0xc96c5795; }
  }
  crc64Low[byte] = low;
  crc64High[byte] = high;
}
