const malformed = (what: string): Error => new Error(`xz: ${what}`);

/** Probabilities of one tree for lengths: short ones by position, then middle, then long. */
interface Lengths { readonly choice: Uint16Array; readonly low: Uint16Array; readonly mid: Uint16Array; readonly high: Uint16Array }

const half = 1024, top = 2 ** 24;
const lengths = (): Lengths => ({ choice: new Uint16Array(2), low: new Uint16Array(16 * 8), mid: new Uint16Array(16 * 8), high: new Uint16Array(256) });

/** Decodes the chunks of LZMA2 as the LZMA specification describes (https://www.7-zip.org/sdk.html, "lzma-specification.txt"). */
export class Lzma {
  /** The last bytes written, a ring of at most `size`; grown as it fills. */
  private ring: Uint8Array;
  private place = 0;
  private filled = 0;
  private readonly size: number;
  private needsDictionary = true;
  private needsProperties = true;
  private literalPosition = 0;
  private literalContext = 0;
  private positionMask = 0;
  private literals = new Uint16Array();
  private readonly isMatch = new Uint16Array(12 * 16);
  private readonly isRepeat = new Uint16Array(12);
  private readonly isRepeat0 = new Uint16Array(12);
  private readonly isRepeat0Long = new Uint16Array(12 * 16);
  private readonly isRepeat1 = new Uint16Array(12);
  private readonly isRepeat2 = new Uint16Array(12);
  private readonly slots = new Uint16Array(4 * 64);
  private readonly special = new Uint16Array(128);
  private readonly align = new Uint16Array(16);
  private readonly matchLengths = lengths();
  private readonly repeatLengths = lengths();
  private state = 0;
  private repeats: [number, number, number, number] = [0, 0, 0, 0];
  private input: Uint8Array = new Uint8Array();
  private at = 0;
  private code = 0;
  private range = 0;

  constructor(size: number) {
    this.size = Math.max(size, 4096);
    this.ring = new Uint8Array(Math.min(this.size, 2 ** 20));
  }

  /** Before a chunk: 0 keeps everything, 1 forgets the state, 2 takes new properties, 3 forgets the dictionary too. */
  reset(kind: number, properties: number | undefined): void {
    if (kind === 3) { this.place = 0; this.filled = 0; this.needsDictionary = false; }
    if (this.needsDictionary) throw malformed('a chunk before any dictionary');
    if (kind >= 2) {
      if (properties === undefined || properties > 224) throw malformed('properties out of range');
      const positions = Math.floor(properties / 45), rest = properties % 45;
      this.literalPosition = Math.floor(rest / 9);
      this.literalContext = rest % 9;
      if (this.literalPosition + this.literalContext > 4) throw malformed('properties out of range');
      this.positionMask = (1 << positions) - 1;
      this.literals = new Uint16Array(0x300 << (this.literalPosition + this.literalContext));
      this.needsProperties = false;
    }
    if (this.needsProperties) throw malformed('a chunk before any properties');
    if (kind === 0) return;
    this.state = 0;
    this.repeats = [0, 0, 0, 0];
    for (const list of [this.literals, this.isMatch, this.isRepeat, this.isRepeat0, this.isRepeat0Long, this.isRepeat1, this.isRepeat2, this.slots, this.special, this.align,
      ...[this.matchLengths, this.repeatLengths].flatMap((one) => [one.choice, one.low, one.mid, one.high])]) list.fill(half);
  }

  /** A chunk that is not packed. */
  copy(bytes: Uint8Array, forgets: boolean): Uint8Array {
    if (forgets) { this.place = 0; this.filled = 0; this.needsDictionary = false; }
    if (this.needsDictionary) throw malformed('a chunk before any dictionary');
    const out = Buffer.from(bytes);
    for (const byte of out) this.remember(byte);
    return out;
  }

