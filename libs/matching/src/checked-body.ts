import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { pageSize, sumSize } from './database-format.ts';

/** Appends to a file and sums up its pages as they fill. */
export class BodyWriter {
  readonly #file: number;
  readonly #start: number;
  readonly #sums: number[] = [];
  readonly #hash = createHash('sha256');
  #pending: Buffer[] = [];
  #pendingSize = 0;
  #written: number;
  /** Where in the file the next bytes come. */
  end: number;

  constructor(file: number, start: number) {
    this.#file = file;
    this.#start = start;
    this.#written = start;
    this.end = start;
  }

  /** Returns where in the file the bytes begin. */
  write(bytes: Buffer): number {
    const at = this.end;
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
    this.end += bytes.length;
    if (this.#pendingSize >= 128 * pageSize) this.#flush(false);
    return at;
  }

  /** Fills up to the beginning of a page, so that what follows can be read without what came before. */
  fillPage(): void { this.write(Buffer.alloc((pageSize - (this.end - this.#start) % pageSize) % pageSize)); }

  /** Writes the rest and returns the sums of all pages and the hash of all; the last page may be short. */
  finish(): { sums: Buffer; sha256: string } {
    this.#flush(true);
    const sums = Buffer.allocUnsafe(sumSize * this.#sums.length);
    this.#sums.forEach((sum, page) => sums.writeUInt32LE(sum, sumSize * page));
    return { sums, sha256: this.#hash.digest('hex') };
  }

  #flush(all: boolean): void {
    const bytes = Buffer.concat(this.#pending, this.#pendingSize);
    const size = all ? bytes.length : bytes.length - bytes.length % pageSize;
    this.#hash.update(bytes.subarray(0, size));
    for (let at = 0; at < size; at += pageSize) this.#sums.push(crc32(bytes.subarray(at, Math.min(at + pageSize, size))));
    for (let at = 0; at < size;) at += writeSync(this.#file, bytes, at, size - at, this.#written + at);
    this.#written += size;
    this.#pending = size < bytes.length ? [bytes.subarray(size)] : [];
    this.#pendingSize = bytes.length - size;
  }
}

/** Reads pages of a body and checks them; `damaged` makes the error. */
export class PageReader {
  readonly #file: number;
  readonly #start: number;
  readonly #size: number;
  readonly #sums: Buffer;
  readonly #damaged: (page: number) => Error;

  constructor(file: number, body: { readonly start: number; readonly size: number; readonly sums: Buffer }, damaged: (page: number) => Error) {
    this.#file = file;
    this.#start = body.start;
    this.#size = body.size;
    this.#sums = body.sums;
    this.#damaged = damaged;
  }

  /** Bytes of a page; the last one is short. */
  sizeOf(page: number): number { return Math.min(pageSize, this.#size - page * pageSize); }

  /** Reads so many pages in a row. */
  read(page: number, count: number, into: Uint8Array): void {
    if (readSync(this.#file, into, 0, into.length, this.#start + page * pageSize) !== into.length) throw this.#damaged(page);
    for (let index = 0; index < count; index++) {
      const bytes = into.subarray(index * pageSize, Math.min((index + 1) * pageSize, into.length));
      if (crc32(bytes) !== this.#sums.readUInt32LE(sumSize * (page + index))) throw this.#damaged(page + index);
    }
  }
}

/**
 * A part of a body that grows into memory as it is asked for and stays there, each byte at its own place, so that what lies
 * side by side is read in one piece. The system gives memory only to the pages that were filled.
 */
export class GrowingPart {
  readonly bytes: Buffer;
  readonly #pages: PageReader;
  readonly #first: number;
  /** With what fills up the last page. */
  readonly #whole: Buffer;
  readonly #has: Uint8Array;

  /** The part begins with page `first`. */
  constructor(pages: PageReader, first: number, size: number) {
    const count = Math.ceil(size / pageSize);
    this.#whole = Buffer.allocUnsafeSlow(count === 0 ? 0 : (count - 1) * pageSize + pages.sizeOf(first + count - 1));
    this.bytes = this.#whole.subarray(0, size);
    this.#pages = pages;
    this.#first = first;
    this.#has = new Uint8Array(count);
  }

  /** After this, `bytes` from `at` on are there. */
  need(at: number, size: number): void {
    const last = Math.floor((at + size - 1) / pageSize);
    if (last === Math.floor(at / pageSize) && this.#has[last] === 1) return;
    for (let page = Math.floor(at / pageSize); page <= last; page++) {
      if (this.#has[page] === 1) continue;
      let end = page + 1;
      while (end <= last && this.#has[end] === 0) end++;
      this.#pages.read(this.#first + page, end - page, this.#whole.subarray(page * pageSize, Math.min(end * pageSize, this.#whole.length)));
      this.#has.fill(1, page, end);
      page = end;
    }
  }
}

/** The last pages of a part that is too large to keep. */
export class RecentPages {
  readonly #pages: PageReader;
  readonly #bytes: Buffer;
  readonly #kept: number;
  readonly #pageIn: Int32Array;
  readonly #slots = new Map<number, number>();
  #next = 0;

  constructor(pages: PageReader, kept: number) {
    this.#pages = pages;
    this.#kept = kept;
    this.#bytes = Buffer.allocUnsafeSlow(kept * pageSize);
    this.#pageIn = new Int32Array(kept).fill(-1);
  }

  /** Bytes of the part; good until others were read: take out what is needed at once. */
  at(offset: number, size: number): Buffer {
    const first = Math.floor(offset / pageSize), last = Math.floor((offset + Math.max(size, 1) - 1) / pageSize);
    if (first === last) return this.#page(first).subarray(offset - first * pageSize, offset - first * pageSize + size);
    const bytes = Buffer.allocUnsafe(size);
    for (let page = first, filled = 0; page <= last; page++) {
      const part = this.#page(page), start = page === first ? offset - first * pageSize : 0;
      filled += part.copy(bytes, filled, start, Math.min(part.length, start + size - filled));
    }
    return bytes;
  }

  /** The same as text. */
  text(offset: number, size: number): string {
    const page = Math.floor(offset / pageSize), at = offset - page * pageSize;
    if (at + size > pageSize) return this.at(offset, size).toString('utf8');
    const from = this.#slotOf(page) * pageSize + at;
    return this.#bytes.toString('utf8', from, from + size);
  }

  #page(page: number): Buffer {
    const slot = this.#slotOf(page);
    return this.#bytes.subarray(slot * pageSize, slot * pageSize + this.#pages.sizeOf(page));
  }

  #slotOf(page: number): number {
    const known = this.#slots.get(page), size = this.#pages.sizeOf(page);
    if (known !== undefined) return known;
    const slot = this.#next++ % this.#kept;
    this.#slots.delete(this.#pageIn[slot]!);
    this.#pageIn[slot] = -1;
    const bytes = this.#bytes.subarray(slot * pageSize, slot * pageSize + size);
    this.#pages.read(page, 1, bytes);
    this.#pageIn[slot] = page;
    this.#slots.set(page, slot);
    return slot;
  }
}
