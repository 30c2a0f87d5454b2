import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Advisory, Enrichment, VexStatement } from '@plimsoll/advisories';
import { invalid } from '@plimsoll/problem';
import { BodyWriter } from './checked-body.ts';
import { Coverage } from './coverage.ts';
import { type BlockEntry, encodeBlock, encodeTexts, packKeyed, unpackKeyed } from './database-block.ts';
import { type DatabaseInfo, enrichmentNumber, entryHead, type Footer, formatVersion, hashKey, keyFor, magic, nameOf, numberOf, pageSize, slotSize, startSize, statementNumber, textHead } from './database-format.ts';
import { packEntry, packHead } from './database-text.ts';
import { keyedEntry } from './keyed.ts';
import { SortedRuns } from './sorted-runs.ts';

/** What a database is made of, in any order. `replaces` is the place (from 0) of an earlier advisory that this one takes the place of. */
export type Content =
  | { readonly kind: 'advisory'; readonly advisory: Advisory; readonly replaces?: number }
  | { readonly kind: 'enrichment'; readonly enrichment: Enrichment }
  | { readonly kind: 'statement'; readonly statement: VexStatement };

/**
 * Writes a local database file, in bounded memory. `info` is asked for once everything has come, for counts are only known
 * then. The file appears at `path` whole or not at all.
 */
export async function buildDatabase(contents: AsyncIterable<Content> | Iterable<Content>, path: string, info: () => DatabaseInfo): Promise<Footer> {
  const draft = `${path}.${process.pid}.draft`;
  const file = openSync(draft, 'w', 0o644), indexFile = openSync(`${draft}.index`, 'w+', 0o600);
  try {
    using runs = new SortedRuns(draft);
    const gathered = await gather(contents, runs);
    // 1. texts, and the index beside them
    const body = new BodyWriter(file, startSize), index = new IndexWriter(indexFile);
    const counts = writeNames(runs, body, index, gathered.gone);
    const texts = { offset: startSize, size: body.end - startSize };
    // 2. index and table behind the texts
    const [indexSection, tableSection] = [index.bytes(), index.table()].map((parts) => {
      body.fillPage();
      const offset = body.end;
      for (const bytes of parts) body.write(bytes);
      return { offset, size: body.end - offset };
    }) as [Section, Section];
    const { sums, sha256: bodyHash } = body.finish();
    // 3. what is inside and where, and the beginning last
    const footer: Footer = {
      info: info(), ecosystems: gathered.ecosystems, covered: gathered.coverage.covered(),
      texts, index: indexSection, table: tableSection, sums: { offset: body.end, size: sums.length },
      sums_sha256: sha256(sums).toString('hex'), body_sha256: bodyHash,
      page_size: pageSize, advisories: gathered.advisories - gathered.gone.size, ...counts,
    };
    const footerBytes = Buffer.from(JSON.stringify(footer)), length = Buffer.alloc(4), version = Buffer.alloc(4);
    length.writeUInt32LE(footerBytes.length);
    writeAll(file, Buffer.concat([sums, footerBytes, length, sha256(footerBytes), magic]), body.end);
    version.writeUInt32LE(formatVersion);
    writeAll(file, Buffer.concat([magic, version]), 0);
    fsyncSync(file);
    renameSync(draft, path);
    return footer;
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
    closeSync(indexFile);
    rmSync(`${draft}.index`, { force: true });
  }
}

type Section = Footer['texts'];

interface Gathered { readonly ecosystems: string[]; readonly coverage: Coverage; readonly advisories: number; readonly gone: ReadonlySet<number> }

/** Everything into the sorter. */
async function gather(contents: AsyncIterable<Content> | Iterable<Content>, runs: SortedRuns): Promise<Gathered> {
  const ecosystems = new Map<string, number>(), coverage = new Coverage(), gone = new Set<number>();
  let advisories = 0;
  for await (const content of contents) {
    switch (content.kind) {
      case 'enrichment':
        runs.add(keyFor(enrichmentNumber, content.enrichment.cve), Buffer.from(JSON.stringify(content.enrichment)));
        break;
      case 'statement': {
        const { statement } = content, bytes = Buffer.from(JSON.stringify(statement));
        for (const name of new Set([statement.id, ...statement.aliases])) runs.add(keyFor(statementNumber, name), bytes);
        break;
      }
      case 'advisory': {
        if (content.replaces !== undefined) gone.add(content.replaces);
        const { affected: entries, ...head } = content.advisory, headBytes = Buffer.from(JSON.stringify(packHead(head)));
        coverage.add(head.source, entries);
        for (const affected of entries) {
          const { ecosystem, name, ...rest } = affected;
          const number = ecosystems.get(ecosystem) ?? ecosystems.size;
          ecosystems.set(ecosystem, number);
          if (number >= statementNumber) throw invalid('database-limit', `more than ${statementNumber} ecosystems`);
          runs.add(keyFor(number, name), packItem({ advisory: advisories, head: headBytes, entry: Buffer.from(JSON.stringify(packEntry(rest))), keyed: packKeyed(keyedEntry(affected, head.withdrawn !== undefined)) }));
        }
        advisories++;
      }
    }
  }
  return { ecosystems: [...ecosystems.keys()], coverage, advisories, gone };
}

interface Packed { readonly advisory: number; readonly head: Buffer; readonly entry: Buffer; readonly keyed: Buffer }

