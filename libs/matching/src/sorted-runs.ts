import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';

/** A key and what goes with it. Keys are ordered as bytes; equal keys stay in the order they came. */
export interface Item {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Sorts more items than memory holds: runs of at most `runBytes` go to files beside `path`, and are merged when read. */
export class SortedRuns {
  readonly #path: string;
  readonly #runBytes: number;
  readonly #runs: string[] = [];
  #items: Item[] = [];
  #bytes = 0;

  constructor(path: string, runBytes = 16 * 1024 * 1024) {
    this.#path = path;
    this.#runBytes = runBytes;
  }

  add(key: Buffer, value: Buffer): void {
    this.#items.push({ key, value });
    // An item costs about 200 bytes of objects besides its own.
    this.#bytes += key.length + value.length + 200;
    if (this.#bytes >= this.#runBytes) this.#spill();
  }

  /** Everything in order. Ends the sorter. */
  *sorted(): Generator<Item> {
    if (this.#runs.length === 0) { yield* this.#sortedItems(); return; }
    this.#spill();
    const heads = this.#runs.map((path) => readRun(path)).map((run, order) => ({ run, order, item: run.next().value as Item | undefined }))
      .filter(({ item }) => item !== undefined) as { run: Generator<Item>; order: number; item: Item }[];
    const before = (a: (typeof heads)[number], b: (typeof heads)[number]) => { const order = Buffer.compare(a.item.key, b.item.key); return order < 0 || (order === 0 && a.order < b.order); };
    // A few dozen runs at most: the smallest head is kept at the end of a sorted list.
    heads.sort((a, b) => before(a, b) ? 1 : -1);
    while (heads.length > 0) {
      const head = heads.pop()!;
      yield head.item;
      const next = head.run.next();
      if (next.done === true) continue;
      head.item = next.value;
      let low = 0, high = heads.length;
      while (low < high) { const middle = (low + high) >> 1; if (before(head, heads[middle]!)) low = middle + 1; else high = middle; }
      heads.splice(low, 0, head);
    }
  }

  /** Removes the files. */
  [Symbol.dispose](): void {
    for (const path of this.#runs.splice(0)) unlinkSync(path);
  }

  #sortedItems(): Item[] {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items.sort((a, b) => Buffer.compare(a.key, b.key));
  }

  #spill(): void {
    if (this.#items.length === 0) return;
    const path = `${this.#path}.run${this.#runs.length}`;
    this.#runs.push(path);
    const file = openSync(path, 'w', 0o600);
    let parts: Buffer[] = [], size = 0;
    const flush = () => { writeSync(file, Buffer.concat(parts, size)); parts = []; size = 0; };
    for (const { key, value } of this.#sortedItems()) {
      const head = Buffer.allocUnsafe(8);
      head.writeUInt32LE(key.length, 0);
      head.writeUInt32LE(value.length, 4);
      parts.push(head, key, value);
      size += 8 + key.length + value.length;
      if (size > 1024 * 1024) flush();
    }
    flush();
    closeSync(file);
  }
}

function* readRun(path: string): Generator<Item> {
  const file = openSync(path, 'r');
  try {
    let window = Buffer.alloc(0), at = 0;
    const need = (size: number): boolean => {
      if (window.length - at >= size) return true;
      const chunk = Buffer.allocUnsafe(Math.max(256 * 1024, size));
      const read = readSync(file, chunk, 0, chunk.length, null);
      window = Buffer.concat([window.subarray(at), chunk.subarray(0, read)]);
      at = 0;
      return window.length >= size;
    };
    while (need(8)) {
      const keySize = window.readUInt32LE(at), valueSize = window.readUInt32LE(at + 4);
      need(8 + keySize + valueSize);
      yield { key: window.subarray(at + 8, at + 8 + keySize), value: window.subarray(at + 8 + keySize, at + 8 + keySize + valueSize) };
      at += 8 + keySize + valueSize;
    }
  } finally {
    closeSync(file);
  }
}
