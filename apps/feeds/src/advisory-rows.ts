import type { Advisory, Affected, Enrichment, VexStatement } from '@plimsoll/advisories';
import { indexOf, type AdvisoryHead, type AdvisoryIndex } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { byIndex } from './by-index.ts';

/** A package as advisories name it. */
export interface PackageName { readonly ecosystem: string; readonly name: string }

/** SQL: a row that holds as of a revision. `revision` is a parameter, null for the current one. */
export const holdsAt = (row: string, revision: string): string =>
  `((${revision}::int is null and ${row}.valid_to is null) or (${row}.valid_from <= ${revision} and (${row}.valid_to is null or ${row}.valid_to > ${revision})))`;

/** Everything a revision (default: the current one) says of the given names, ready for `judge`. Other names look unknown to it. */
export const indexOfNames = async (tx: EntityManager, names: readonly PackageName[], revision?: number): Promise<AdvisoryIndex> => indexOf(await advisoriesOfNames(tx, names, revision));

/** The records that speak of the given names, each with its entries for those alone. */
export async function advisoriesOfNames(tx: EntityManager, names: readonly PackageName[], revision?: number): Promise<Advisory[]> {
  if (names.length === 0) return [];
  const rows = await byIndex(tx, () => tx.query(`
    select a.id, a.head, f.entry
    from unnest($1::text[], $2::text[]) as wanted (ecosystem, name)
    join affected f on f.ecosystem = wanted.ecosystem and f.name = wanted.name
    join advisories a on a.id = f.advisory and ${holdsAt('a', '$3')}
    order by a.source, a.key, f.place`, [names.map(({ ecosystem }) => ecosystem), names.map(({ name }) => name), revision ?? null])) as { id: string; head: string; entry: string }[];
  const records = new Map<string, Advisory>();
  for (const { id, head, entry } of rows) {
    const affected = JSON.parse(entry) as Affected, record = records.get(id);
    if (record) record.affected.push(affected);
    else records.set(id, { ...JSON.parse(head) as AdvisoryHead, affected: [affected] });
  }
  return [...records.values()];
}

/** What sources add to CVEs, as of a revision; of a source without history, as of now. */
export async function enrichmentsOf(tx: EntityManager, cves: readonly string[], revision?: number): Promise<Enrichment[]> {
  const rows = await tx.query(`select e.body from enrichments e where e.key = any($1) and (${holdsAt('e', '$2')} or (e.source = 'epss' and e.valid_to is null)) order by e.source`, [cves, revision ?? null]) as { body: string }[];
  return rows.map(({ body }) => JSON.parse(body) as Enrichment);
}

/** The part of an index that knows what sources add to CVEs. */
export function enrichmentIndex(enrichments: readonly Enrichment[]): Pick<AdvisoryIndex, 'enrichments'> {
  const about = Map.groupBy(enrichments, ({ cve }) => cve);
  return { enrichments: (cve) => about.get(cve) ?? [] };
}

/** What suppliers say of vulnerabilities, by any of their names, as of a revision. */
export async function statementsOf(tx: EntityManager, names: readonly string[], revision?: number): Promise<VexStatement[]> {
  const rows = await tx.query(`select s.body from statements s where s.names && $1::text[] and ${holdsAt('s', '$2')} order by s.source, s.key`, [names, revision ?? null]) as { body: string }[];
  return rows.map(({ body }) => JSON.parse(body) as VexStatement);
}

/** Each name once, in a fixed order: rows are then locked in the same order by everybody. */
export const distinctNames = (names: Iterable<PackageName>): PackageName[] =>
  [...new Map([...names].map((one) => [`${one.ecosystem}\0${one.name}`, one])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
