import { hash } from 'node:crypto';

/** Of a record known already: seen again as it was, or with other content (both: the feed has it twice), or said to be gone. */
export const seenSame = 1, seenChanged = 2, saidGone = 4;

/**
 * The records of a source as of the current revision, by key and by the file they were read from, in memory that threads share:
 * 60 bytes each whatever they say. Hashes are cut to 64 bits; that two of a million meet is one chance in thirty million.
 */
export class KnownRecords {
  readonly memory: SharedArrayBuffer;
  readonly size: number;
  readonly #slots: number;
  readonly #ids: Float64Array;
  readonly #hashes: BigUint64Array;
  readonly #states: Uint8Array;
  readonly #byKey: Int32Array;
  readonly #byRaw: Int32Array;

  /** Room for `size` records, or the view of another thread's. */
  constructor(size: number, memory?: SharedArrayBuffer) {
    this.size = size;
    this.#slots = 2 ** Math.ceil(Math.log2(Math.max(16, size * 1.5)));
    const bytes = [8 * size, 3 * 8 * size, 4 * this.#slots, 4 * this.#slots, size];
    this.memory = memory ?? new SharedArrayBuffer(bytes.reduce((a, b) => a + b, 0));
    const at = bytes.map((_, i) => bytes.slice(0, i).reduce((a, b) => a + b, 0));
    this.#ids = new Float64Array(this.memory, at[0], size);
    this.#hashes = new BigUint64Array(this.memory, at[1], 3 * size);
    this.#byKey = new Int32Array(this.memory, at[2], this.#slots);
    this.#byRaw = new Int32Array(this.memory, at[3], this.#slots);
    this.#states = new Uint8Array(this.memory, at[4], size);
  }

  /** Fills place `index`. Hashes are hexadecimal, `raw` empty when the record is not a file of its own. */
  put(index: number, id: number, key: string, content: string, raw: string): void {
    this.#ids[index] = id;
    this.#hashes[3 * index] = BigInt(`0x${key}`);
    this.#hashes[3 * index + 1] = BigInt(`0x${content}`);
    this.#hashes[3 * index + 2] = raw ? BigInt(`0x${raw}`) : 0n;
    this.#enter(this.#byKey, this.#hashes[3 * index]!, index);
    if (raw) this.#enter(this.#byRaw, this.#hashes[3 * index + 2]!, index);
  }

  id(index: number): number { return this.#ids[index]!; }
  /** Place of the record with this key; -1 when there is none. */
  ofKey(key: string): number { return this.size === 0 ? -1 : this.#find(this.#byKey, 0, cut(hash('sha256', key, 'buffer'))); }
  /** Place of the record read from this file, by the hash of its bytes. */
  ofRaw(raw: Buffer): number { return this.#find(this.#byRaw, 2, cut(raw)); }
  hasContent(index: number, content: Buffer): boolean { return this.#hashes[3 * index + 1] === cut(content); }

  /** Notes that the feed has it; any thread may. */
  see(index: number, how: typeof seenSame | typeof seenChanged | typeof saidGone): void { Atomics.or(this.#states, index, how); }

  /** Ids by what was seen of them: said to be gone, never seen, only with other content, or both ways. */
  *gone(): Generator<number> { for (let i = 0; i < this.size; i++) if (this.#states[i] === saidGone) yield this.#ids[i]!; }
  *unseen(): Generator<number> { for (let i = 0; i < this.size; i++) if (this.#states[i] === 0) yield this.#ids[i]!; }
  *changed(): Generator<number> { for (let i = 0; i < this.size; i++) if (this.#states[i] === seenChanged) yield this.#ids[i]!; }
  *twice(): Generator<number> { for (let i = 0; i < this.size; i++) if (this.#states[i] === (seenSame | seenChanged)) yield this.#ids[i]!; }

  #enter(slots: Int32Array, value: bigint, index: number): void {
    let slot = Number(value & BigInt(this.#slots - 1));
    while (slots[slot] !== 0) slot = (slot + 1) & (this.#slots - 1);
    slots[slot] = index + 1;
  }

  #find(slots: Int32Array, field: 0 | 2, value: bigint): number {
    let slot = Number(value & BigInt(this.#slots - 1));
    for (; slots[slot] !== 0; slot = (slot + 1) & (this.#slots - 1)) {
      const index = slots[slot]! - 1;
      if (this.#hashes[3 * index + field] === value) return index;
    }
    return -1;
  }
}

const cut = (digest: Buffer): bigint => digest.readBigUInt64BE(0);
