import type { EntityManager } from 'typeorm';
import type { Copied } from './copy-feed.ts';
import type { Feed } from './feed-table.ts';

/**
 * Notes what an ingest touched and somebody has: package names whose records came or went (`touched_names`), or CVEs of
 * findings of which something else is known now (`touched_cves`). Of names nobody has there is nothing to judge.
 */
export async function noteTouched(tx: EntityManager, { shelf, hasHistory }: Feed, { ingest, base, end, gone, replaced }: Copied): Promise<void> {
  const closed = [...gone, ...replaced];
  if (shelf === 'advisories') {
    await tx.query(`
      insert into touched_names (ingest, ecosystem, name)
      select $1::uuid, ecosystem, name from (
        select ecosystem, name from affected where advisory >= $2 and advisory < $3
        union select f.ecosystem, f.name from unnest($4::bigint[]) as closed (id) join affected f on f.advisory = closed.id) touched
      where exists (select from answered_names a where a.ecosystem = touched.ecosystem and a.name = touched.name)`, [ingest, base, end, closed]);
    return;
  }
  // Daily scores change a little for everything: who asks sees them, nobody is told.
  if (!hasHistory) return;
  const names = shelf === 'enrichments' ? 'r.key' : 'unnest(r.names)';
  await tx.query(`
    insert into touched_cves (ingest, cve)
    select distinct $1::uuid, cve from (
      select ${names} as cve from ${shelf} r where r.id >= $2 and r.id < $3
      union select ${names} from unnest($4::bigint[]) as closed (id) join ${shelf} r on r.id = closed.id) touched
    where exists (select from answers a where a.names @> array[touched.cve::text])`, [ingest, base, end, closed]);
}
