import { ByteWindow } from './byte-window.ts';

/** What is thrown for bytes that are no bzip2, or that end too soon; `unpack.ts` names it. */
const malformed = (what: string): Error => new Error(`bzip2: ${what}`);
const truncated = (): Error => new Error('bzip2: unexpected end of file');

/** Packed bytes of the largest block: 900,000 symbols of 20 bits, and its tables. */
const largestBlock = 2_300_000;

/**
 * The chunks of a bzip2 stream, any number of streams one after another, block by block (at most 900 kB each), every
 * checksum compared. There is no written standard; the format is what bzip2 1.0 decompresses
 * (https://sourceware.org/bzip2/, "decompress.c"). Blocks made by releases before 0.9.5 may be randomised, which is refused.
 */
export async function* bunzip2(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const window = new ByteWindow(chunks);
  try {
    for (let streams = 0; await window.fill(1); streams++) {
      await window.fill(4);
      const { bytes, at } = window, level = (bytes[at + 3] ?? 0) - 0x30;
      if (bytes[at] !== 0x42 || bytes[at + 1] !== 0x5a || bytes[at + 2] !== 0x68 || level < 1 || level > 9) {
        throw streams === 0 && window.left < 4 ? truncated() : malformed(`no stream after ${streams} streams`);
      }
      window.at += 4;
      const bits = new Bits(window), decoder = new Block(bits, level * 100_000);
      for (let combined = 0; ;) {
        await window.fill(largestBlock);
        bits.follow();
        const head = bits.read(24), tail = bits.read(24), checksum = bits.read32();
        if (head === 0x177245 && tail === 0x385090) {
          if (checksum !== combined) throw malformed('the checksum of the whole is wrong');
          bits.align();
          break;
        }
        if (head !== 0x314159 || tail !== 0x265359) throw malformed('no block where one should be');
        const out = decoder.decode();
        if (checksumOf(out) !== checksum) throw malformed('the checksum of a block is wrong');
        combined = (((combined << 1) | (combined >>> 31)) ^ checksum) >>> 0;
        bits.leave();
        yield out;
      }
    }
  } finally {
    await window.close();
  }
}

/** Reads bits from the window, the most significant first. */
class Bits {
  private bytes: Uint8Array = new Uint8Array();
  private at = 0;
  private held = 0;
  private count = 0;
  private readonly window: ByteWindow;

  constructor(window: ByteWindow) { this.window = window; }

  /** Takes up the window as it is now; up to 7 bits of the byte before stay held. */
  follow(): void { this.bytes = this.window.bytes; this.at = this.window.at; }
  /** Tells the window how far reading came. */
  leave(): void {
    this.at -= this.count >> 3;
    this.count &= 7;
    this.held &= (1 << this.count) - 1;
    this.window.at = this.at;
  }
  align(): void { this.leave(); this.count = 0; this.held = 0; }

  /** At most 24. */
  read(wanted: number): number {
    while (this.count < wanted) {
      if (this.at >= this.bytes.length) throw truncated();
      this.held = ((this.held & 0xffffff) << 8) | this.bytes[this.at++]!;
      this.count += 8;
    }
    this.count -= wanted;
    return (this.held >>> this.count) & ((1 << wanted) - 1);
  }

  read32(): number { return ((this.read(16) << 16) | this.read(16)) >>> 0; }
}

/** One Huffman code: by length, the first code that is longer, and where its symbols begin. */
interface Code { readonly shortest: number; readonly limits: Int32Array; readonly bases: Int32Array; readonly symbols: Uint16Array }

class Block {
  private readonly counts = new Int32Array(257);
  private readonly cells: Uint32Array;
  private readonly bits: Bits;

  constructor(bits: Bits, size: number) {
    this.bits = bits;
    this.cells = new Uint32Array(size);
  }

  decode(): Uint8Array {
    const { bits } = this;
    if (bits.read(1) === 1) throw malformed('a randomised block');
    const origin = bits.read(24), used = this.alphabet(), symbolCount = used.length + 2;
    const groups = bits.read(3), selectorCount = bits.read(15);
    if (groups < 2 || groups > 6 || selectorCount === 0) throw malformed('a block without codes');
    const order = Array.from({ length: groups }, (_, index) => index), selectors = new Uint8Array(selectorCount);
    for (let index = 0; index < selectorCount; index++) {
      let place = 0;
      while (bits.read(1) === 1) if (++place >= groups) throw malformed('a code that is not there');
      const [chosen] = order.splice(place, 1);
      order.unshift(chosen!);
      selectors[index] = chosen!;
    }
    const codes = Array.from({ length: groups }, () => this.code(symbolCount));
    return this.unsort(this.symbols(codes, selectors, used), origin);
  }