/** What travels through the sorter for one entry. */
function packItem({ advisory, head, entry, keyed }: Packed): Buffer {
  const sizes = Buffer.allocUnsafe(12);
  sizes.writeUInt32LE(advisory, 0);
  sizes.writeUInt32LE(head.length, 4);
  sizes.writeUInt32LE(entry.length, 8);
  return Buffer.concat([sizes, head, entry, keyed]);
}

function unpackItem(item: Buffer): Packed {
  const headEnd = 12 + item.readUInt32LE(4), entryEnd = headEnd + item.readUInt32LE(8);
  return { advisory: item.readUInt32LE(0), head: item.subarray(12, headEnd), entry: item.subarray(headEnd, entryEnd), keyed: item.subarray(entryEnd) };
}

type Counts = Pick<Footer, 'names' | 'entries' | 'enriched' | 'statements'>;

/** Texts name after name, and what leads to them. An advisory's head is written once a name, however many releases it speaks of. */
function writeNames(runs: SortedRuns, body: BodyWriter, index: IndexWriter, gone: ReadonlySet<number>): Counts {
  const counts = { names: 0, entries: 0, enriched: 0, statements: 0 };
  const heads = new Map<number, number>();
  let key: Buffer | undefined, entries: BlockEntry[] = [], texts: number[] = [];
  const close = () => {
    if (key === undefined) return;
    if (entries.length > 0) { counts.names++; counts.entries += entries.length; index.add(key, encodeBlock(entries)); }
    if (texts.length > 0) {
      counts[numberOf(key) === enrichmentNumber ? 'enriched' : 'statements'] += numberOf(key) === enrichmentNumber ? 1 : texts.length;
      index.add(key, encodeTexts(texts));
    }
  };
  for (const item of runs.sorted()) {
    if (key === undefined || !key.equals(item.key)) {
      close();
      if (key === undefined || !nameOf(key).equals(nameOf(item.key))) heads.clear();
      [key, entries, texts] = [Buffer.from(item.key), [], []];
    }
    if (numberOf(key) >= statementNumber) { texts.push(writeText(body, item.value)); continue; }
    const { advisory, head, entry, keyed } = unpackItem(item.value);
    if (gone.has(advisory)) continue;
    const headAt = heads.get(advisory) ?? body.write(Buffer.from(head));
    heads.set(advisory, headAt);
    entries.push({ entry: unpackKeyed(keyed), text: writeEntry(body, { headAt, headSize: head.length, entry }) });
  }
  close();
  return counts;
}

/** Places are from the beginning of the texts. */
function writeText(body: BodyWriter, text: Buffer): number {
  const size = Buffer.allocUnsafe(textHead);
  size.writeUInt32LE(text.length, 0);
  return body.write(Buffer.concat([size, text])) - startSize;
}

function writeEntry(body: BodyWriter, { headAt, headSize, entry }: { headAt: number; headSize: number; entry: Buffer }): number {
  const sizes = Buffer.allocUnsafe(entryHead);
  sizes.writeUInt32LE(entry.length, 0);
  sizes.writeUInt32LE(body.end - headAt, 4);
  sizes.writeUInt32LE(headSize, 8);
  return body.write(Buffer.concat([sizes, entry])) - startSize;
}

/** `key length (2), block length (4), key, block` for name after name, in a file of their own until the texts are written. */
class IndexWriter {
  readonly #file: number;
  readonly #hashes: number[] = [];
  readonly #positions: number[] = [];
  #pending: Buffer[] = [];
  #pendingSize = 0;
  #written = 0;

  constructor(file: number) { this.#file = file; }

  add(key: Buffer, block: Buffer): void {
    const head = Buffer.allocUnsafe(6);
    head.writeUInt16LE(key.length, 0);
    head.writeUInt32LE(block.length, 2);
    this.#hashes.push(hashKey(key));
    this.#positions.push(this.#written + this.#pendingSize);
    this.#pending.push(head, key, block);
    this.#pendingSize += head.length + key.length + block.length;
    if (this.#written + this.#pendingSize >= 0xffff_ffff) throw invalid('database-limit', 'the index has more than 4 GiB');
    if (this.#pendingSize >= 1 << 20) this.#flush();
  }

  *bytes(): Generator<Buffer> {
    this.#flush();
    for (let at = 0; at < this.#written;) {
      const chunk = Buffer.allocUnsafe(Math.min(1 << 20, this.#written - at));
      const count = readSync(this.#file, chunk, 0, chunk.length, at);
      if (count === 0) throw new Error('the file of the index ended early');
      yield chunk.subarray(0, count);
      at += count;
    }
  }

  /** At most two thirds full. */
  *table(): Generator<Buffer> {
    let slots = 16;
    while (slots * 2 < this.#hashes.length * 3) slots *= 2;
    const table = Buffer.alloc(slots * slotSize);
    this.#hashes.forEach((hash, index) => {
      let slot = hash & (slots - 1);
      while (table.readUInt32LE(slot * slotSize + 4) !== 0) slot = (slot + 1) & (slots - 1);
      table.writeUInt32LE(hash, slot * slotSize);
      table.writeUInt32LE(this.#positions[index]! + 1, slot * slotSize + 4);
    });
    yield table;
  }

  #flush(): void {
    writeAll(this.#file, Buffer.concat(this.#pending, this.#pendingSize), this.#written);
    this.#written += this.#pendingSize;
    this.#pending = [];
    this.#pendingSize = 0;
  }
}

function writeAll(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
