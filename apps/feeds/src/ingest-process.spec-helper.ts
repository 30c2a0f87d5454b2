// An ingest as a process of its own, to be killed: node ingest-process.spec-helper.ts DATABASE_URL FILE. Says `ready` when it begins.
import pg from 'pg';
import { DataSource } from 'typeorm';
import { copyFeed } from './copy-feed.ts';
import { feedOf } from './feed-table.ts';
import { publishRevision } from './publish-revision.ts';
import { currentRevision } from './revisions.ts';

/** Takes a file in as the whole of the private advisories, without a service around it. */
export const ingestFile = (db: DataSource, file: string): Promise<number> => db.transaction(async (tx) => {
  const feed = feedOf('private'), copied = await copyFeed(tx, feed, [file], (await currentRevision(tx)).number + 1);
  return (await publishRevision(tx, async () => '', [{ feed, copied }], { floor: 1, shrinkLimit: 0.8, canaries: [], acceptLoss: false })).revision;
});

export const openFeeds = (url: string): Promise<DataSource> =>
  new DataSource({ type: 'postgres', driver: pg, url, schema: 'feeds', poolSize: 6, extra: { options: '-c search_path=feeds' } }).initialize();

const [url, file] = process.argv.slice(2);
if (import.meta.filename === process.argv[1] && url && file) {
  const db = await openFeeds(url);
  process.stdout.write('ready\n');
  await ingestFile(db, file);
  await db.destroy();
}
