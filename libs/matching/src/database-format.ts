import { z } from 'zod';
import { Covered } from './covered.ts';

/**
 * The local database file. Everything is written once, in this order, and read by position:
 *
 *     start    magic, format version
 *     texts    JSON of advisories, their entries, what is known of CVEs, and VEX statements, name after name
 *     index    name after name: its entries made ready to compare, and where their texts are
 *     table    where in the index each name is, found by its hash
 *     sums     CRC-32 of each page of the three
 *     footer   JSON: what is inside, where, and the SHA-256 of the sums and of the three
 *     end      length of the footer, SHA-256 of the footer, magic
 *
 * Opening reads and checks end, footer and sums; a page is checked when it is first read. So a file cut off or
 * changed anywhere is refused, and starting costs next to nothing whatever the file's size. Whoever matches for long has
 * index and table in memory as they are in the file, some 45 bytes an entry, and texts are read for findings alone.
 */
export const magic = Buffer.from('PLIMSOLL-ADVISORIES\n', 'latin1');
export const formatVersion = 6;
export const startSize = magic.length + 4;
/** Length (4), SHA-256 (32), magic. */
export const endSize = 4 + 32 + magic.length;
export const pageSize = 8 * 1024;
export const sumSize = 4;
/** Of the table: hash (4) and position in the index plus one (4); the next slot where one is taken, and a position of zero ends the search. */
export const slotSize = 8;

/** What the database says of itself; `plimsoll db status` shows it. */
export const DatabaseInfo = z.object({
  revision: z.string(),
  /** RFC 3339. */
  built: z.string(),
  sources: z.array(z.object({
    id: z.string(),
    advisories: z.int().nonnegative(),
    affected: z.int().nonnegative(),
    rejected: z.int().nonnegative(),
    /** When the source was fetched, and what it says of its own age. */
    fetched: z.string().optional(),
    newest: z.string().optional(),
  })),
  /** What is known of CVEs besides, and suppliers' statements: by whom, how many records or statements, how many kept aside. */
  knowledge: z.array(z.object({
    id: z.string(),
    kind: z.enum(['enrichment', 'vex']),
    records: z.int().nonnegative(),
    rejected: z.int().nonnegative(),
    fetched: z.string().optional(),
  })).optional(),
});
export type DatabaseInfo = z.output<typeof DatabaseInfo>;

const section = z.object({ offset: z.int().nonnegative(), size: z.int().nonnegative() });
export const Footer = z.object({
  info: DatabaseInfo,
  /** By number: keys end with the two bytes of it. */
  ecosystems: z.array(z.string()),
  /** What may be called clean when nothing is found. */
  covered: z.array(Covered),
  texts: section, index: section, table: section, sums: section,
  sums_sha256: z.string(), body_sha256: z.string(),
  page_size: z.int().positive(),
  names: z.int().nonnegative(), entries: z.int().nonnegative(), advisories: z.int().nonnegative(),
  enriched: z.int().nonnegative(), statements: z.int().nonnegative(),
});
export type Footer = z.output<typeof Footer>;

/** Bytes before a text: its size (4); before an entry's also how far back its advisory's head is (4) and the size of that (4). */
export const textHead = 4, entryHead = 12;

/** Numbers no ecosystem has: under these a name is a vulnerability's, and what follows is where JSON texts are. */
export const enrichmentNumber = 0xffff, statementNumber = 0xfffe;

/** What names are sorted and found by: the name as bytes, a zero, and the ecosystem's number; so that what is said of a name in several releases lies together. */
export function keyFor(ecosystem: number, name: string): Buffer {
  const key = Buffer.allocUnsafe(Buffer.byteLength(name) + 3);
  key.writeUInt16BE(ecosystem, key.write(`${name}\0`));
  return key;
}

/** FNV-1a, 32 bits. */
export function hashKey(key: Uint8Array, size = key.length): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < size; index++) hash = Math.imul(hash ^ key[index]!, 0x01000193);
  return hash >>> 0;
}

export const nameOf = (key: Buffer): Buffer => key.subarray(0, -2);
export const numberOf = (key: Buffer): number => key.readUInt16BE(key.length - 2);

export const statuses = ['affected', 'fixed', 'not-affected', 'undetermined'] as const;
export const ends = ['none', 'fixed', 'last_affected', 'limit'] as const;
