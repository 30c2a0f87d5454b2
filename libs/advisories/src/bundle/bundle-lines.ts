import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import { Affected } from '../advisory.ts';
import { defaultFeedLimits, type FeedRecord } from '../feed.ts';
import { recordsOf } from '../records-of.ts';

/** A line of a bundle: a record as it is now, or the key of one that is gone. Only who signs bundles writes them; still, every field is looked at. */
export const BundleLine = z.union([
  z.strictObject({ key: z.string().min(1), severity: z.int().min(0).max(5), head: z.looseObject({}), affected: z.array(Affected) }),
  z.strictObject({ key: z.string().min(1), names: z.array(z.string()), body: z.looseObject({}) }),
  z.strictObject({ key: z.string().min(1), body: z.looseObject({}) }),
  z.strictObject({ gone: z.string().min(1) }),
]);
export type BundleLine = z.output<typeof BundleLine>;

/** Reads the lines of a source of a bundle, packed as they are. Throws Problem `bundle-malformed` at the first that is none: it was signed, so nothing may be passed over. */
export async function* bundleLines(file: string): AsyncGenerator<BundleLine> {
  for await (const record of recordsOf(file, defaultFeedLimits)) {
    let count = 0;
    for await (const line of linesOf(record)) {
      count++;
      // As it was written, not as it was checked: the order of its fields is part of what is compared.
      let parsed: BundleLine;
      try { BundleLine.parse(parsed = JSON.parse(line) as BundleLine); } catch (cause) { throw invalid('bundle-malformed', `line ${count} of ${record.name} cannot be read: ${(cause as Error).message.slice(0, 200)}`, cause); }
      yield parsed;
    }
  }
}

async function* linesOf({ name, chunks }: FeedRecord): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length), from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      yield bytes.toString('utf8', from, end);
      from = end + 1;
    }
    rest = Buffer.from(bytes.subarray(from));
    if (rest.length > defaultFeedLimits.recordBytes) throw invalid('record-too-large', `${name}: a line has more than ${defaultFeedLimits.recordBytes} bytes`);
  }
  if (rest.length > 0) throw invalid('bundle-malformed', `${name} ends in the middle of a line`);
}
