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

/** The package sets with a changed package: their number does not grow with the images. */
const dirtySets = `dirty as (select distinct m.set, p.subject from (select distinct subject from change) c join packages p on p.subject = c.subject join set_packages m on m.package = p.id)`;
/** Images with one of them now; `$2` bounds the projects, null for all. */
const struckBy = `struck as (select distinct s.image from (select distinct set from dirty) d join image_sets s on s.set = d.set join images i on i.id = s.image where $2::text[] is null or i.project = any($2))`;

/** Where a revision struck, within some projects or everywhere; each vulnerability with the number of its images. */
export async function blastRadiusOf(tx: EntityManager, revision: number, projects: readonly string[] | undefined): Promise<BlastRadius> {
  const [counts] = await tx.query(`
    with ${changesOf}, ${dirtySets}, ${struckBy},
    here as (select c.* from change c where $2::text[] is null or c.subject in (select d.subject from dirty d where exists (select from image_sets s join images i on i.id = s.image where s.set = d.set and i.project = any($2))))
    select (select count(*)::int from struck) as images, count(distinct subject)::int as packages, ${cameAndWent} from here`, [revision, projects ?? null]) as Omit<BlastRadius, 'vulnerabilities'>[];
  const vulnerabilities = await tx.query(`
    with ${changesOf}, ${dirtySets}, ${news('$3')}
    select news.id, news.severity, news.kev, count(distinct s.image)::int as images
    from news join change c on c.vulnerability = news.id join dirty d on d.subject = c.subject join image_sets s on s.set = d.set join images i on i.id = s.image
    where $2::text[] is null or i.project = any($2) group by news.id, news.severity, news.kev, news.rank order by news.rank, images desc, news.id`, [revision, projects ?? null, Severity.options]) as News[];
  return { ...counts!, vulnerabilities: vulnerabilities.map(shown) };
}

/** The same for everybody at once, for the event: `images` were counted when they were queued, and of vulnerabilities the images are not. */
export async function blastRadiusOfAll(tx: EntityManager, revision: number, images: number): Promise<BlastRadius> {
  const [counts] = await tx.query(`with ${changesOf} select count(distinct subject)::int as packages, ${cameAndWent} from change`, [revision]) as Omit<BlastRadius, 'vulnerabilities' | 'images'>[];
  const vulnerabilities = await tx.query(`with ${changesOf}, ${news('$2')} select id, severity, kev from news order by rank, id`, [revision, Severity.options]) as News[];
  return { images, ...counts!, vulnerabilities: vulnerabilities.map(shown) };
}

const cameAndWent = 'count(*) filter (where opened and not closed)::int as added, count(*) filter (where closed and not opened)::int as removed';

/** The worst problems that came. */
const news = (severities: string): string => `
  news as (
    select vulnerability as id, (${severities}::text[])[rank] as severity, rank, coalesce(r.kev, false) as kev
    from (select vulnerability, min(array_position(${severities}::text[], severity)) as rank from change where opened and not closed group by vulnerability) came
    left join ratings r on r.cve = came.vulnerability order by rank, kev desc, vulnerability limit 50)`;

type News = BlastRadius['vulnerabilities'][number] & { kev: boolean };
const shown = ({ kev, ...one }: News): BlastRadius['vulnerabilities'][number] => ({ ...one, ...(kev ? { kev } : {}) });

export interface StruckImage { readonly id: string; readonly project: string; readonly digest: string; readonly reference: string; readonly added: string[]; readonly removed: string[] }

/** The images it struck after one of them, in the order of their ids, with what came and went in each, at most 50 names. */
export async function struckImages(tx: EntityManager, revision: number, projects: readonly string[] | undefined, after: string, limit: number): Promise<StruckImage[]> {
  return tx.query(`
    with ${changesOf}, ${dirtySets}, ${struckBy}, page as (select image from struck where image > $3 order by image limit $4)
    select i.id, i.project, i.digest, i.reference,
      coalesce((array_agg(distinct c.vulnerability) filter (where c.opened and not c.closed))[:50], '{}') as added,
      coalesce((array_agg(distinct c.vulnerability) filter (where c.closed and not c.opened))[:50], '{}') as removed
    from page join images i on i.id = page.image join image_sets s on s.image = page.image join dirty d on d.set = s.set join change c on c.subject = d.subject
    group by i.id order by i.id`, [revision, projects ?? null, after, limit]) as Promise<StruckImage[]>;
}
