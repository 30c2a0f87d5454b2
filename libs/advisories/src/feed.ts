import { invalid, Problem } from '@plimsoll/problem';
import type { Advisory } from './advisory.ts';

/** One file of a feed: a member of a zip or tar, a file of a directory, or the single file itself. Read `chunks` once, before the next record. */
export interface FeedRecord {
  /** Path inside the feed, with `/`. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What a parser makes of a feed, in order. A record that cannot be read is news of its own, and the next one is read. */
export type Reading =
  | {
    readonly kind: 'advisory'; readonly advisory: Advisory;
    /** From `readFeed`: this one takes the place of the advisory that came as the so-manieth (from 0), which had its key and was older. */
    readonly replaces?: number;
  }
  /** Kept aside: which record, why, and its first bytes for whoever repairs it. */
  | { readonly kind: 'rejected'; readonly record: string; readonly problem: Problem; readonly excerpt: string };

/** What reading one feed may cost; every excess is a Problem that says which. */
export interface FeedLimits {
  /** Bytes of one record: one OSV document, one package of a tracker (Debian's `linux`, 20 MiB, is the largest known). Beyond: `record-too-large`. */
  readonly recordBytes: number;
  /** Records of one feed; all of OSV was 500,000 in 2025. Beyond: `feed-too-many-records`. */
  readonly records: number;
  /** Bytes of one feed when unpacked. Beyond: `feed-too-large`. */
  readonly feedBytes: number;
  /** Unpacked bytes per packed byte, looked at once `ratioFrom` bytes came out. JSON deflates 20-fold at most, zstd -19 60-fold. Beyond: `feed-bomb`. */
  readonly ratio: number;
  readonly ratioFrom: number;
  /** Bytes of the longest file name in an archive. */
  readonly nameBytes: number;
}

const KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

export const defaultFeedLimits: FeedLimits = {
  recordBytes: 64 * MiB, records: 3_000_000, feedBytes: 16 * GiB, ratio: 500, ratioFrom: 64 * MiB, nameBytes: 4096,
};

/** Where a parser's advisories come from: the id of the entry in `sources.ts`, and the limits. */
export interface ParseContext {
  readonly source: string;
  readonly limits: FeedLimits;
  /** Asked by parsers of one record a file before they read it: true when these bytes were read before and the record is known, so that it is passed over. */
  readonly isKnown?: ((bytes: Uint8Array) => boolean) | undefined;
}

/** Turns the records of one feed into advisories. Throws Problem `feed-…` when the feed as a whole cannot be trusted. */
export type Parser = Reads<Reading>;
/** Any parser: of advisories, or of what else is published. */
export type Reads<T> = (records: AsyncIterable<FeedRecord>, context: ParseContext) => AsyncIterable<T>;

/** A record's bytes in one piece, or Problem `record-too-large`. */
export async function bytesOf(record: FeedRecord, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of record.chunks) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) throw invalid('record-too-large', `${record.name} has ${size} bytes, more than ${limit}`);
  return chunks.length === 1 ? Buffer.from(chunks[0]!.buffer, chunks[0]!.byteOffset, size) : Buffer.concat(chunks, size);
}

/** A record set aside. Anything thrown that is not a Problem is named `record-unreadable`. */
export function rejected(record: string, error: unknown, bytes: Uint8Array | string = ''): Extract<Reading, { kind: 'rejected' }> {
  const problem = error instanceof Problem ? error : invalid('record-unreadable', `${record}: ${error instanceof Error ? error.message : String(error)}`, error);
  const excerpt = typeof bytes === 'string' ? bytes.slice(0, 512) : Buffer.from(bytes.subarray(0, 512)).toString('utf8');
  return { kind: 'rejected', record, problem, excerpt };
}

/** Of documents by the thousand one that cannot be read is that one's trouble: its Problem `feed-truncated` becomes `record-truncated`. */
export const ofRecord = (error: unknown): unknown =>
  error instanceof Problem && error.code?.startsWith('feed-') ? invalid(error.code.replace('feed-', 'record-'), error.detail, error) : error;

/** Names what a text is that should have been JSON: empty, a web page, cut off, or broken. */
export function notJson(where: string, bytes: Uint8Array, cause?: unknown): Problem {
  const head = Buffer.from(bytes.subarray(0, 256)).toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '').trimStart();
  if (bytes.length === 0 || head === '') return invalid('feed-empty', `${where} is empty`);
  if (/^<(!doctype|html|\?xml|head|body)/i.test(head)) return invalid('feed-not-json', `${where} is a web page, not JSON: ${head.slice(0, 60)}`);
  // JSON.parse says where it stopped: at the end of the text, something is missing there.
  const position = cause instanceof Error ? /position (\d+)/.exec(cause.message)?.[1] : undefined;
  const isCut = cause instanceof SyntaxError && (/end of JSON|end of data/i.test(cause.message) || (position !== undefined && Number(position) >= Buffer.from(bytes).toString('utf8').trimEnd().length));
  if (isCut) return invalid('feed-truncated', `${where} ends in the middle`, cause);
  return invalid('feed-malformed', `${where} is not JSON${cause instanceof Error ? `: ${cause.message}` : ''}`, cause);
}
