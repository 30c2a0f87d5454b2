import { answersOfRecord, type RecordAnswer } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { advisoriesOfNames, type PackageName } from './advisory-rows.ts';
import { rate } from './ratings.ts';

/** Names whose records are read at a time; bounds memory whatever a revision touches. */
const batchSize = 1_000;

/** Makes the answers of names that nobody asked about before. After this returns, `answers` has all that is known of each. */
export async function ensureAnswers(tx: EntityManager, names: readonly PackageName[]): Promise<void> {
  const fresh = await tx.query('insert into answered_names (ecosystem, name) select * from unnest($1::text[], $2::text[]) on conflict do nothing returning ecosystem, name', columns(names)) as PackageName[];
  await makeAnswers(tx, fresh);
}

/** Makes the answers of those names anew that an ingest touched, and that somebody has. */
export async function remakeAnswers(tx: EntityManager, ingest: string): Promise<void> {
  const touched = await tx.query('select ecosystem, name from answered_names join touched_names using (ecosystem, name) where ingest = $1', [ingest]) as PackageName[];
  await makeAnswers(tx, touched);
}

/** Makes all answers anew: another matcher reads the same records otherwise. */
export async function remakeAllAnswers(tx: EntityManager): Promise<void> {
  await tx.query(`insert into answered_names (ecosystem, name) select ecosystem, name from subjects union select ecosystem, other_name from subjects where other_name <> '' on conflict do nothing`);
  await makeAnswers(tx, await tx.query('select ecosystem, name from answered_names') as PackageName[]);
}

async function makeAnswers(tx: EntityManager, names: readonly PackageName[]): Promise<void> {
  for (let from = 0; from < names.length; from += batchSize) {
    const batch = names.slice(from, from + batchSize);
    const advisories = await advisoriesOfNames(tx, batch);
    const rows = advisories.flatMap(({ affected, ...head }) => affected.flatMap((entry) => answersOfRecord(head, entry).map((answer) => rowOf(entry, answer))));
    await tx.query('delete from answers a using unnest($1::text[], $2::text[]) as name (ecosystem, name) where a.ecosystem = name.ecosystem and a.name = name.name', columns(batch));
    await tx.query(`
      insert into answers (ecosystem, name, lower, upper, meets, nameless, vulnerability, names, state, severity, score, fix_state, fixed_version, published)
      select ecosystem, name, decode(lower, 'hex'), decode(upper, 'hex'), meets, nameless, vulnerability, names, state, severity, score, fix_state, fixed_version, published
      from jsonb_to_recordset($1::jsonb) as row (ecosystem text, name text, lower text, upper text, meets boolean, nameless boolean, vulnerability text, names text[],
        state text, severity text, score real, fix_state text, fixed_version text, published text)`, [JSON.stringify(rows)]);
    await rate(tx, [...new Set(rows.map(({ vulnerability }) => vulnerability))]);
  }
}

function rowOf({ ecosystem, name }: PackageName, { lower, upper, meets, isNameless, judgement }: RecordAnswer) {
  const { id, aliases, advisories = [], state, severity, score, fix_state, fixed_version, published } = judgement;
  return {
    ecosystem, name, lower: hexOf(lower), upper: upper === null ? null : hexOf(upper), meets, nameless: isNameless, vulnerability: id, names: [...new Set([id, ...aliases, ...advisories])],
    state, severity, score, fix_state, fixed_version, published,
  };
}

const hexOf = (key: string): string => Buffer.from(key, 'latin1').toString('hex');
const columns = (names: readonly PackageName[]): [string[], string[]] => [names.map(({ ecosystem }) => ecosystem), names.map(({ name }) => name)];
