import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { invalid, Problem } from '@plimsoll/problem';
import { bytesOf, type FeedRecord, ofRecord, type ParseContext, type Reads, rejected } from './feed.ts';
import { recordsOf, recordsOfStream } from './records-of.ts';

/** Bytes of all files of a collection together, which are held until their folders are known. Beyond: `feed-too-large`. */
const mostBytes = 512 * 1024 * 1024;

/** Files of one format that lie together, and so may be one publication. */
interface Group<T> { readonly place: string; readonly parse: Reads<T>; readonly files: { readonly name: string; readonly bytes: Buffer }[] }

/**
 * Reads a collection of publications of several formats: every file by its own, archives in it unpacked, and what lies
 * together read together. A publication that cannot be read is set aside, and the others are read; so is every file of
 * a kind nobody reads. `formatOf` tells a format by the beginning of a file.
 */
export const parseMixed = <T extends object>(formatOf: (head: string) => Reads<T> | undefined): Reads<T | ReturnType<typeof rejected>> => async function* (records, context) {
  const groups = new Map<string, Map<Reads<T>, Group<T>>>();
  let size = 0;
  for await (const record of records) {
    const found: { name: string; bytes: Buffer; place: string }[] = [];
    try {
      for await (const { file, place } of filesOf(record, context)) {
        const bytes = await bytesOf(file, context.limits.recordBytes);
        if ((size += bytes.length) > mostBytes) throw invalid('feed-too-large', `the collection has more than ${mostBytes} bytes`);
        found.push({ name: file.name, bytes, place });
      }
    } catch (error) {
      if (error instanceof Problem && error.code === 'feed-too-large') throw error;
      // Of an archive that breaks off nothing is taken.
      yield rejected(record.name, ofRecord(error));
      continue;
    }
    for (const { name, bytes, place } of found) {
      const parse = formatOf(bytes.toString('utf8', 0, 64 * 1024));
      if (parse === undefined) { yield rejected(name, invalid('record-format-unknown', `${name} is of no format that is read here`), bytes); continue; }
      const here = groups.get(place) ?? new Map<Reads<T>, Group<T>>(), group = here.get(parse) ?? { place, parse, files: [] };
      groups.set(place, here.set(parse, group));
      group.files.push({ name, bytes });
    }
  }
  for (const here of groups.values()) for (const group of here.values()) yield* readingsOf(group, context);
};

/** The files in a record, which is an archive or one file, and where they belong: to the archive, or to the folder it lies in. */
async function* filesOf(record: FeedRecord, { limits }: ParseContext): AsyncGenerator<{ file: FeedRecord; place: string }> {
  if (/\.zip$/i.test(record.name)) {
    // A zip is read from its end, and so from a file.
    const folder = await mkdtemp(join(tmpdir(), 'plimsoll-zip-'));
    try {
      const path = join(folder, 'feed.zip');
      await writeFile(path, await bytesOf(record, limits.recordBytes));
      for await (const file of recordsOf(path, limits)) yield { file, place: record.name };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return;
  }
  const isArchive = /\.(?:tar(?:\.\w+)?|tgz|txz|tbz2)$/i.test(record.name);
  for await (const file of recordsOfStream(record.name, record.chunks, limits)) yield { file, place: isArchive ? record.name : dirname(record.name) };
}

async function* readingsOf<T extends object>({ place, parse, files }: Group<T>, context: ParseContext): AsyncGenerator<T | ReturnType<typeof rejected>> {
  const records = async function* (): AsyncGenerator<FeedRecord> {
    for (const { name, bytes } of files) yield { name, chunks: (async function* () { yield bytes; })() };
  };
  try {
    for await (const reading of parse(records(), context)) {
      yield keyedBy(place, reading);
    }
  } catch (error) {
    yield rejected(`${place}/${basename(files[0]!.name)}`, ofRecord(error), files[0]!.bytes);
  }
}

/** Publishers give the same key to their own record of a CVE each. */
const keyedBy = <T extends object>(place: string, reading: T): T => 'advisory' in reading && typeof reading.advisory === 'object' && reading.advisory !== null && 'key' in reading.advisory
  ? { ...reading, advisory: { ...reading.advisory, key: `${place}#${String(reading.advisory.key)}` } } : reading;
