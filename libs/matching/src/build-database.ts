import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Advisory } from '@plimsoll/advisories';
import { invalid } from '@plimsoll/problem';
import { Coverage } from './coverage.ts';
import { encodeEntry, encodePlace } from './database-entry.ts';
import { type DatabaseInfo, type Footer, formatVersion, hashSize, leafSize, magic, pageSize, startSize } from './database-format.ts';
import { keyedEntry } from './keyed.ts';
import { SortedRuns } from './sorted-runs.ts';

/**
 * Writes advisories as a local database file, in bounded memory. `info` is asked for once all advisories have come,
 * for counts are only known then, and so is `replaced`: the places in the order they came (from 0) of advisories that
 * a later one took the place of. The file appears at `path` whole or not at all.
 */
export async function buildDatabase(advisories: AsyncIterable<Advisory> | Iterable<Advisory>, path: string, info: () => DatabaseInfo, replaced: () => ReadonlySet<number> = () => new Set()): Promise<Footer> {
  const draft = `${path}.${process.pid}.draft`;
  const file = openSync(draft, 'w', 0o644);
  try {
    using runs = new SortedRuns(draft);
    const body = new Body(file, startSize);
    const ecosystems = new Map<string, number>(), coverage = new Coverage();
    let advisoryCount = 0;
    for await (const { affected: entries, references, ...head } of advisories) {
      // Two addresses are enough to read on; the rest would be half of the file.
      const headBytes = Buffer.from(JSON.stringify({ ...head, references: references.slice(0, 2) }));
      coverage.add(head.source, entries);
      for (const affected of entries) {
        const { ecosystem, name, ...rest } = affected;
        const number = ecosystems.get(ecosystem) ?? ecosystems.size;
        ecosystems.set(ecosystem, number);
        if (number > 0xffff) throw invalid('database-limit', `more than ${0xffff} ecosystems`);
        const texts = { advisory: advisoryCount, head: headBytes, entry: Buffer.from(JSON.stringify(rest)) };
        runs.add(keyFor(number, name), packItem(texts, encodeEntry(keyedEntry(affected, head.withdrawn !== undefined))));
      }
      advisoryCount++;
    }
    const gone = replaced();
    const { tops, names, entries } = writeLeaves(runs, body, gone);
    const bodySize = body.end - startSize;
    const hashes = body.finish();
    const at = startSize + bodySize;
    const footer: Footer = {
      info: info(), ecosystems: [...ecosystems.keys()], covered: coverage.covered(),
      body: { offset: startSize, size: bodySize },
      tops: { offset: at, size: tops.length }, hashes: { offset: at + tops.length, size: hashes.length },
      tops_sha256: sha256(tops).toString('hex'), hashes_sha256: sha256(hashes).toString('hex'),
      page_size: pageSize, names, entries, advisories: advisoryCount - gone.size,
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

/** What entries are sorted and found by: the name as bytes, a zero, and the ecosystem's number; so that what is said of a name in several releases lies together. */
export function keyFor(ecosystem: number, name: string): Buffer {
  const key = Buffer.allocUnsafe(Buffer.byteLength(name) + 3);
  key.writeUInt16BE(ecosystem, key.write(`${name}\0`));
  return key;
}

interface Texts { readonly advisory: number; readonly head: Buffer; readonly entry: Buffer }

/** What travels through the sorter for one entry. */
function packItem({ advisory, head, entry }: Texts, keyed: Buffer): Buffer {
  const sizes = Buffer.allocUnsafe(12);
  sizes.writeUInt32LE(advisory, 0);
  sizes.writeUInt32LE(head.length, 4);
  sizes.writeUInt32LE(entry.length, 8);
  return Buffer.concat([sizes, head, entry, keyed]);
}

function unpackItem(item: Buffer): Texts & { readonly keyed: Buffer } {
  const headEnd = 12 + item.readUInt32LE(4), entryEnd = headEnd + item.readUInt32LE(8);
  return { advisory: item.readUInt32LE(0), head: item.subarray(12, headEnd), entry: item.subarray(headEnd, entryEnd), keyed: item.subarray(entryEnd) };
}

/**
 * Writes texts and leaves. An advisory's head is written once per name, however many releases it speaks of.
 * Leaves hold `key length (2), key, entries length (4), entries` for key after key; tops hold `leaf offset (8), leaf size (4), key length (2), first key`.
 */
function writeLeaves(runs: SortedRuns, body: Body, gone: ReadonlySet<number>): { tops: Buffer; names: number; entries: number } {
  const tops: Buffer[] = [];
  let leaf: Buffer[] = [], size = 0, firstKey: Buffer | undefined, names = 0, written = 0;
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
  const addKey = (key: Buffer, entries: readonly Buffer[]) => {
    names++;
    written += entries.length;
    const head = Buffer.allocUnsafe(2 + key.length + 4);
    head.writeUInt16LE(key.length, 0);
    key.copy(head, 2);
    head.writeUInt32LE(entries.reduce((sum, { length }) => sum + length, 0), 2 + key.length);
    firstKey ??= key;
    for (const part of [head, ...entries]) { leaf.push(part); size += part.length; }
    if (size >= leafSize) closeLeaf();
  };
  let key: Buffer | undefined, entries: Buffer[] = [];
  const heads = new Map<number, number>();
  for (const item of runs.sorted()) {
    const { advisory, head, entry, keyed } = unpackItem(item.value);
    if (gone.has(advisory)) continue;
    if (key === undefined || !key.equals(item.key)) {
      if (key !== undefined) addKey(key, entries);
      if (key === undefined || !nameOf(key).equals(nameOf(item.key))) heads.clear();
      key = Buffer.from(item.key);
      entries = [];
    }
    const offset = heads.get(advisory) ?? body.write(Buffer.from(head));
    heads.set(advisory, offset);
    const at = body.write(Buffer.from(entry));
    entries.push(Buffer.concat([encodePlace({ offset, headSize: head.length, skip: at - offset, size: entry.length }), keyed]));
  }
  if (key !== undefined) addKey(key, entries);
  closeLeaf();
  return { tops: Buffer.concat(tops), names, entries: written };
}

const nameOf = (key: Buffer): Buffer => key.subarray(0, -2);

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
    if (this.#pendingSize >= 256 * pageSize) this.#flush(false);
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
