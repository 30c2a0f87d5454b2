import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { detectPublication, fetchSource, noRecords, publicationOf, recordsOf, type FeedRecord, type Publication, type ReadCounts } from '@plimsoll/advisories';
import { buildDatabase, type Content, type DatabaseInfo } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { Parsed } from './command.ts';
import { showStatus } from './db-status.ts';
import { note, paint, plural, Progress } from './terminal.ts';

/** What most images hold; other sources are named. */
const usual = ['debian-tracker', ...['v3.20', 'v3.21', 'v3.22', 'v3.23'].map((branch) => `alpine-${branch}`), 'osv-npm', 'osv-pypi', 'osv-go', 'osv-maven', 'osv-crates', 'osv-rubygems', 'osv-nuget', 'cisa-kev', 'epss'];

interface Feed { readonly publication: Publication; readonly records: AsyncIterable<FeedRecord>; readonly fetched?: string }

/** Fetches sources from their publishers into the database. One that fails ends it, and the old database stays. */
export async function update(path: string, ids: readonly string[], parsed: Parsed): Promise<number> {
  const publications = (ids.length ? ids : usual).map((id) => {
    const publication = publicationOf(id);
    if (!publication || (publication.urls.length === 0 && !publication.list)) throw new Problem('missing', `no source ${id} with an address; \`plimsoll feeds sources\` lists them`, { code: 'source-missing' });
    return publication;
  });
  async function* feeds(): AsyncGenerator<Feed> {
    for (const publication of publications) {
      note(`Fetching ${publication.title} …`);
      const fetched = await fetchSource(publication, {}, { keep: join(dirname(path), 'feeds'), signal: AbortSignal.timeout(1_800_000) });
      try {
        yield { publication, records: fetched!.records(), fetched: new Date().toISOString() };
      } finally {
        await fetched!.close();
      }
    }
  }
  return write(path, feeds(), parsed);
}

/** A publication as it came. */
interface Taken extends Pick<Publication, 'id' | 'gives'> { readonly fetched: string | undefined; newest: string | undefined; readonly counts: ReadCounts }

/** Makes a database from feed files: `PATH`, or `SOURCE=PATH` to say which source it is. */
export async function build(path: string, words: readonly string[], parsed: Parsed): Promise<number> {
  if (words.length === 0) throw new Problem('invalid', 'db build needs at least one feed file or directory', { code: 'usage' });
  async function* feeds(): AsyncGenerator<Feed> {
    for (const word of words) {
      const [, id, named] = /^([a-z0-9.-]+)=(.+)$/.exec(word) ?? [];
      if (id && named) {
        const publication = publicationOf(id);
        if (!publication) throw new Problem('missing', `no source ${id}; \`plimsoll feeds sources\` lists them`, { code: 'source-missing' });
        yield { publication: { ...publication, floor: 1 }, records: recordsOf(named) };
        continue;
      }
      for (const file of feedFiles(word)) {
        const publication = await detectPublication(file);
        if (!publication) {
          note(paint('yellow', `${file}: no feed this program reads; passed over. SOURCE=${file} says what it is`, process.stderr));
          continue;
        }
        yield { publication: { ...publication, floor: 1 }, records: recordsOf(file) };
      }
    }
  }
  return write(path, feeds(), parsed);
}

async function write(path: string, feeds: AsyncIterable<Feed>, parsed: Parsed): Promise<number> {
  const progress = new Progress();
  let came = 0;
  const read: Taken[] = [];
  async function* contents(): AsyncGenerator<Content> {
    for await (const { publication, records, fetched } of feeds) {
      const { id, gives, floor } = publication, taken: Taken = { id, gives, fetched, newest: undefined, counts: noRecords() }, first = came;
      read.push(taken);
      let seen = 0;
      for await (const reading of publication.read(records, taken.counts)) {
        if (++seen % 500 === 0) progress.update(`${id}: ${plural(seen, 'record')} …`);
        if (reading.kind === 'rejected' || reading.kind === 'lifecycle') continue;
        if (reading.kind !== 'advisory') { yield reading; continue; }
        const { advisory, replaces } = reading;
        came++;
        // Go's vulnerability database says year 1 where it does not know.
        if (advisory.modified && advisory.modified > (taken.newest ?? '1970')) taken.newest = advisory.modified;
        yield { kind: 'advisory', advisory, ...(replaces === undefined ? {} : { replaces: first + replaces }) };
      }
      progress.done();
      if (taken.counts.records < floor && gives !== 'statements') throw new Problem('conflict', `${id} came with ${plural(taken.counts.records, 'record')} where at least ${floor} are plausible; the old database stays`, { code: 'feed-shrunk' });
      for (const [code, count] of Object.entries(taken.counts.problems)) note(paint('yellow', `${id}: ${plural(count, 'record')} kept aside: ${code}`, process.stderr));
    }
    if (read.length === 0) throw new Problem('invalid', 'none of these is a feed this program reads', { code: 'feed-missing' });
  }
  mkdirSync(dirname(path), { recursive: true });
  const built = new Date().toISOString();
  try {
    await buildDatabase(contents(), path, (): DatabaseInfo => ({
      revision: built, built,
      sources: read.flatMap(({ id, gives, fetched, newest, counts: { records, affected = 0, rejected } }) => gives !== 'advisories' ? [] : [{ id, advisories: records, affected, rejected, ...(fetched ? { fetched } : {}), ...(newest ? { newest } : {}) }]),
      knowledge: read.flatMap(({ id, gives, fetched, counts: { records, rejected } }) => gives !== 'enrichments' && gives !== 'statements' ? [] : [{ id, kind: gives === 'statements' ? 'vex' as const : 'enrichment' as const, records, rejected, ...(fetched ? { fetched } : {}) }]),
    }));
  } finally {
    progress.done();
  }
  return showStatus(path, parsed.flag('json'));
}

/** A directory of archives is many feeds; any other directory, or a file, is one. */
function feedFiles(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })) throw new Problem('missing', `${path}: no such feed file`, { code: 'feed-missing' });
  if (!statSync(path).isDirectory()) return [path];
  const packed = readdirSync(path).filter((name) => /\.(zip|tar|zst|gz|tgz)$/.test(name)).sort();
  return packed.length ? packed.map((name) => join(path, name)) : [path];
}

