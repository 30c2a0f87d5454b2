// One way of taking feeds in, as a process of its own: node ingest-program.ts copy|rows DATABASE_URL FILE…; prints a line of JSON for each file.
import { readFileSync } from 'node:fs';
import { readFeed, recordsOf, sourceOf } from '@plimsoll/advisories';
import pg from 'pg';
import { DataSource } from 'typeorm';

const [how = '', url = '', ...files] = process.argv.slice(2);
const db = await new DataSource({ type: 'postgres', driver: pg, url, schema: 'feeds', poolSize: 2, extra: { options: '-c search_path=feeds' } }).initialize();
for (const file of files) {
  const before = process.cpuUsage(), start = performance.now();
  const what = how === 'copy' ? await byCopy(db, file) : await byRows(db, file);
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ ...what, seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, rss: peak() }));
}
await db.destroy();

/** Bytes; Linux only, else NaN. */
function peak(): number {
  try { return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024; } catch { return Number.NaN; }
}

/** As the service does, without what it tells others. */
async function byCopy(database: DataSource, file: string): Promise<object> {
  const app = new URL('../apps/feeds/dist/', import.meta.url);
  const { copyFeed } = await import(new URL('copy-feed.js', app).href) as typeof import('../apps/feeds/src/copy-feed.ts');
  const { publishRevision } = await import(new URL('publish-revision.js', app).href) as typeof import('../apps/feeds/src/publish-revision.ts');
  const { feedOf } = await import(new URL('feed-table.js', app).href) as typeof import('../apps/feeds/src/feed-table.ts');
  const { currentRevision } = await import(new URL('revisions.js', app).href) as typeof import('../apps/feeds/src/revisions.ts');
  const feed = feedOf('private');
  return database.transaction(async (tx) => {
    const copied = await copyFeed(tx, feed, [file], (await currentRevision(tx)).number + 1);
    const { added, changed, removed } = await publishRevision(tx, async () => '', [{ feed, copied }], { floor: 1, shrinkLimit: 0.8, canaries: [], acceptLoss: false });
    return { records: copied.records, added, changed, removed };
  });
}

/** A statement for each row, in one transaction: the shape of claircore's updater, whose rows are a vulnerability and a package each and which notes for each what update it came with. */
async function byRows(database: DataSource, file: string): Promise<object> {
  let records = 0, rows = 0;
  await database.transaction(async (tx) => {
    await tx.query('set local statement_timeout = 0');
    for await (const reading of readFeed(sourceOf('private')!, recordsOf(file))) {
      if (reading.kind !== 'advisory') continue;
      const { affected, ...head } = reading.advisory, text = JSON.stringify(head);
      records++;
      for (const entry of affected) {
        const [row] = await tx.query('insert into bench_vulnerabilities (hash, name, head, package, ecosystem, entry) values (sha256(convert_to($1 || $2 || $3, \'UTF8\')), $4, $1, $2, $3, $5) on conflict (hash) do update set name = excluded.name returning id', [text, entry.name, entry.ecosystem, head.id, JSON.stringify(entry)]) as { id: string }[];
        await tx.query('insert into bench_update (update, vulnerability) values (1, $1) on conflict do nothing', [row!.id]);
        rows++;
      }
    }
  });
  return { records, rows };
}
