import type { CompactFinding } from '@plimsoll/contracts';
import { type Finding, type FindingSummary, Severity, summarize } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';

/** A finding of one package of one image, in few words; its texts are made from the advisories when somebody reads them. */
export interface FindingRow extends Pick<Finding, 'state' | 'severity' | 'fix_state'> {
  readonly image: string;
  readonly subject: string;
  readonly package: string; readonly purl: string; readonly name: string; readonly version: string; readonly type: Finding['package']['type'];
  readonly vulnerability: string;
  readonly score: number | null;
  readonly fixed_version: string | null;
  readonly published: string | null;
  /** RFC 3339: since when this platform knows of it in this image, and of its repair. */
  readonly first_seen: string;
  readonly fix_seen: string | null;
  readonly valid_from: number;
  readonly valid_to: number | null;
  readonly kev: boolean;
  readonly epss: number | null;
  readonly suppressed: 'vex' | 'rejected' | null;
}

const columns = `
  i.id as image, f.subject, p.id as package, p.purl, p.name, p.version, p.type, f.vulnerability, f.state, f.severity, f.score, f.fix_state, f.fixed_version, f.published,
  greatest(f.first_seen, i.indexed_at) as first_seen, case when f.fix_seen is not null then greatest(f.fix_seen, i.indexed_at) end as fix_seen, f.valid_from, f.valid_to,
  coalesce(r.kev, false) as kev, r.epss, case when f.rejected then 'rejected' end as suppressed`;

/** The packages of images, each once; `$1` are the images. */
const members = `with member as (select distinct s.image, m.package from image_sets s join set_packages m on m.set = s.set where s.image = any($1::bigint[]))`;

/** The findings of images, worst first, that hold now or held as of a revision. */
export const rowsOf = (tx: EntityManager, images: readonly string[], asOf?: number): Promise<FindingRow[]> =>
  read(tx, images, '($2::int is null and f.valid_to is null) or (f.valid_from <= $2 and (f.valid_to is null or f.valid_to > $2))', asOf ?? null);

/** The findings of images that hold now, and those that ended after a revision, worst first. */
export const rowsSince = (tx: EntityManager, images: readonly string[], revision: number): Promise<FindingRow[]> => read(tx, images, 'f.valid_to is null or f.valid_to > $2::int', revision);

async function read(tx: EntityManager, images: readonly string[], when: string, value: number | null): Promise<FindingRow[]> {
  const rows = await tx.query(`
    ${members}
    select ${columns} from member join packages p on p.id = member.package join findings f on f.subject = p.subject join images i on i.id = member.image left join ratings r on r.cve = f.vulnerability where ${when}`,
  [images, value]) as (FindingRow & { first_seen: Date | string; fix_seen: Date | string | null })[];
  for (const row of rows) Object.assign(row, { score: rounded(row.score), epss: row.epss === null ? null : Number(row.epss.toPrecision(6)), first_seen: (row.first_seen as Date).toISOString(), fix_seen: row.fix_seen && (row.fix_seen as Date).toISOString() });
  return rows.sort(worstFirst);
}

/** Postgres keeps a score as 4 bytes. */
const rounded = (score: number | null): number | null => score === null ? null : Math.round(score * 10) / 10;

const ranks = new Map(Severity.options.map((severity, rank) => [severity, rank]));

/** The one order of findings: severity, score, id, package. */
export function worstFirst(a: FindingRow, b: FindingRow): number {
  return ranks.get(a.severity)! - ranks.get(b.severity)! || (b.score ?? -1) - (a.score ?? -1)
    || byText(a.vulnerability, b.vulnerability) || byText(a.purl, b.purl) || Number(a.package) - Number(b.package);
}
const byText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0;

/** How many packages nobody speaks of, by image. */
export async function notCovered(tx: EntityManager, images: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.query(`
    ${members}
    select member.image::text as image, count(*)::int as count from member join packages p on p.id = member.package
    where p.uncovered is not null or p.ecosystem is null or p.ecosystem not in (select ecosystem from covered_ecosystems) group by member.image`, [images]) as { image: string; count: number }[];
  return new Map(rows.map(({ image, count }) => [image, count]));
}

/** The counts of one image. */
export const summaryOf = (rows: readonly FindingRow[], uncovered: number): FindingSummary =>
  summarize(rows.map((row) => ({ ...row, score: row.score ?? undefined, suppressed: row.suppressed ?? undefined }) as unknown as Finding), uncovered);

/** The worst of what counts, in the words of events and policies. */
export const worstOf = (rows: readonly FindingRow[], limit: number): CompactFinding[] =>
  rows.filter(({ suppressed }) => suppressed === null).slice(0, limit).map(({ vulnerability: id, severity, score, state, fix_state, fixed_version, published, first_seen, name, version, purl, kev, epss }) => ({
    id, severity, state, fix_state, package: name, version, purl, first_seen,
    ...(score === null ? {} : { score }), ...(fixed_version === null ? {} : { fixed_version }), ...(published === null ? {} : { published }),
    ...(kev ? { kev } : {}), ...(epss === null ? {} : { epss }),
  }));

/** Which problems appeared and vanished since a revision, from the rows of one image since then. */
export function changesSince(rows: readonly FindingRow[], revision: number, limit: number): { added: string[]; removed: string[] } {
  const affected = rows.filter(({ state }) => state === 'affected');
  const before = new Set(affected.filter(({ valid_from, valid_to }) => valid_from <= revision && (valid_to === null || valid_to > revision)).map(({ vulnerability }) => vulnerability));
  const after = new Set(affected.filter(isNow).map(({ vulnerability }) => vulnerability));
  return { added: missingFrom(before, after).slice(0, limit), removed: missingFrom(after, before).slice(0, limit) };
}

/** Of rows since a revision, those that hold now. */
export const isNow = ({ valid_to }: FindingRow): boolean => valid_to === null;

/** Of the other set, by name. */
const missingFrom = (set: ReadonlySet<string>, other: ReadonlySet<string>): string[] => [...other].filter((one) => !set.has(one)).sort();
