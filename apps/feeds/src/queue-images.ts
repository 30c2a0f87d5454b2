import type { EntityManager } from 'typeorm';

/** Notes the images that have one of these subjects, or a package of one of these ecosystems: they are told as of the revision. Answers how many of each project, the most first. */
export async function queueImages(tx: EntityManager, revision: number, subjects: readonly string[], ecosystems: readonly string[]): Promise<{ project: string; images: number }[]> {
  return tx.query(`
    with package as (select id from packages where subject = any($2::bigint[]) union select id from packages where ecosystem = any($3::text[])),
    dirty as (select distinct m.set from package p join set_packages m on m.package = p.id),
    queued as (
      insert into rematches (image, revision) select distinct i.image, $1::int from dirty join image_sets i on i.set = dirty.set
      on conflict (image) do update set revision = excluded.revision returning image)
    select i.project, count(*)::int as images from queued q join images i on i.id = q.image group by i.project order by images desc, i.project`, [revision, subjects, ecosystems]) as Promise<{ project: string; images: number }[]>;
}
