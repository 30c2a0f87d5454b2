import { judge, type Judgement, Severity, type Subject } from '@plimsoll/matching';
import { schemeOf, versionKey } from '@plimsoll/versions';
import type { EntityManager } from 'typeorm';
import { distinctNames, indexOfNames } from './advisory-rows.ts';

export interface SubjectRow { readonly id: string; readonly ecosystem: string; readonly name: string; readonly version: string; readonly module: string; readonly arch: string }

/** One name for one subject, the order of insertion for all. */
export const subjectIdentity = ({ ecosystem, name, version, module = '', arch = '' }: Subject): string => [ecosystem, name, version, module, arch].join('\0');

/** Finds or makes the rows of subjects; `fresh` are those nobody had asked about before. Sorted insertion, so that two images never wait for each other in a circle. */
export async function ensureSubjects(tx: EntityManager, subjects: readonly Subject[]): Promise<{ ids: ReadonlyMap<string, string>; fresh: SubjectRow[] }> {
  const wanted = [...new Map(subjects.map((subject) => [subjectIdentity(subject), subject])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subject]) => subject);
  const columns = [wanted.map(({ ecosystem }) => ecosystem), wanted.map(({ name }) => name), wanted.map(({ version }) => version), wanted.map(({ module = '' }) => module), wanted.map(({ arch = '' }) => arch)];
  const fresh = await tx.query(`
    insert into subjects (ecosystem, name, version, module, arch, key)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
    on conflict do nothing returning id, ecosystem, name, version, module, arch`, [...columns, wanted.map(keyOf)]) as SubjectRow[];
  const rows = await tx.query(`
    select s.id, s.ecosystem, s.name, s.version, s.module, s.arch
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as wanted (ecosystem, name, version, module, arch)
    join subjects s using (ecosystem, name, version, module, arch)`, columns) as SubjectRow[];
  return { ids: new Map(rows.map((row) => [subjectIdentity(row), row.id])), fresh };
}

/** How many subjects are judged against one loaded index; bounds memory whatever a revision touches. */
const batchSize = 2_000;

/**
 * Judges subjects against the current advisories and brings their findings up to date as of `revision`: what no longer
 * holds is closed, what is new is opened, what stays is left alone. Answers the subjects whose findings changed.
 */
export async function rejudge(tx: EntityManager, subjects: readonly SubjectRow[], revision: number): Promise<string[]> {
  const changed: string[] = [];
  for (let from = 0; from < subjects.length; from += batchSize) {
    const batch = subjects.slice(from, from + batchSize);
    const index = await indexOfNames(tx, distinctNames(batch));
    const known = await currentFindings(tx, batch.map(({ id }) => id));
    const opened: [string, Judgement][] = [], closed: string[] = [];
    for (const subject of batch) {
      const before = known.get(subject.id) ?? new Map<string, string>();
      const after = new Map(judge(index, { ecosystem: subject.ecosystem, name: subject.name, version: subject.version, module: subject.module || undefined, arch: subject.arch || undefined }).map((judgement) => [canonical(judgement), judgement]));
      const gone = [...before].filter(([text]) => !after.has(text)).map(([, id]) => id);
      const come = [...after].filter(([text]) => !before.has(text)).map(([, judgement]) => judgement);
      if (gone.length || come.length) changed.push(subject.id);
      closed.push(...gone);
      opened.push(...come.map((judgement): [string, Judgement] => [subject.id, judgement]));
    }
    if (closed.length) await tx.query('update findings set valid_to = $1 where id = any($2::bigint[])', [revision, closed]);
    if (opened.length) await insertFindings(tx, opened, revision);
  }
  return changed;
}

async function currentFindings(tx: EntityManager, subjects: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const rows = await tx.query('select id, subject, judgement from findings where valid_to is null and subject = any($1::bigint[])', [subjects]) as { id: string; subject: string; judgement: Judgement }[];
  const bySubject = new Map<string, Map<string, string>>();
  for (const { id, subject, judgement } of rows) {
    if (!bySubject.has(subject)) bySubject.set(subject, new Map());
    bySubject.get(subject)!.set(canonical(judgement), id);
  }
  return bySubject;
}

async function insertFindings(tx: EntityManager, findings: readonly [string, Judgement][], revision: number): Promise<void> {
  const rows = findings.map(([subject, judgement]) => ({
    subject, vulnerability: judgement.id, state: judgement.state, severity: severityRank(judgement.severity),
    score: judgement.score ?? null, fixable: judgement.fix_state === 'available', judgement,
  }));
  await tx.query(`
    insert into findings (subject, vulnerability, state, severity, score, fixable, judgement, valid_from)
    select subject, vulnerability, state, severity, score, fixable, judgement, $2
    from jsonb_to_recordset($1::jsonb) as row (subject bigint, vulnerability text, state text, severity smallint, score real, fixable boolean, judgement jsonb)`,
  [JSON.stringify(rows), revision]);
}

/** 0 is the worst. */
export const severityRank = (severity: string): number => Severity.options.indexOf(severity as Severity);
export const severityAt = (rank: number): Severity => Severity.options[rank] ?? 'unknown';

function keyOf({ ecosystem, version }: Subject): Buffer | null {
  const scheme = schemeOf(ecosystem);
  const answer = scheme === undefined ? undefined : versionKey(scheme, version);
  return answer && 'key' in answer ? Buffer.from(answer.key, 'latin1') : null;
}

/** JSON with sorted keys: Postgres does not keep the order in which we wrote them. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => part !== null && typeof part === 'object' && !Array.isArray(part)
    ? Object.fromEntries(Object.entries(part).filter(([, field]) => field !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)))
    : part);
}
