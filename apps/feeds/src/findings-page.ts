import type { Severity, State } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { type FindingRow, worstFirst } from './image-findings.ts';

export interface FindingsFilter {
  readonly severity?: readonly Severity[] | undefined;
  readonly state?: readonly State[] | undefined;
  /** Any name of the problem, whoever gave it. */
  readonly id?: string | undefined;
  /** Name or purl. */
  readonly package?: string | undefined;
  readonly kev?: boolean | undefined;
  /** At least as likely to be exploited. */
  readonly epss_min?: number | undefined;
  readonly fixable?: boolean | undefined;
  readonly suppressed?: boolean | undefined;
}

/** The rows that a filter wants, in their order. */
export async function filtered(tx: EntityManager, rows: readonly FindingRow[], filter: FindingsFilter): Promise<FindingRow[]> {
  const named = filter.id === undefined ? undefined : new Set(await problemsNamed(tx, filter.id));
  return rows.filter((row) =>
    (named === undefined || named.has(row.vulnerability))
    && (filter.severity === undefined || filter.severity.includes(row.severity))
    && (filter.state === undefined || filter.state.includes(row.state))
    && (filter.package === undefined || row.name === filter.package || row.purl === filter.package)
    && (filter.kev === undefined || row.kev === filter.kev)
    && (filter.epss_min === undefined || (row.epss ?? -1) >= filter.epss_min)
    && (filter.fixable === undefined || (row.fix_state === 'available') === filter.fixable)
    && (filter.suppressed === undefined || (row.suppressed !== null) === filter.suppressed));
}

/**
 * Under which names problems are kept here that somebody calls so. A notice's id means every problem it repairs; the names of
 * records without a CVE lead on, a few steps, because their problem is kept under the CVE or first name they share; a CVE leads nowhere.
 */
export async function problemsNamed(tx: EntityManager, name: string): Promise<string[]> {
  const rows = await tx.query(`
    with recursive known (name, step) as (
      select $1::text, 0
      union
      select near.name, step + 1 from known cross join lateral (select unnest(a.names) as name from answers a where a.names @> array[known.name]) near
      where step < 3 and known.name not like 'CVE-%'),
    called as (select distinct name from known where name = $1 or name not like 'CVE-%')
    select $1 as vulnerability
    union select a.vulnerability from called join answers a on a.names @> array[called.name]`, [name]) as { vulnerability: string }[];
  return rows.map(({ vulnerability }) => vulnerability);
}

/** Where a page ended, in the one order. */
export type FindingsCursor = readonly [severity: FindingRow['severity'], score: number | null, vulnerability: string, purl: string, package_: string];
export const cursorOf = ({ severity, score, vulnerability, purl, package: id }: FindingRow): FindingsCursor => [severity, score, vulnerability, purl, id];
export const isAfter = (row: FindingRow, [severity, score, vulnerability, purl, id]: FindingsCursor): boolean =>
  worstFirst(row, { ...row, severity, score, vulnerability, purl, package: id }) > 0;
