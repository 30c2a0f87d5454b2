import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Advisory } from '@plimsoll/advisories';
import { invalid } from '@plimsoll/problem';
import { encodeEntry } from './database-entry.ts';
import { type DatabaseInfo, type Footer, formatVersion, hashSize, leafSize, magic, pageSize, startSize } from './database-format.ts';
import { keyedEntry } from './keyed.ts';
import { SortedRuns } from './sorted-runs.ts';

/**
 * Writes advisories as a local database file, in bounded memory. `info` is asked for once all advisories have come,
 * for counts are only known then. The file appears at `path` whole or not at all.
 */
export async function buildDatabase(advisories: AsyncIterable<Advisory> | Iterable<Advisory>, path: string, info: () => DatabaseInfo): Promise<Footer> {
  const draft = `${path}.${process.pid}.draft`;
  const file = openSync(draft, 'w', 0o644);
  try {
    using runs = new SortedRuns(draft);
    const body = new Body(file, startSize);
    const ecosystems = new Map<string, number>();
    let advisoryCount = 0, entryCount = 0;
    for await (const { affected: entries, ...head } of advisories) {
      advisoryCount++;
      const headBytes = Buffer.from(JSON.stringify(head));
      const offset = body.write(headBytes);
      for (const affected of entries) {
        const { ecosystem, name, ...rest } = affected;
        const bytes = Buffer.from(JSON.stringify(rest));
        const at = body.write(bytes);
        const number = ecosystems.get(ecosystem) ?? ecosystems.size;
        ecosystems.set(ecosystem, number);
        if (number > 0xffff) throw invalid('database-limit', `more than ${0xffff} ecosystems`);
        runs.add(keyFor(number, name), encodeEntry(keyedEntry(affected, head.withdrawn !== undefined), { offset, headSize: headBytes.length, skip: at - offset, size: bytes.length }));
        entryCount++;
      }
    }
    const { tops, names } = writeLeaves(runs, body);
    const bodySize = body.end - startSize;
    const hashes = body.finish();
    const at = startSize + bodySize;
    const footer: Footer = {
      info: info(), ecosystems: [...ecosystems.keys()],
      body: { offset: startSize, size: bodySize },
      tops: { offset: at, size: tops.length }, hashes: { offset: at + tops.length, size: hashes.length },
      tops_sha256: sha256(tops).toString('hex'), hashes_sha256: sha256(hashes).toString('hex'),
      page_size: pageSize, names, entries: entryCount, advisories: advisoryCount,
    };
    const footerBytes = Buffer.from(JSON.stringify(footer));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footerBytes.length);
    writeSync(file, Buffer.concat([tops, hashes, footerBytes, length, sha256(footerBytes), magic]), 0, undefined, at);
    const version = Buffer.alloc(4);
    version.writeUInt32LE(formatVersion);
    writeSync(file, Buffer.concat([magic, version]), 0, undefined, 0);
    fsyncSync(file);
    renameSync(draft, path);
    return footer;
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** What entries are sorted and found by: the ecosystem's number, then the name, as bytes. */
export function keyFor(ecosystem: number, name: string): Buffer {
  const key = Buffer.allocUnsafe(2 + Buffer.byteLength(name));
  key.writeUInt16BE(ecosystem, 0);
  key.write(name, 2);
  return key;
}

/** Leaves hold `key length (2), key, entries length (4), entries` for name after name; tops hold `leaf offset (8), leaf size (4), key length (2), first key`. */
function writeLeaves(runs: SortedRuns, body: Body): { tops: Buffer; names: number } {
  const tops: Buffer[] = [];
  let leaf: Buffer[] = [], size = 0, firstKey: Buffer | undefined, names = 0;
  const closeLeaf = () => {
    if (firstKey === undefined) return;
    const offset = body.write(Buffer.concat(leaf, size));
    const top = Buffer.allocUnsafe(14);
    top.writeDoubleLE(offset, 0);
    top.writeUInt32LE(size, 8);
    top.writeUInt16LE(firstKey.length, 12);
    tops.push(top, firstKey);
    leaf = []; size = 0; firstKey = undefined;
  };
  const addName = (key: Buffer, entries: readonly Buffer[]) => {
    names++;
    const head = Buffer.allocUnsafe(2 + key.length + 4);
    head.writeUInt16LE(key.length, 0);
    key.copy(head, 2);
    head.writeUInt32LE(entries.reduce((sum, { length }) => sum + length, 0), 2 + key.length);
    firstKey ??= Buffer.from(key);
    for (const part of [head, ...entries]) { leaf.push(part); size += part.length; }
    if (size >= leafSize) closeLeaf();
  };
  let key: Buffer | undefined, entries: Buffer[] = [];
  for (const item of runs.sorted()) {
    if (key === undefined || !key.equals(item.key)) {
      if (key !== undefined) addName(key, entries);
      key = Buffer.from(item.key);
      entries = [];
    }
    entries.push(item.value);
  }
  if (key !== undefined) addName(key, entries);
  closeLeaf();
  return { tops: Buffer.concat(tops), names };
}

/** Appends to the file and hashes its pages as they fill. */
class Body {
  readonly #file: number;
  readonly #start: number;
  readonly #hashes: Buffer[] = [];
  #pending: Buffer[] = [];
  #pendingSize = 0;
  #written: number;
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
    if (this.#pendingSize >= 64 * pageSize) this.#flush(false);
    return at;
  }

  /** Writes the rest and returns the hashes of all pages; the last page may be short. */
  finish(): Buffer {
    this.#flush(true);
    return Buffer.concat(this.#hashes);
  }

  #flush(all: boolean): void {
    const bytes = Buffer.concat(this.#pending, this.#pendingSize);
    const size = all ? bytes.length : bytes.length - (this.#written - this.#start + bytes.length) % pageSize;
    for (let at = 0; at < size; at += pageSize) this.#hashes.push(sha256(bytes.subarray(at, Math.min(at + pageSize, size))).subarray(0, hashSize));
    for (let at = 0; at < size;) at += writeSync(this.#file, bytes, at, size - at, this.#written + at);
    this.#written += size;
    this.#pending = size < bytes.length ? [bytes.subarray(size)] : [];
    this.#pendingSize = bytes.length - size;
  }
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
