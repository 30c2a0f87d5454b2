import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Affected, normaliseName } from '@plimsoll/advisories';
import { invalid, Problem } from '@plimsoll/problem';
import type { AdvisoryHead, AdvisoryIndex, Candidate } from './advisory-index.ts';
import { keyFor } from './build-database.ts';
import type { Covered } from './coverage.ts';
import { decodeEntry, type RecordPlace } from './database-entry.ts';
import { endSize, Footer, formatVersion, hashSize, magic, startSize, type DatabaseInfo } from './database-format.ts';
import type { KeyedEntry } from './keyed.ts';

/** An open local database: an index whose texts stay on disk until a finding needs them. */
export interface AdvisoryDatabase extends AdvisoryIndex, Disposable {
  readonly info: DatabaseInfo;
  readonly counts: { readonly advisories: number; readonly entries: number; readonly names: number };
  readonly ecosystems: readonly string[];
  /** Those of them that some source has completely. */
  readonly covered: readonly Covered[];
  /** Reads and checks the whole file; opening checks only what it reads. Throws Problem `database-tampered`. */
  verify(): void;
  close(): void;
}

/** Candidates kept decoded, with the texts of those that were hits; then the oldest go. Pages kept checked, 16 MiB; each new one takes the place of the oldest. */
const keptCandidates = 60_000, keptPages = 4096;

/**
 * Opens a database file. Throws Problem `database-missing`, `database-unreadable` (not such a file),
 * `database-version` (made by another version), `database-truncated` or `database-tampered`; the last also later,
 * when a page that was changed is first read.
 */
export function openDatabase(path: string): AdvisoryDatabase {
  const file = openFile(path);
  try {
    const footer = readFooter(file, path);
    return new Database(file, path, footer);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new Problem('missing', `${path}: no advisory database there`, { code: 'database-missing', cause: error });
  }
}

function readFooter(file: number, path: string): Footer {
  const { size } = fstatSync(file);
  const start = read(file, 0, Math.min(startSize, size));
  if (start.length < startSize || !start.subarray(0, magic.length).equals(magic)) throw invalid('database-unreadable', `${path} is not an advisory database`);
  const version = start.readUInt32LE(magic.length);
  if (version !== formatVersion) throw invalid('database-version', `${path} has format ${version}, this program reads ${formatVersion}`);
  const truncated = () => invalid('database-truncated', `${path} is cut off: its end is missing`);
  if (size < startSize + endSize) throw truncated();
  const end = read(file, size - endSize, endSize);
  if (!end.subarray(36).equals(magic)) throw truncated();
  const footerSize = end.readUInt32LE(0);
  if (footerSize > size - endSize - startSize) throw tampered(path, 'footer');
  const bytes = read(file, size - endSize - footerSize, footerSize);
  if (hash('sha256', bytes, 'hex') !== end.toString('hex', 4, 36)) throw tampered(path, 'footer');
  const footer = Footer.parse(JSON.parse(bytes.toString('utf8')));
  if (footer.hashes.offset + footer.hashes.size + footerSize + endSize !== size) throw tampered(path, 'size');
  return footer;
}

const tampered = (path: string, part: string): Problem => invalid('database-tampered', `${path}: its ${part} does not match its checksum`);

