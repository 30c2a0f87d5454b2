import { judge, type Judgement, matcherVersion } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { distinctNames, indexOfNames } from './advisory-rows.ts';
import { remakeAllAnswers } from './answers.ts';
import { namesAsked, subjectColumns, subjectOf, type SubjectRow } from './subjects.ts';

/** Which subjects to judge: what to read of `subjects s`, with `$1`. */
export interface Scope { readonly sql: string; readonly value: unknown }
export const everySubject: Scope = { sql: 'subjects s where $1::int is null', value: null };
export const theseSubjects = (subjects: readonly Pick<SubjectRow, 'id'>[]): Scope => ({ sql: 'subjects s where s.id = any($1::bigint[])', value: subjects.map(({ id }) => id) });
/** Subjects under the names that an ingest touched. */
export const touchedBy = (ingest: string): Scope => ({
  sql: `subjects s where s.id in (
    select s.id from touched_names t join subjects s on s.ecosystem = t.ecosystem and s.name = t.name where t.ingest = $1
    union select s.id from touched_names t join subjects s on s.ecosystem = t.ecosystem and s.other_name = t.name and s.other_name <> '' where t.ingest = $1)`,
  value: ingest,
});
/** Subjects that have one of these problems now. */
export const having = (vulnerabilities: readonly string[]): Scope =>
  ({ sql: 'subjects s where s.id in (select f.subject from findings f where f.valid_to is null and f.vulnerability = any($1::text[]))', value: vulnerabilities });

/** The subjects that have one of these problems now. */
export const subjectsHaving = async (tx: EntityManager, vulnerabilities: readonly string[]): Promise<string[]> => vulnerabilities.length === 0 ? []
  : (await tx.query('select distinct subject from findings where valid_to is null and vulnerability = any($1::text[])', [vulnerabilities]) as { subject: string }[]).map(({ subject }) => subject);

/** Problems of which an ingest of statements speaks, by whatever name. */
export const problemsTouchedBy = async (tx: EntityManager, ingest: string): Promise<string[]> =>
  (await tx.query('select distinct a.vulnerability from answers a join touched_cves t on a.names @> array[t.cve::text] where t.ingest = $1', [ingest]) as { vulnerability: string }[]).map(({ vulnerability }) => vulnerability);

export interface Judged {
  /** Subjects with a finding that was opened or closed. */
  readonly subjects: readonly string[];
  readonly opened: number;
  readonly closed: number;
}

/** Every answer that may be about a subject: those whose stretch holds its version, and those only the matcher can tell. */
const hits = (scope: Scope): string => `
  subject as (select s.id, s.ecosystem, s.name, s.key, s.other_name from ${scope.sql}),
  hit as materialized (
    select s.id as subject, s.key is null or a.meets as meets, a.nameless, a.vulnerability, a.state, a.severity, a.score, a.fix_state, a.fixed_version, a.published
    from subject s join answers a on a.ecosystem = s.ecosystem and a.name = s.name
    where s.key is null or a.meets or (a.lower <= s.key and (a.upper is null or s.key < a.upper))
    -- Records that use a package's other name say so, and are left to the matcher.
    union all
    select s.id, true, a.nameless, a.vulnerability, a.state, a.severity, a.score, a.fix_state, a.fixed_version, a.published
    from subject s join answers a on a.ecosystem = s.ecosystem and a.name = s.other_name where s.other_name <> '' and a.meets)`;

/**
 * Brings the findings of subjects up to date as of `revision`: what no longer holds is closed, what is new is opened, what
 * stays is left alone. Records that speak of different problems each are placed where they are, by their keys; where
 * several meet, or only a text can tell, the matcher judges. The same findings as by the matcher alone: see fleet.spec.ts.
 */
