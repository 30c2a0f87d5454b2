import { createHash, hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Affected, type Enrichment, normaliseName, type VexStatement } from '@plimsoll/advisories';
import { invalid, Problem } from '@plimsoll/problem';
import type { AdvisoryHead, AdvisoryIndex, AdvisoryRecord, Said } from './advisory-index.ts';
import { compareBytes, u16, u32 } from './bytes.ts';
import { GrowingPart, PageReader, RecentPages } from './checked-body.ts';
import type { Covered } from './covered.ts';
import { askBlock, decodeTexts } from './database-block.ts';
import { endSize, enrichmentNumber, entryHead, Footer, formatVersion, hashKey, keyFor, magic, slotSize, startSize, statementNumber, textHead, type DatabaseInfo } from './database-format.ts';
import { unpackEntry, unpackHead } from './database-text.ts';
import type { KeyedVersion } from './keyed.ts';

/** An open local database: an index whose texts stay on disk until a finding needs them. */
export interface AdvisoryDatabase extends AdvisoryIndex, Disposable {
  readonly info: DatabaseInfo;
  readonly counts: Pick<Footer, 'advisories' | 'entries' | 'names' | 'enriched' | 'statements'>;
  readonly ecosystems: readonly string[];
  /** Those of them that some source has completely. */
  readonly covered: readonly Covered[];
  /** Reads and checks the whole file; opening checks only what it reads. Throws Problem `database-tampered`. */
  verify(): void;
  close(): void;
}

/** Pages of texts kept, 4 MiB; each new one takes the place of the oldest. */
const keptPages = 512;

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
  if (footer.sums.offset + footer.sums.size + footerSize + endSize !== size) throw tampered(path, 'size');
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
  readonly #index: GrowingPart;
  readonly #table: GrowingPart;
  readonly #texts: RecentPages;

  constructor(file: number, path: string, footer: Footer) {
    const { info, ecosystems, advisories, entries, names, enriched, statements, covered, texts, index, table } = footer;
    this.#file = file;
    this.#path = path;
    this.#footer = footer;
    this.info = info;
    this.revision = info.revision;
    this.ecosystems = ecosystems;
    this.counts = { advisories, entries, names, enriched, statements };
    this.covered = covered;
    this.#coveredNames = new Set(covered.map(({ ecosystem }) => ecosystem));
    this.#numbers = new Map(ecosystems.map((ecosystem, number) => [ecosystem, number]));
    const sums = this.#section(footer.sums, footer.sums_sha256, 'page sums');
    const pages = new PageReader(file, { start: startSize, size: table.offset + table.size - startSize, sums }, (page) => tampered(path, `page ${page}`));
    const part = ({ offset, size }: Footer['index']) => new GrowingPart(pages, (offset - startSize) / footer.page_size, size);
    this.#index = part(index);
    this.#table = part(table);
    this.#texts = new RecentPages(pages, Math.min(keptPages, Math.ceil(texts.size / footer.page_size) || 1));
  }

  covers(ecosystem: string): boolean { return this.#coveredNames.has(ecosystem); }

  ask(ecosystem: string, name: string, version: KeyedVersion, all: boolean): readonly Said[] {
    const number = this.#numbers.get(ecosystem);
    if (number === undefined) return [];
    const plain = normaliseName(ecosystem, name), found = this.#find(number, plain);
    return found === undefined ? [] : askBlock(this.#index.bytes, found.start, found.end, version, all, (text) => this.#record(text, ecosystem, plain));
  }

  enrichments(cve: string): readonly Enrichment[] { return this.counts.enriched === 0 ? [] : this.#known(enrichmentNumber, cve) as Enrichment[]; }
  statements(name: string): readonly VexStatement[] { return this.counts.statements === 0 ? [] : this.#known(statementNumber, name) as VexStatement[]; }

  verify(): void {
    const { body_sha256: wanted, table: { offset, size } } = this.#footer, sum = createHash('sha256'), chunk = Buffer.allocUnsafe(1 << 20);
    for (let at = startSize; at < offset + size;) {
      const count = readSync(this.#file, chunk, 0, Math.min(chunk.length, offset + size - at), at);
      if (count === 0) break;
      sum.update(chunk.subarray(0, count));
      at += count;
    }
    if (sum.digest('hex') !== wanted) throw tampered(this.#path, 'content');
  }

  close(): void { closeSync(this.#file); }
  [Symbol.dispose](): void { this.close(); }

  /** Where in the index the block of a name is. */
  #find(number: number, name: string): { readonly start: number; readonly end: number } | undefined {
    const size = writeKey(number, name), hash = hashKey(wanted, size);
    const { bytes: table } = this.#table, { bytes } = this.#index, mask = table.length / slotSize - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * slotSize;
      this.#table.need(at, slotSize);
      const position = u32(table, at + 4) - 1;
      if (position < 0) return undefined;
      if (u32(table, at) !== hash) continue;
      if (position + 6 > bytes.length) throw tampered(this.#path, 'table');
      this.#index.need(position, 6);
      const start = position + 6 + u16(bytes, position), end = start + u32(bytes, position + 2);
      if (end > bytes.length) throw tampered(this.#path, 'index');
      this.#index.need(position + 6, end - position - 6);
      if (compareBytes(bytes, position + 6, start - position - 6, wanted, size) === 0) return { start, end };
    }
  }

  #known(number: number, name: string): unknown[] {
    const found = this.#find(number, name);
    return found === undefined ? [] : decodeTexts(this.#index.bytes, found.start, found.end).map((text) => this.#json(text + textHead, this.#texts.at(text, textHead).readUInt32LE(0)));
  }

  #record(text: number, ecosystem: string, name: string): AdvisoryRecord {
    const sizes = this.#texts.at(text, entryHead), entrySize = sizes.readUInt32LE(0), back = sizes.readUInt32LE(4), headSize = sizes.readUInt32LE(8);
    return { affected: unpackEntry(this.#json(text + entryHead, entrySize) as Partial<Affected>, ecosystem, name), advisory: unpackHead(this.#json(text - back, headSize) as Partial<AdvisoryHead>) };
  }

  #json(at: number, size: number): unknown { return JSON.parse(this.#texts.text(at, size)); }

  #section({ offset, size }: { offset: number; size: number }, wanted: string, part: string): Buffer {
    const bytes = read(this.#file, offset, size);
    if (hash('sha256', bytes, 'hex') !== wanted) throw tampered(this.#path, part);
    return bytes;
  }
}

/** The key that is looked for. */
let wanted = new Uint8Array(1024);

/** `keyFor` without making anything: nearly all names are short and plain. Answers its size. */
function writeKey(number: number, name: string): number {
  const { length } = name;
  if (3 * length + 3 > wanted.length) wanted = new Uint8Array(6 * length);
  for (let index = 0; index < length; index++) {
    const letter = name.charCodeAt(index);
    if (letter > 0x7f) { const key = keyFor(number, name); wanted.set(key); return key.length; }
    wanted[index] = letter;
  }
  wanted[length] = 0;
  wanted[length + 1] = number >> 8;
  wanted[length + 2] = number & 0xff;
  return length + 3;
}