function read(file: number, offset: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(file, buffer, filled, size - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

class Database implements AdvisoryDatabase {
  readonly info: DatabaseInfo;
  readonly revision: string;
  readonly ecosystems: readonly string[];
  readonly covered: readonly Covered[];
  readonly counts: AdvisoryDatabase['counts'];
  readonly #file: number;
  readonly #path: string;
  readonly #footer: Footer;
  readonly #coveredNames: ReadonlySet<string>;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #tops: Tops;
  readonly #hashes: Buffer;
  readonly #pages: Buffer;
  readonly #pageIn = new Int32Array(keptPages).fill(-1);
  readonly #slots = new Map<number, number>();
  #nextSlot = 0;
  readonly #decoded = new Map<string, readonly Candidate[]>();
  #decodedCount = 0;

  constructor(file: number, path: string, footer: Footer) {
    this.#file = file;
    this.#path = path;
    this.#footer = footer;
    this.#pages = Buffer.allocUnsafeSlow(keptPages * footer.page_size);
    this.info = footer.info;
    this.revision = footer.info.revision;
    this.ecosystems = footer.ecosystems;
    this.counts = { advisories: footer.advisories, entries: footer.entries, names: footer.names };
    this.covered = footer.covered;
    this.#coveredNames = new Set(footer.covered.map(({ ecosystem }) => ecosystem));
    this.#numbers = new Map(footer.ecosystems.map((ecosystem, number) => [ecosystem, number]));
    this.#hashes = this.#section(footer.hashes, footer.hashes_sha256, 'page hashes');
    this.#tops = new Tops(this.#section(footer.tops, footer.tops_sha256, 'leaf index'));
  }

  covers(ecosystem: string): boolean { return this.#coveredNames.has(ecosystem); }

  candidates(ecosystem: string, name: string): readonly Candidate[] {
    const number = this.#numbers.get(ecosystem);
    if (number === undefined) return [];
    const asked = `${number} ${name}`;
    const known = this.#decoded.get(asked);
    if (known !== undefined) return known;
    const found = this.#find(keyFor(number, normaliseName(ecosystem, name)), ecosystem);
    this.#decoded.set(asked, found);
    this.#decodedCount += 1 + found.length;
    for (const [oldest, { length }] of this.#decoded) {
      if (this.#decodedCount <= keptCandidates || oldest === asked) break;
      this.#decoded.delete(oldest);
      this.#decodedCount -= 1 + length;
    }
    return found;
  }

  enrichments(_cve: string): [] { return []; }
  statements(_name: string): [] { return []; }

  verify(): void {
    const { page_size: pageSize, body } = this.#footer;
    const bytes = Buffer.allocUnsafe(pageSize);
    for (let page = 0; page * pageSize < body.size; page++) this.#readPage(page, bytes.subarray(0, Math.min(pageSize, body.size - page * pageSize)));
  }

  close(): void { closeSync(this.#file); }
  [Symbol.dispose](): void { this.close(); }

  #find(key: Buffer, ecosystem: string): readonly Candidate[] {
    const leaf = this.#tops.leafOf(key);
    if (leaf === undefined) return [];
    const bytes = this.#bytes(leaf.offset, leaf.size);
    for (let at = 0; at < bytes.length;) {
      const keySize = bytes.readUInt16LE(at), entriesAt = at + 2 + keySize + 4, end = entriesAt + bytes.readUInt32LE(entriesAt - 4);
      const order = bytes.compare(key, 0, key.length, at + 2, at + 2 + keySize);
      if (order === 0) return this.#decode(bytes, entriesAt, end, ecosystem, key.toString('utf8', 0, key.length - 3));
      if (order > 0) return [];
      at = end;
    }
    return [];
  }

  #decode(bytes: Buffer, at: number, end: number, ecosystem: string, name: string): readonly Candidate[] {
    const candidates: Candidate[] = [];
    const fetch = (place: RecordPlace) => this.#record(place, ecosystem, name);
    while (at < end) {
      const { entry, place, next } = decodeEntry(bytes, at);
      candidates.push(new Stored(entry, place, fetch));
      at = next;
    }
    return candidates;
  }

  #record(place: RecordPlace, ecosystem: string, name: string): { advisory: AdvisoryHead; affected: Affected } {
    const advisory: AdvisoryHead = JSON.parse(this.#bytes(place.offset, place.headSize).toString('utf8'));
    const rest: Omit<Affected, 'ecosystem' | 'name'> = JSON.parse(this.#bytes(place.offset + place.skip, place.size).toString('utf8'));
    return { advisory, affected: { ecosystem, name, ...rest } };
  }

  /** Bytes of the body, from checked pages. */
  #bytes(offset: number, size: number): Buffer {
    const from = offset - this.#footer.body.offset, pageSize = this.#footer.page_size;
    if (from < 0 || from + size > this.#footer.body.size) throw tampered(this.#path, 'index');
    const first = Math.floor(from / pageSize), last = Math.floor((from + Math.max(size, 1) - 1) / pageSize);
    if (first === last) return this.#page(first).subarray(from - first * pageSize, from - first * pageSize + size);
    const bytes = Buffer.allocUnsafe(size);
    for (let page = first, filled = 0; page <= last; page++) {
      const part = this.#page(page);
      const start = page === first ? from - first * pageSize : 0;
      filled += part.copy(bytes, filled, start, Math.min(part.length, start + size - filled));
    }
    return bytes;
  }

  /** A page, checked. Its bytes are good until `keptPages` others were read: take out what is needed at once. */
  #page(page: number): Buffer {
    const { page_size: pageSize, body } = this.#footer;
    const known = this.#slots.get(page);
    const size = Math.min(pageSize, body.size - page * pageSize);
    if (known !== undefined) return this.#pages.subarray(known * pageSize, known * pageSize + size);
    const slot = this.#nextSlot++ % keptPages;
    this.#slots.delete(this.#pageIn[slot]!);
    const bytes = this.#pages.subarray(slot * pageSize, slot * pageSize + size);
    this.#pageIn[slot] = -1;
    this.#readPage(page, bytes);
    this.#pageIn[slot] = page;
    this.#slots.set(page, slot);
    return bytes;
  }

  #readPage(page: number, into: Buffer): void {
    const { page_size: pageSize, body } = this.#footer;
    const count = readSync(this.#file, into, 0, into.length, body.offset + page * pageSize);
    const hashAt = page * hashSize;
    if (count !== into.length || hash('sha256', into, 'buffer').compare(this.#hashes, hashAt, hashAt + hashSize, 0, hashSize) !== 0) throw tampered(this.#path, `page ${page}`);
  }

  #section(section: Footer['tops'], sha256: string, what: string): Buffer {
    const bytes = read(this.#file, section.offset, section.size);
    if (hash('sha256', bytes, 'hex') !== sha256) throw tampered(this.#path, what);
    return bytes;
  }
}

/** A candidate whose texts are read when first asked for, and kept as long as the candidate is: other versions of the package ask again. */
class Stored implements Candidate {
  readonly status: KeyedEntry['status'];
  readonly isWithdrawn: boolean;
  readonly ranges: KeyedEntry['ranges'];
  readonly versions: Uint32Array | undefined;
  readonly #place: RecordPlace;
  readonly #fetch: (place: RecordPlace) => ReturnType<Candidate['read']>;
  #record: ReturnType<Candidate['read']> | undefined;

  constructor(entry: KeyedEntry, place: RecordPlace, fetch: (place: RecordPlace) => ReturnType<Candidate['read']>) {
    this.status = entry.status;
    this.isWithdrawn = entry.isWithdrawn;
    this.ranges = entry.ranges;
    this.versions = entry.versions;
    this.#place = place;
    this.#fetch = fetch;
  }

  read(): ReturnType<Candidate['read']> { return this.#record ??= this.#fetch(this.#place); }
}

/** The first keys of the leaves, searched in place. */
class Tops {
  readonly #bytes: Buffer;
  readonly #starts: Uint32Array;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const starts: number[] = [];
    for (let at = 0; at < bytes.length; at += 14 + bytes.readUInt16LE(at + 12)) starts.push(at);
    this.#starts = Uint32Array.from(starts);
  }

  /** The leaf that would hold the key: the last one whose first key is not above it. */
  leafOf(key: Buffer): { offset: number; size: number } | undefined {
    let low = 0, high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1, at = this.#starts[middle]!;
      if (this.#bytes.compare(key, 0, key.length, at + 14, at + 14 + this.#bytes.readUInt16LE(at + 12)) <= 0) low = middle + 1; else high = middle;
    }
    if (low === 0) return undefined;
    const at = this.#starts[low - 1]!;
    return { offset: this.#bytes.readDoubleLE(at), size: this.#bytes.readUInt32LE(at + 8) };
  }
}
