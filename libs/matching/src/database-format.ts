import { z } from 'zod';
import { Covered } from './coverage.ts';

/**
 * The local database file. Everything is written once, in this order, and read by position:
 *
 *     start    magic, format version
 *     body     for name after name, in byte order: the JSON texts of its advisories and entries, and
 *              in leaves between them the entries themselves, by ecosystem, made ready to compare
 *     tops     first key and place of each leaf
 *     hashes   16 bytes of SHA-256 for each page of the body
 *     footer   JSON: what is inside, where, and the SHA-256 of tops and hashes
 *     end      length of the footer, SHA-256 of the footer, magic
 *
 * Opening reads and checks end, footer, tops and hashes; a page of the body is checked when it is first read. So a
 * file cut off or changed anywhere is refused, and starting costs next to nothing whatever the file's size.
 * What one package needs lies together: a few small reads each, and nothing to unpack.
 */
export const magic = Buffer.from('PLIMSOLL-ADVISORIES\n', 'latin1');
export const formatVersion = 4;
export const startSize = magic.length + 4;
/** Length (4), SHA-256 (32), magic. */
export const endSize = 4 + 32 + magic.length;
export const pageSize = 4 * 1024;
export const hashSize = 16;
/** A leaf is closed once it is this large; one name's entries are never split. */
export const leafSize = 4 * 1024;

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
});
export type DatabaseInfo = z.output<typeof DatabaseInfo>;

const section = z.object({ offset: z.int().nonnegative(), size: z.int().nonnegative() });
export const Footer = z.object({
  info: DatabaseInfo,
  /** By number: keys end with the two bytes of it. */
  ecosystems: z.array(z.string()),
  /** What may be called clean when nothing is found. */
  covered: z.array(Covered),
  body: section, tops: section, hashes: section,
  tops_sha256: z.string(), hashes_sha256: z.string(),
  page_size: z.int().positive(),
  names: z.int().nonnegative(), entries: z.int().nonnegative(), advisories: z.int().nonnegative(),
});
export type Footer = z.output<typeof Footer>;

export const statuses = ['affected', 'fixed', 'not-affected', 'undetermined'] as const;
export const ends = ['none', 'fixed', 'last_affected', 'limit'] as const;
