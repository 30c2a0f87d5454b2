import type { Subject } from '@plimsoll/matching';
import { schemeOf, versionKey } from '@plimsoll/versions';
import type { EntityManager } from 'typeorm';

export interface SubjectRow { readonly id: string; readonly ecosystem: string; readonly name: string; readonly version: string; readonly module: string; readonly arch: string }

/** One name for one subject, the order of insertion for all. */
export const subjectIdentity = ({ ecosystem, name, version, module = '', arch = '' }: Subject): string => [ecosystem, name, version, module, arch].join('\0');

/** The row in the words of `judge`. */
export const subjectOf = ({ ecosystem, name, version, module, arch }: SubjectRow): Subject => ({ ecosystem, name, version, module: module || undefined, arch: arch || undefined });

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

/** Order-preserving; null when the version cannot be read. */
function keyOf({ ecosystem, version }: Subject): Buffer | null {
  const scheme = schemeOf(ecosystem);
  const answer = scheme === undefined || version === '' ? undefined : versionKey(scheme, version);
  return answer && 'key' in answer ? Buffer.from(answer.key, 'latin1') : null;
}
