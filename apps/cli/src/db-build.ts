import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { detectFeed, fetchSource, noCounts, readFeed, recordsOf, sourceOf, type FeedCounts, type FeedRecord, type Source } from '@plimsoll/advisories';
import { buildDatabase, type Content, type DatabaseInfo } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { Parsed } from './command.ts';
import { showStatus } from './db-status.ts';
import { note, paint, plural, Progress } from './terminal.ts';

/** What most images hold; other sources are named. */
const usual = ['debian-tracker', ...['v3.20', 'v3.21', 'v3.22', 'v3.23'].map((branch) => `alpine-${branch}`), 'osv-npm', 'osv-pypi', 'osv-go', 'osv-maven', 'osv-crates', 'osv-rubygems', 'osv-nuget'];

interface Feed { readonly source: Pick<Source, 'id' | 'parse' | 'floor'>; readonly records: AsyncIterable<FeedRecord>; readonly fetched?: string }

/** Fetches sources from their publishers into the database. One that fails ends it, and the old database stays. */
export async function update(path: string, ids: readonly string[], parsed: Parsed): Promise<number> {
  const sources = (ids.length ? ids : usual).map((id) => {
    const source = sourceOf(id);
    if (!source?.urls.length) throw new Problem('missing', `no source ${id} with an address`, { code: 'source-missing' });
    return source;
  });
  async function* feeds(): AsyncGenerator<Feed> {
    for (const source of sources) {
      note(`Fetching ${source.title} …`);
      const fetched = await fetchSource(source, {}, { signal: AbortSignal.timeout(1_800_000) });
      try {
        yield { source, records: fetched!.records(), fetched: new Date().toISOString() };
      } finally {
        await fetched!.close();
      }
    }
  }
  return write(path, feeds(), parsed);
}

/** Makes a database from feed files: `PATH`, or `SOURCE=PATH` to say which source it is. */
export async function build(path: string, words: readonly string[], parsed: Parsed): Promise<number> {
  if (words.length === 0) throw new Problem('invalid', 'db build needs at least one feed file or directory', { code: 'usage' });
  async function* feeds(): AsyncGenerator<Feed> {
    for (const word of words) {
      const [, id, named] = /^([a-z0-9.-]+)=(.+)$/.exec(word) ?? [];
      if (id && named) {
        const source = sourceOf(id);
        if (!source) throw new Problem('missing', `no source ${id}`, { code: 'source-missing' });
        yield { source: { ...source, floor: 1 }, records: recordsOf(named) };
        continue;
      }
      for (const file of feedFiles(word)) {
        const source = await detectFeed(file);
        if (!source) {
          note(paint('yellow', `${file}: not a feed this program reads; passed over`, process.stderr));
          continue;
        }
        yield { source: { ...source, floor: 1 }, records: recordsOf(file) };
      }
    }
  }
  return write(path, feeds(), parsed);
}

async function write(path: string, feeds: AsyncIterable<Feed>, parsed: Parsed): Promise<number> {
  const progress = new Progress();
  let came = 0;
  const read: (FeedCounts & { id: string; fetched: string | undefined; newest: string | undefined })[] = [];
  async function* contents(): AsyncGenerator<Content> {
    for await (const { source, records, fetched } of feeds) {
      const counts = { ...noCounts(), id: source.id, fetched, newest: undefined as string | undefined };
      read.push(counts);
      const first = came;
      for await (const reading of readFeed(source, records, counts)) {
        if (reading.kind !== 'advisory') continue;
        const { advisory, replaces } = reading;
        came++;
        // Go's vulnerability database says year 1 where it does not know.
        if (advisory.modified && advisory.modified > (counts.newest ?? '1970')) counts.newest = advisory.modified;
        if (counts.advisories % 500 === 0) progress.update(`${source.id}: ${plural(counts.advisories, 'advisory', 'advisories')} …`);
        yield { kind: 'advisory', advisory, ...(replaces === undefined ? {} : { replaces: first + replaces }) };
      }
      progress.done();
      if (counts.advisories < source.floor) throw new Problem('conflict', `${source.id} came with ${counts.advisories} advisories where at least ${source.floor} are plausible; the old database stays`, { code: 'feed-shrunk' });
      for (const [code, count] of Object.entries(counts.problems)) note(paint('yellow', `${source.id}: ${plural(count, 'record')} kept aside: ${code}`, process.stderr));
    }
    if (read.length === 0) throw new Problem('invalid', 'none of these is a feed this program reads', { code: 'feed-missing' });
  }
  mkdirSync(dirname(path), { recursive: true });
  const built = new Date().toISOString();
  try {
    await buildDatabase(contents(), path, (): DatabaseInfo => ({
      revision: built, built,
      sources: read.map(({ id, advisories: count, affected, rejected, fetched, newest }) => ({ id, advisories: count, affected, rejected, ...(fetched ? { fetched } : {}), ...(newest ? { newest } : {}) })),
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

