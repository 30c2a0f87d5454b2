import { coversEcosystem } from '@plimsoll/advisories';
import type { EntityManager } from 'typeorm';
import type { Copied } from './copy-feed.ts';

/**
 * Whose absence of findings means something: an ecosystem that a source has completely. A package of another is "not
 * covered", which is not "clean". `coversEcosystem` decides from how many records a source has of each.
 */
interface Pair { readonly source: string; readonly ecosystem: string }

/** Brings counts and coverage up to date for one ingest. Answers the ecosystems that became covered or uncovered by it. */
export async function coverSource(tx: EntityManager, source: string, { ecosystems, gone, replaced }: Pick<Copied, 'ecosystems' | 'gone' | 'replaced'>, revision: number): Promise<string[]> {
  const lost = await tx.query('select f.ecosystem, count(distinct f.advisory)::int as count from unnest($1::bigint[]) as old (id) join affected f on f.advisory = old.id group by 1', [[...gone, ...replaced]]) as { ecosystem: string; count: number }[];
  const delta = new Map(Object.entries(ecosystems));
  for (const { ecosystem, count } of lost) delta.set(ecosystem, (delta.get(ecosystem) ?? 0) - count);
  const touched = [...delta.keys()].sort();
  await tx.query(`
    insert into source_ecosystems (source, ecosystem, records) select $1, ecosystem, records from unnest($2::text[], $3::int[]) as delta (ecosystem, records)
    on conflict (source, ecosystem) do update set records = source_ecosystems.records + excluded.records`, [source, touched, touched.map((ecosystem) => delta.get(ecosystem)!)]);
  await tx.query('delete from source_ecosystems where source = $1 and records <= 0', [source]);
  return changing(tx, touched, revision, 'source = $2', [source]);
}

/** Makes the list anew: what a source covers may be another than when its rows were written. Answers as above. */
export async function coverAll(tx: EntityManager, revision: number): Promise<string[]> {
  const all = await tx.query('select ecosystem from source_ecosystems union select ecosystem from coverage where valid_to is null') as { ecosystem: string }[];
  return changing(tx, all.map(({ ecosystem }) => ecosystem), revision, '$2::text is null', [null]);
}

/** Makes the rows of some ecosystems say what the counts say, from a revision on. Answers those that anybody covers now and nobody did, or the other way round. */
async function changing(tx: EntityManager, ecosystems: readonly string[], revision: number, whose: string, values: readonly unknown[]): Promise<string[]> {
  const covered = async () => new Set((await tx.query('select distinct ecosystem from coverage where valid_to is null and ecosystem = any($1)', [ecosystems]) as { ecosystem: string }[]).map(({ ecosystem }) => ecosystem));
  const before = await covered();
  const counts = await tx.query(`select source, ecosystem, records from source_ecosystems where ecosystem = any($1) and ${whose}`, [ecosystems, ...values]) as (Pair & { records: number })[];
  const now = await tx.query(`select source, ecosystem from coverage where ecosystem = any($1) and valid_to is null and ${whose}`, [ecosystems, ...values]) as Pair[];
  const wanted = new Map(counts.filter(({ source, ecosystem, records }) => coversEcosystem(source, ecosystem, records)).map((pair) => [nameOf(pair), pair]));
  const present = new Set(now.map(nameOf));
  const ended = now.filter((pair) => !wanted.has(nameOf(pair))), begun = [...wanted.values()].filter((pair) => !present.has(nameOf(pair)));
  await tx.query('update coverage c set valid_to = $1 from unnest($2::text[], $3::text[]) as gone (source, ecosystem) where c.source = gone.source and c.ecosystem = gone.ecosystem and c.valid_to is null', [revision, ...columns(ended)]);
  await tx.query('insert into coverage (source, ecosystem, valid_from) select source, ecosystem, $1 from unnest($2::text[], $3::text[]) as begun (source, ecosystem)', [revision, ...columns(begun)]);
  const after = await covered();
  return ecosystems.filter((ecosystem) => before.has(ecosystem) !== after.has(ecosystem));
}

const nameOf = ({ source, ecosystem }: Pair): string => `${source}\0${ecosystem}`;
const columns = (pairs: readonly Pair[]): [string[], string[]] => [pairs.map(({ source }) => source), pairs.map(({ ecosystem }) => ecosystem)];
