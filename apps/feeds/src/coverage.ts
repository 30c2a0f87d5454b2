import { coversEcosystem } from '@plimsoll/advisories';
import type { EntityManager } from 'typeorm';

/**
 * Whose absence of findings means something: an ecosystem that a source has completely. A package of another is "not
 * covered", which is not "clean". Sources are named by whoever ingests them, so the table of sources decides.
 */
interface Pair { readonly source: string; readonly ecosystem: string }

/** Brings the list up to date for what one source touched. Answers the ecosystems that became covered or uncovered by it. */
export async function coverTouched(tx: EntityManager, source: string, ingest: string): Promise<string[]> {
  const touched = names(await tx.query('select distinct ecosystem from touched_names where ingest = $1', [ingest]));
  return changing(tx, touched, async () => {
    await tx.query('delete from covered_ecosystems where source = $1 and ecosystem = any($2)', [source, touched]);
    await insertCovering(tx, touched.map((ecosystem) => ({ source, ecosystem })));
  });
}

/** Makes the list anew: what a source covers may be another than when its rows were written. Answers as above. */
export async function coverAll(tx: EntityManager): Promise<string[]> {
  // One step of the index per ecosystem: https://wiki.postgresql.org/wiki/Loose_indexscan
  const present = names(await tx.query(`
    with recursive step as (
      select min(ecosystem) as ecosystem from affected
      union all select (select min(f.ecosystem) from affected f where f.ecosystem > step.ecosystem) from step where step.ecosystem is not null
    ) select ecosystem from step where ecosystem is not null`));
  const listed = names(await tx.query('select distinct ecosystem from covered_ecosystems'));
  const sources = await tx.query('select source from sources') as { source: string }[];
  return changing(tx, [...new Set([...present, ...listed])], async () => {
    await tx.query('delete from covered_ecosystems');
    await insertCovering(tx, sources.flatMap(({ source }) => present.map((ecosystem) => ({ source, ecosystem }))));
  });
}

/** Of the pairs, those that cover and have a record. */
async function insertCovering(tx: EntityManager, pairs: readonly Pair[]): Promise<void> {
  const covering = pairs.filter(({ source, ecosystem }) => coversEcosystem(source, ecosystem, 1));
  await tx.query(`
    insert into covered_ecosystems (ecosystem, source)
    select ecosystem, source from unnest($1::text[], $2::text[]) as pair (ecosystem, source)
    where exists (select from affected f where f.ecosystem = pair.ecosystem collate "C" and f.source = pair.source)`,
  [covering.map(({ ecosystem }) => ecosystem), covering.map(({ source }) => source)]);
}

/** Which of the ecosystems are covered after the work and were not before, or the other way round. */
async function changing(tx: EntityManager, ecosystems: readonly string[], work: () => Promise<void>): Promise<string[]> {
  const covered = async () => new Set(names(await tx.query('select distinct ecosystem from covered_ecosystems where ecosystem = any($1)', [ecosystems])));
  const before = await covered();
  await work();
  const after = await covered();
  return ecosystems.filter((ecosystem) => before.has(ecosystem) !== after.has(ecosystem));
}

const names = (rows: { ecosystem: string }[]): string[] => rows.map(({ ecosystem }) => ecosystem);
