import type { BlastRadius } from '@plimsoll/contracts';
import { Severity } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';

// What a revision opened and closed; `$1` is the revision. A finding that only changed is in both.
const changesOf = `
  change as (
    select subject, vulnerability, bool_or(opened and state = 'affected') as opened, bool_or(not opened and state = 'affected') as closed, coalesce(max(severity) filter (where opened), max(severity)) as severity
    from (
      select subject, vulnerability, state, severity, true as opened from findings where valid_from = $1 and by_revision
      union all select subject, vulnerability, state, severity, false from findings where valid_to = $1) row
    group by subject, vulnerability)`;

/** Images that have the changed packages now; `$2` bounds the projects, null for all. */
const struckBy = `
  struck as (
    select distinct s.image, c.subject from (select distinct subject from change) c
    join packages p on p.subject = c.subject join set_packages m on m.package = p.id join image_sets s on s.set = m.set
    join images i on i.id = s.image where $2::text[] is null or i.project = any($2))`;

/** Where a revision struck. */
export async function blastRadiusOf(tx: EntityManager, revision: number, projects: readonly string[] | undefined): Promise<BlastRadius> {
  const [counts] = await tx.query(`
    with ${changesOf}, ${struckBy}, here as (select c.* from change c where $2::text[] is null or c.subject in (select subject from struck))
    select (select count(distinct image)::int from struck) as images, count(distinct subject)::int as packages,
      count(*) filter (where opened and not closed)::int as added, count(*) filter (where closed and not opened)::int as removed from here`, [revision, projects ?? null]) as Omit<BlastRadius, 'vulnerabilities'>[];
  const vulnerabilities = await tx.query(`
    with ${changesOf}, ${struckBy},
    news as (select vulnerability, min(array_position($3::text[], severity)) as rank from change where opened and not closed group by vulnerability order by rank, vulnerability limit 50)
    select news.vulnerability as id, ($3::text[])[news.rank] as severity, coalesce(r.kev, false) as kev, count(distinct struck.image)::int as images
    from news join change c on c.vulnerability = news.vulnerability join struck on struck.subject = c.subject left join ratings r on r.cve = news.vulnerability
    group by news.vulnerability, news.rank, r.kev order by news.rank, images desc, id`, [revision, projects ?? null, Severity.options]) as (BlastRadius['vulnerabilities'][number] & { kev: boolean })[];
  return { ...counts!, vulnerabilities: vulnerabilities.map(({ kev, ...one }) => ({ ...one, ...(kev ? { kev } : {}) })) };
}

export interface StruckImage { readonly id: string; readonly project: string; readonly digest: string; readonly reference: string; readonly added: string[]; readonly removed: string[] }

/** The images it struck after one of them, in the order of their ids, with what came and went in each, at most 50 names. */
export async function struckImages(tx: EntityManager, revision: number, projects: readonly string[] | undefined, after: string, limit: number): Promise<StruckImage[]> {
  return tx.query(`
    with ${changesOf}, ${struckBy}, page as (select distinct image from struck where image > $3 order by image limit $4)
    select i.id, i.project, i.digest, i.reference,
      coalesce((array_agg(distinct c.vulnerability) filter (where c.opened and not c.closed))[:50], '{}') as added,
      coalesce((array_agg(distinct c.vulnerability) filter (where c.closed and not c.opened))[:50], '{}') as removed
    from page join images i on i.id = page.image join struck on struck.image = page.image join change c on c.subject = struck.subject
    group by i.id order by i.id`, [revision, projects ?? null, after, limit]) as Promise<StruckImage[]>;
}