  /** `packed` is one whole chunk that unpacks to `size` bytes. */
  decode(packed: Uint8Array, size: number): Uint8Array {
    if (packed.length < 5 || packed[0] !== 0) throw malformed('a chunk that does not begin');
    this.input = packed;
    this.code = ((packed[1]! << 24) | (packed[2]! << 16) | (packed[3]! << 8) | packed[4]!) >>> 0;
    this.range = 0xffffffff;
    this.at = 5;
    const out = Buffer.allocUnsafe(size);
    for (let length = 0; length < size;) {
      const position = this.filled & this.positionMask;
      if (this.bit(this.isMatch, this.state * 16 + position) === 0) {
        out[length++] = this.literal();
        continue;
      }
      let count: number;
      if (this.bit(this.isRepeat, this.state) === 0) {
        this.repeats = [0, this.repeats[0], this.repeats[1], this.repeats[2]];
        count = this.length(this.matchLengths, position);
        this.state = this.state < 7 ? 7 : 10;
        this.repeats[0] = this.distance(count);
      } else {
        if (this.filled === 0) throw malformed('a repetition of nothing');
        if (this.bit(this.isRepeat0, this.state) === 0) {
          if (this.bit(this.isRepeat0Long, this.state * 16 + position) === 0) {
            this.state = this.state < 7 ? 9 : 11;
            out[length++] = this.remember(this.back(this.repeats[0]));
            continue;
          }
        } else {
          const [first, second, third, fourth] = this.repeats;
          if (this.bit(this.isRepeat1, this.state) === 0) this.repeats = [second, first, third, fourth];
          else if (this.bit(this.isRepeat2, this.state) === 0) this.repeats = [third, first, second, fourth];
          else this.repeats = [fourth, first, second, third];
        }
        count = this.length(this.repeatLengths, position);
        this.state = this.state < 7 ? 8 : 11;
      }
      if (length + count > size) throw malformed('a repetition past the end of its chunk');
      const distance = this.repeats[0];
      for (let index = 0; index < count; index++) out[length++] = this.remember(this.back(distance));
    }
    this.normalise();
    if (this.at !== packed.length || this.code !== 0) throw malformed('a chunk of another size than it says');
    return out;
  }

  private remember(byte: number): number {
    if (this.place === this.ring.length) {
      if (this.ring.length < this.size) {
        const wider = new Uint8Array(Math.min(this.size, 2 * this.ring.length));
        wider.set(this.ring);
        this.ring = wider;
      } else this.place = 0;
    }
    this.ring[this.place++] = byte;
    this.filled++;
    return byte;
  }

  private back(distance: number): number {
    if (distance >= this.filled || distance >= this.ring.length) throw malformed('a repetition of what is not there');
    const at = this.place - distance - 1;
    return this.ring[at < 0 ? at + this.ring.length : at]!;
  }

  private normalise(): void {
    if (this.range >= top) return;
    if (this.at >= this.input.length) throw malformed('a chunk of another size than it says');
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.input[this.at++]!) >>> 0;
  }

  private bit(probabilities: Uint16Array, index: number): 0 | 1 {
    this.normalise();
    const probability = probabilities[index]!, bound = (this.range >>> 11) * probability;
    if (this.code < bound) {
      this.range = bound;
      probabilities[index] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    this.range -= bound;
    this.code -= bound;
    probabilities[index] = probability - (probability >> 5);
    return 1;
  }

  private tree(probabilities: Uint16Array, from: number, bits: number): number {
    let node = 1;
    for (let index = 0; index < bits; index++) node = (node << 1) | this.bit(probabilities, from + node);
    return node - (1 << bits);
  }

  /** The same with the least significant bit first. */
  private reversed(probabilities: Uint16Array, from: number, bits: number): number {
    let node = 1, value = 0;
    for (let index = 0; index < bits; index++) {
      const bit = this.bit(probabilities, from + node);
      node = (node << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  private literal(): number {
    const before = this.filled === 0 ? 0 : this.back(0);
    const from = 0x300 * (((this.filled & ((1 << this.literalPosition) - 1)) << this.literalContext) + (before >> (8 - this.literalContext)));
    let symbol = 1;
    if (this.state >= 7) {
      let match = this.back(this.repeats[0]);
      do {
        const expected = (match >> 7) & 1;
        match <<= 1;
        const bit = this.bit(this.literals, from + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.bit(this.literals, from + symbol);
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
    return this.remember(symbol & 0xff);
  }

  private length({ choice, low, mid, high }: Lengths, position: number): number {
    if (this.bit(choice, 0) === 0) return 2 + this.tree(low, position * 8, 3);
    return this.bit(choice, 1) === 0 ? 10 + this.tree(mid, position * 8, 3) : 18 + this.tree(high, 0, 8);
  }

  private distance(count: number): number {
    const slot = this.tree(this.slots, Math.min(count - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1, base = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return base + this.reversed(this.special, base - slot, bits);
    let direct = 0;
    for (let index = 0; index < bits - 4; index++) {
      this.normalise();
      this.range >>>= 1;
      const isOne = this.code >= this.range;
      if (isOne) this.code -= this.range;
      direct = direct * 2 + Number(isOne);
    }
    return base + direct * 16 + this.reversed(this.align, 0, 4);
  }
}
