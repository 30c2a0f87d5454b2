import type { Source } from '@plimsoll/advisories';
import type { Say } from '@plimsoll/bus';
import { RevisionPublished } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';
import { remakeAnswers } from './answers.ts';
import { coverTouched } from './coverage.ts';
import { rejudge, touchedBy } from './findings.ts';
import { currentRevision, ownRevision } from './revisions.ts';
import type { Staged } from './staging.ts';

export interface Published { readonly revision: number; readonly added: number; readonly changed: number; readonly removed: number; readonly touchedImages: number }

/**
 * Makes a staged feed the next revision, inside the caller's transaction: all of it or nothing. A feed that shrank
 * beyond what is plausible is refused, and the revision before stays. A feed without news makes no revision.
 */
export async function publishRevision(tx: EntityManager, say: Say, source: Source, staged: Staged, { floor, shrinkLimit }: { floor: number; shrinkLimit: number }): Promise<Published> {
  // 1. one publication at a time, and no image between two revisions
  await ownRevision(tx);
  await refuseShrunk(tx, source, staged, floor, shrinkLimit);

  // 2. what is new
  await tx.query(`
    insert into changed_records (ingest, key, added, removed)
    select $1, coalesce(s.key, a.key) as key, a.key is null as added, s.key is null as removed
    from (select key, hash from staged where ingest = $1) s
    full join (select key, hash from advisories where source = $2) a on a.key = s.key
    where a.hash is distinct from s.hash`, [staged.ingest, source.id]);
  const [count] = await tx.query('select count(*) filter (where added)::int as added, count(*) filter (where removed)::int as removed, count(*) filter (where not added and not removed)::int as changed from changed_records where ingest = $1', [staged.ingest]) as { added: number; removed: number; changed: number }[];
  const { added, removed, changed } = count!;
  const before = await currentRevision(tx);
  await keepAside(tx, source, staged);
  if (added + removed + changed === 0) {
    await markSource(tx, source, staged, undefined);
    return { revision: before.number, added, changed, removed, touchedImages: 0 };
  }

  // 3. the records, and which names they speak or spoke of
  const revision = before.number + 1;
  await touch(tx, source, staged);
  await tx.query('delete from affected f using changed_records c where c.ingest = $2 and f.source = $1 and f.key = c.key', [source.id, staged.ingest]);
  await tx.query('delete from advisories a using changed_records c where c.ingest = $2 and a.source = $1 and a.key = c.key', [source.id, staged.ingest]);
  await tx.query('insert into advisories (source, key, hash, head) select $2, s.key, s.hash, s.head from staged s join changed_records c on c.ingest = s.ingest and c.key = s.key where s.ingest = $1', [staged.ingest, source.id]);
  await tx.query(`
    insert into affected (ecosystem, name, source, key, entry)
    select entry->>'ecosystem', entry->>'name', $2, s.key, entry
    from staged s join changed_records c on c.ingest = s.ingest and c.key = s.key cross join lateral jsonb_array_elements(s.affected) as entry where s.ingest = $1`, [staged.ingest, source.id]);
  await touch(tx, source, staged);

  // 4. findings of the package versions under those names, and of nothing else
  await remakeAnswers(tx, staged.ingest);
  const dirty = await rejudge(tx, touchedBy(staged.ingest), revision, 'revision');

  // 5. the images that have them, or whose ecosystem became covered or uncovered: told one by one after this commits
  const touchedImages = await queueImages(tx, revision, dirty.subjects, await coverTouched(tx, source.id, staged.ingest));
  await tx.query('insert into revisions (number, changes, touched_images) values ($1, $2, $3)', [revision, JSON.stringify([{ source: source.id, added, changed, removed }]), touchedImages]);
  await markSource(tx, source, staged, revision);
  await say(RevisionPublished, { revision, published_at: (await currentRevision(tx)).published_at, changes: [{ source: source.id, added, changed, removed }], touched_images: touchedImages });
  return { revision, added, changed, removed, touchedImages };
}

/** Notes the names that the changed records speak of at this moment: once before they are replaced, once after. */
const touch = (tx: EntityManager, source: Source, { ingest }: Staged): Promise<unknown> => tx.query(`
  insert into touched_names (ingest, ecosystem, name)
  select distinct $1::uuid, f.ecosystem, f.name from affected f join changed_records c on c.key = f.key where c.ingest = $1 and f.source = $2
  on conflict do nothing`, [ingest, source.id]);

async function refuseShrunk(tx: EntityManager, source: Source, { counts }: Staged, floor: number, shrinkLimit: number): Promise<void> {
  const [row] = await tx.query('select count(*)::int as count from advisories where source = $1', [source.id]) as { count: number }[];
  const least = Math.max(floor, Math.floor(row!.count * shrinkLimit));
  if (counts.advisories < least) throw new Problem('conflict', `${source.id} came with ${counts.advisories} advisories where at least ${least} are plausible (there are ${row!.count}); the last good revision stays`, { code: 'feed-shrunk' });
}

async function keepAside(tx: EntityManager, source: Source, { keptAside }: Staged): Promise<void> {
  await tx.query('delete from kept_aside where source = $1', [source.id]);
  await tx.query('insert into kept_aside (source, record, code, detail, excerpt) select $1, record, code, detail, excerpt from jsonb_to_recordset($2::jsonb) as row (record text, code text, detail text, excerpt text)',
    [source.id, JSON.stringify(keptAside).replaceAll('\\u0000', '')]);
}

/** `revision` undefined: looked at, nothing new. */
const markSource = (tx: EntityManager, source: Source, { counts }: Staged, revision: number | undefined): Promise<unknown> => tx.query(`
  insert into sources (source, advisories, kept_aside, revision, state, updated_at, checked_at) values ($1, $2, $3, $4, 'ok', now(), now())
  on conflict (source) do update set advisories = excluded.advisories, kept_aside = excluded.kept_aside, revision = coalesce(excluded.revision, sources.revision),
    state = 'ok', problem = null, checked_at = now(), updated_at = case when excluded.revision is null then sources.updated_at else now() end`,
[source.id, counts.advisories, counts.rejected, revision ?? null]);

/** Notes the images that have one of these subjects or a package of one of these ecosystems: they are told as of the revision. */
export async function queueImages(tx: EntityManager, revision: number, subjects: readonly string[], ecosystems: readonly string[]): Promise<number> {
  const rows = await tx.query(`
    insert into rematches (image, revision)
    select distinct i.image, $1::int
    from (select id from packages where subject = any($2::bigint[]) union select id from packages where ecosystem = any($3)) package
    join set_packages m on m.package = package.id join image_sets i on i.set = m.set
    on conflict (image) do update set revision = excluded.revision
    returning image`, [revision, subjects, ecosystems]) as unknown[];
  return rows.length;
}