  private alphabet(): number[] {
    const rows = this.bits.read(16), used: number[] = [];
    for (let row = 0; row < 16; row++) {
      if ((rows & (0x8000 >> row)) === 0) continue;
      const columns = this.bits.read(16);
      for (let column = 0; column < 16; column++) if ((columns & (0x8000 >> column)) !== 0) used.push(16 * row + column);
    }
    if (used.length === 0) throw malformed('a block without bytes');
    return used;
  }

  private code(symbolCount: number): Code {
    const { bits } = this, lengths = new Uint8Array(symbolCount);
    for (let symbol = 0, length = bits.read(5); symbol < symbolCount; symbol++) {
      for (;;) {
        if (length < 1 || length > 20) throw malformed('a code length out of range');
        if (bits.read(1) === 0) break;
        length += bits.read(1) === 0 ? 1 : -1;
      }
      lengths[symbol] = length;
    }
    const limits = new Int32Array(22).fill(-1), bases = new Int32Array(22), symbols = new Uint16Array(symbolCount);
    let shortest = 20, filled = 0;
    for (const length of lengths) shortest = Math.min(shortest, length);
    for (let length = shortest, code = 0; length <= 20; length++) {
      const from = filled;
      for (let symbol = 0; symbol < symbolCount; symbol++) if (lengths[symbol] === length) symbols[filled++] = symbol;
      bases[length] = from - code;
      code += filled - from;
      limits[length] = code - 1;
      code <<= 1;
    }
    return { shortest, limits, bases, symbols };
  }

  /** Huffman, run lengths and move-to-front undone: the last column of the sorted rotations. Returns how long it is. */
  private symbols(codes: readonly Code[], selectors: Uint8Array, used: readonly number[]): number {
    const { bits, cells, counts } = this, end = used.length + 1, front = Uint8Array.from(used);
    counts.fill(0);
    let size = 0, run = 0, weight = 1, group = -1, left = 0, code = codes[0]!;
    for (;;) {
      if (left-- === 0) {
        if (++group >= selectors.length) throw malformed('a block with too few codes');
        code = codes[selectors[group]!]!;
        left = 49;
      }
      let length = code.shortest, value = bits.read(length);
      while (value > code.limits[length]!) {
        if (++length > 20) throw malformed('a code that means nothing');
        value = (value << 1) | bits.read(1);
      }
      const symbol = code.symbols[code.bases[length]! + value];
      if (symbol === undefined) throw malformed('a code that means nothing');
      if (symbol <= 1) {
        run += weight << symbol;
        weight <<= 1;
        if (run > cells.length) throw malformed('a block that is too long');
        continue;
      }
      if (run > 0) {
        if (size + run > cells.length) throw malformed('a block that is too long');
        const byte = front[0]!;
        cells.fill(byte, size, size + run);
        counts[byte + 1]! += run;
        size += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) return size;
      if (size >= cells.length) throw malformed('a block that is too long');
      const byte = front[symbol - 1]!;
      front.copyWithin(1, 0, symbol - 1);
      front[0] = byte;
      counts[byte + 1]!++;
      cells[size++] = byte;
    }
  }

  /** The rotations unsorted (Burrows and Wheeler), then runs of four bytes and a count undone. */
  private unsort(size: number, origin: number): Uint8Array {
    const { cells, counts } = this;
    if (origin >= size) throw malformed('a block that begins nowhere');
    for (let byte = 1; byte <= 256; byte++) counts[byte]! += counts[byte - 1]!;
    for (let index = 0; index < size; index++) cells[counts[cells[index]! & 0xff]!++]! |= index << 8;
    let out: Uint8Array = Buffer.allocUnsafe(Math.ceil(size * 1.1) + 260), length = 0, position = cells[origin]! >>> 8, last = -1, same = 0;
    for (let index = 0; index < size; index++) {
      const cell = cells[position]!, byte = cell & 0xff;
      position = cell >>> 8;
      if (length + 256 > out.length) out = Buffer.concat([out.subarray(0, length)], 2 * out.length);
      if (same === 4) {
        out.fill(last, length, length + byte);
        length += byte;
        same = 0;
        last = -1;
      } else {
        same = byte === last ? same + 1 : 1;
        last = byte;
        out[length++] = byte;
      }
    }
    return out.subarray(0, length);
  }
}

const checksums = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0);
  return value >>> 0;
});

/** CRC-32 with the bits in the order of their weight, unlike zlib's. */
function checksumOf(bytes: Uint8Array): number {
  let crc = -1;
  for (let index = 0; index < bytes.length; index++) crc = (crc << 8) ^ checksums[(crc >>> 24) ^ bytes[index]!]!;
  return ~crc >>> 0;
}
