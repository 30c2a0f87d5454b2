import type { Advisory, Affected } from '@plimsoll/advisories';
import { indexOf, type AdvisoryHead, type AdvisoryIndex } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';

/** A package as advisories name it. */
export interface PackageName { readonly ecosystem: string; readonly name: string }

/** Everything the current revision says of the given names, ready for `judge`. Other names look unknown to it. */
export const indexOfNames = async (tx: EntityManager, names: readonly PackageName[], _asOf?: number): Promise<AdvisoryIndex> => indexOf(await advisoriesOfNames(tx, names));

/** The records that speak of the given names, each with its entries for those alone. */
export async function advisoriesOfNames(tx: EntityManager, names: readonly PackageName[]): Promise<Advisory[]> {
  const rows = await tx.query(`
    select a.source, a.key, a.head, f.entry
    from unnest($1::text[], $2::text[]) as wanted (ecosystem, name)
    join affected f on f.ecosystem = wanted.ecosystem and f.name = wanted.name
    join advisories a on a.source = f.source and a.key = f.key
    order by a.source, a.key`, [names.map(({ ecosystem }) => ecosystem), names.map(({ name }) => name)]) as { source: string; key: string; head: AdvisoryHead; entry: Affected }[];
  const records = new Map<string, Advisory>();
  for (const { source, key, head, entry } of rows) {
    const id = `${source}\0${key}`;
    const record = records.get(id);
    if (record) record.affected.push(entry);
    else records.set(id, { ...head, affected: [entry] });
  }
  return [...records.values()];
}

/** Each name once, in a fixed order: rows are then locked in the same order by everybody. */
export const distinctNames = (names: Iterable<PackageName>): PackageName[] =>
  [...new Map([...names].map((one) => [`${one.ecosystem}\0${one.name}`, one])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
