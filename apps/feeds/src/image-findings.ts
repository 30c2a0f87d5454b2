import type { CompactFinding } from '@plimsoll/contracts';
import type { Finding, FindingSummary, Judgement, Severity, State } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { severityAt } from './subjects.ts';

/** What an image's packages and findings are, now; `$1` is the image. */
const packagesOf = `
  select distinct p.id, p.purl, p.name, p.version, p.type, p.subject, p.ecosystem, p.uncovered
  from image_sets i join set_packages m on m.set = i.set join packages p on p.id = m.package
  where i.image = $1`;

/** The counts of one image as of the current revision. */
export async function summaryOf(tx: EntityManager, image: string): Promise<FindingSummary> {
  const counts = await tx.query(`
    with package as (${packagesOf})
    select f.severity, count(*)::int as total, count(*) filter (where f.fixable)::int as fixable, max(f.score)::float8 as score
    from package join findings f on f.subject = package.subject and f.valid_to is null
    where f.state = 'affected' group by f.severity`, [image]) as { severity: number; total: number; fixable: number; score: number | null }[];
  const [rest] = await tx.query(`
    with package as (${packagesOf})
    select
      (select count(*) from package join findings f on f.subject = package.subject and f.valid_to is null where f.state = 'undetermined')::int as undetermined,
      (select count(*) from package where uncovered is not null or not exists (select from covered_ecosystems c where c.ecosystem = package.ecosystem))::int as not_covered`, [image]) as { undetermined: number; not_covered: number }[];
  const none = (): FindingSummary['by_severity'] => ({ critical: 0, high: 0, medium: 0, low: 0, unknown: 0, negligible: 0 });
  const summary: FindingSummary = { total: 0, by_severity: none(), fixable: none(), ...rest! };
  for (const { severity, total, fixable, score } of counts) {
    summary.total += total;
    summary.by_severity[severityAt(severity)] = total;
    summary.fixable[severityAt(severity)] = fixable;
    if (score !== null) summary.max_score = Math.max(summary.max_score ?? 0, Math.round(score * 10) / 10);
  }
  return summary;
}

/** The one order of findings: severity, score, id, package. */
const order = 'f.severity, f.score desc nulls last, f.vulnerability collate "C", package.purl';

/** The worst findings of an image, in the words of events and policies. */
export async function worstOf(tx: EntityManager, image: string, limit: number): Promise<CompactFinding[]> {
  const rows = await tx.query(`
    with package as (${packagesOf})
    select f.judgement, package.name, package.version, package.purl
    from package join findings f on f.subject = package.subject and f.valid_to is null
    where f.state in ('affected', 'undetermined') order by ${order} limit $2`, [image, limit]) as { judgement: Judgement; name: string; version: string; purl: string }[];
  return rows.map(({ judgement: { id, severity, score, state, fix_state, fixed_version, published }, name, version, purl }) =>
    ({ id, severity, score, state, fix_state, fixed_version, published, package: name, version, purl }));
}

/** Which findings appeared and vanished for an image since a revision. */
export async function changesSince(tx: EntityManager, image: string, revision: number, limit: number): Promise<{ added: string[]; removed: string[] }> {
  const rows = await tx.query(`
    with package as (${packagesOf}),
    before as (select distinct f.vulnerability as id from package join findings f on f.subject = package.subject where f.state = 'affected' and f.valid_from <= $2 and (f.valid_to is null or f.valid_to > $2)),
    after as (select distinct f.vulnerability as id from package join findings f on f.subject = package.subject where f.state = 'affected' and f.valid_to is null)
    select id, true as added from after where id not in (select id from before)
    union all select id, false from before where id not in (select id from after)
    order by 1`, [image, revision]) as { id: string; added: boolean }[];
  return { added: rows.filter(({ added }) => added).map(({ id }) => id).slice(0, limit), removed: rows.filter(({ added }) => !added).map(({ id }) => id).slice(0, limit) };
}

export interface FindingsFilter { readonly severity?: readonly Severity[] | undefined; readonly state?: readonly State[] | undefined; readonly id?: string | undefined; readonly package?: string | undefined }
/** Where a page ended, in the one order. */
export type FindingsCursor = readonly [severity: number, score: number, vulnerability: string, purl: string, finding: string];

/** One page of an image's findings, without layer and path (those are the inventory's). Answers one more row than `limit` when there are more. */
export async function findingsPage(tx: EntityManager, image: string, filter: FindingsFilter, limit: number, after: FindingsCursor | undefined): Promise<{ rows: { finding: Finding; cursor: FindingsCursor }[]; total: number }> {
  const wanted = `
    where f.state = any($2) and ($3::text[] is null or f.judgement->>'severity' = any($3))
      and ($4::text is null or f.vulnerability = $4 or f.judgement->'aliases' ? $4 or f.judgement->'advisories' ? $4)
      and ($5::text is null or package.name = $5 or package.purl = $5)`;
  const values = [image, filter.state ?? ['affected', 'undetermined'], filter.severity ?? null, filter.id ?? null, filter.package ?? null];
  const [{ total }] = await tx.query(`with package as (${packagesOf}) select count(*)::int as total from package join findings f on f.subject = package.subject and f.valid_to is null ${wanted}`, values) as [{ total: number }];
  const rows = await tx.query(`
    with package as (${packagesOf})
    select f.id, f.severity, coalesce(-f.score, 1)::float8 as rank, f.vulnerability, package.purl, package.name, package.version, package.type, f.judgement
    from package join findings f on f.subject = package.subject and f.valid_to is null ${wanted}
      and ($6::int is null or (f.severity, coalesce(-f.score, 1)::float8, f.vulnerability collate "C", package.purl, f.id) > ($6, $7::float8, $8, $9, $10::bigint))
    order by f.severity, coalesce(-f.score, 1)::float8, f.vulnerability collate "C", package.purl, f.id limit $11`,
  [...values, ...(after ?? [null, null, null, null, null]), limit]) as { id: string; severity: number; rank: number; vulnerability: string; purl: string; name: string; version: string; type: Finding['package']['type']; judgement: Judgement }[];
  return {
    total,
    rows: rows.map(({ id, severity, rank, vulnerability, purl, name, version, type, judgement }) =>
      ({ finding: { ...judgement, package: { purl, name, version, type } }, cursor: [severity, rank, vulnerability, purl, id] as const })),
  };
}