export async function rejudge(tx: EntityManager, scope: Scope, revision: number, cause: 'revision' | 'new-package'): Promise<Judged> {
  const met = await tx.query(`
    with ${hits(scope)}
    select subject from hit group by subject having bool_or(meets) or (count(*) > 1 and (bool_or(nameless) or count(distinct vulnerability) < count(*)))`, [scope.value]) as { subject: string }[];
  const matched = await judgeByMatcher(tx, met.map(({ subject }) => subject));
  const [change] = await tx.query(`
    with ${hits(scope)},
    answer as (
      select subject, vulnerability, state, severity, score, fix_state, fixed_version, published from hit where subject <> all($2::bigint[])
      union all
      select subject, vulnerability, state, severity, score, fix_state, fixed_version, published
      from jsonb_to_recordset($3::jsonb) as row (subject bigint, vulnerability text, state text, severity text, score real, fix_state text, fixed_version text, published text)),
    after as (
      select a.subject, a.vulnerability, a.state, case when a.severity = 'unknown' and a.score is null and r.score is not null then r.severity else a.severity end as severity,
        coalesce(a.score, r.score) as score, a.fix_state, a.fixed_version, a.published, coalesce(r.rejected, false) as rejected
      from answer a left join ratings r on r.cve = a.vulnerability),
    before as (
      select f.ctid as place, f.subject, f.vulnerability, f.state, f.severity, f.score, f.fix_state, f.fixed_version, f.published, f.rejected, f.valid_from, f.first_seen, f.fix_seen
      from findings f join subject s on s.id = f.subject where f.valid_to is null),
    change as materialized (
      select b.place, b.valid_from, b.first_seen, b.fix_seen, coalesce(a.subject, b.subject) as subject,
        a.subject is not null as holds, a.vulnerability, a.state, a.severity, a.score, a.fix_state, a.fixed_version, a.published, a.rejected
      from before b full join after a on a.subject = b.subject and a.vulnerability = b.vulnerability
      where (a.state, a.severity, a.score, a.fix_state, a.fixed_version, a.published, a.rejected) is distinct from (b.state, b.severity, b.score, b.fix_state, b.fixed_version, b.published, b.rejected)),
    closed as (update findings f set valid_to = $4 from change c where f.ctid = c.place and c.valid_from < $4),
    -- What a revision said twice differently was never to be seen.
    undone as (delete from findings f using change c where f.ctid = c.place and c.valid_from >= $4),
    opened as (
      insert into findings (subject, vulnerability, state, severity, score, fix_state, fixed_version, published, rejected, valid_from, first_seen, fix_seen, by_revision)
      select subject, vulnerability, state, severity, score, fix_state, fixed_version, published, rejected, $4,
        coalesce(first_seen, now()), case when fix_state = 'available' then coalesce(fix_seen, now()) end, $5
      from change where holds)
    select coalesce(array_agg(distinct subject), '{}') as subjects, count(*) filter (where holds and place is null)::int as opened, count(*) filter (where not holds)::int as closed from change`,
  [scope.value, met.map(({ subject }) => subject), JSON.stringify(matched), revision, cause === 'revision']) as Judged[];
  return change!;
}

/** Judges every subject when the findings are another matcher's; undefined when they are not. */
export async function judgeByNewMatcher(tx: EntityManager, revision: number): Promise<Judged & { answersMs: number; findingsMs: number } | undefined> {
  const [known] = await tx.query('select version from matchers') as { version: string }[];
  if (known?.version === matcherVersion) return undefined;
  const start = performance.now();
  await remakeAllAnswers(tx);
  const answered = performance.now();
  const judged = await rejudge(tx, everySubject, revision, 'revision');
  await tx.query('insert into matchers (version) values ($1) on conflict (one) do update set version = excluded.version', [matcherVersion]);
  return { ...judged, answersMs: Math.round(answered - start), findingsMs: Math.round(performance.now() - answered) };
}

/** Subjects judged against one loaded index; bounds memory whatever a revision touches. */
const batchSize = 2_000;

async function judgeByMatcher(tx: EntityManager, ids: readonly string[]): Promise<object[]> {
  const rows: object[] = [];
  for (let from = 0; from < ids.length; from += batchSize) {
    const batch = await tx.query(`select ${subjectColumns} from subjects s where s.id = any($1::bigint[])`, [ids.slice(from, from + batchSize)]) as SubjectRow[];
    const index = await indexOfNames(tx, distinctNames(namesAsked(batch)));
    for (const row of batch) for (const judgement of judge(index, subjectOf(row))) rows.push({ subject: row.id, ...rowOf(judgement) });
  }
  return rows;
}

const rowOf = ({ id, state, severity, score, fix_state, fixed_version, published }: Judgement): object => ({ vulnerability: id, state, severity, score, fix_state, fixed_version, published });
