import type { Subject as Compared } from '@plimsoll/matching';
import { schemeOf, versionKey } from '@plimsoll/versions';
import type { EntityManager } from 'typeorm';
import type { PackageName } from './advisory-rows.ts';

/** What is compared; `other` is the name of what it was built from, or of what was built, where records may use either. */
export type Subject = Compared & { readonly named?: 'source' | 'binary'; readonly other?: { readonly name: string; readonly version: string } };

/** A subject as the table has it: what is not there is empty. */
export interface SubjectRow {
  readonly id: string; readonly ecosystem: string; readonly name: string; readonly version: string; readonly module: string; readonly arch: string;
  readonly named: '' | 'source' | 'binary'; readonly other_name: string; readonly other_version: string;
}

const columns = ['ecosystem', 'name', 'version', 'module', 'arch', 'named', 'other_name', 'other_version'] as const;
export const subjectColumns = `s.id, ${columns.map((column) => `s.${column}`).join(', ')}`;

const valuesOf = (subject: Subject): readonly string[] => {
  const row = rowOf(subject);
  return columns.map((column) => row[column]);
};

/** One name for one subject, the order of insertion for all. */
export const subjectIdentity = (subject: Subject): string => valuesOf(subject).join('\0');

/** The row in the words of `judge`. */
export const subjectOf = ({ ecosystem, name, version, module, arch, named, other_name, other_version }: SubjectRow): Subject => ({
  ecosystem, name, version, module: module || undefined, arch: arch || undefined,
  ...(named === '' ? {} : { named }), ...(other_name === '' ? {} : { other: { name: other_name, version: other_version } }),
});

/** A subject in the words of the table, without a row. */
export const rowOf = ({ ecosystem, name, version, module = '', arch = '', named, other = { name: '', version: '' } }: Subject): Omit<SubjectRow, 'id'> =>
  ({ ecosystem, name, version, module, arch, named: named ?? '', other_name: other.name, other_version: other.version });

/** Every name that `judge` looks up for subjects. Of Ubuntu also what is repaired for subscribers alone, which no row is made of. */
export const namesAsked = (rows: readonly Omit<SubjectRow, 'id'>[]): PackageName[] => rows.flatMap(({ ecosystem, name, other_name }) => {
  const ecosystems = /^Ubuntu:\d/.test(ecosystem) ? [ecosystem, ecosystem.replace(':', ':Pro:')] : [ecosystem];
  return ecosystems.flatMap((one) => [name, other_name].flatMap((each) => each === '' ? [] : [{ ecosystem: one, name: each }]));
});

/** Finds or makes the rows of subjects; `fresh` are those nobody had asked about before. Sorted insertion, so that two images never wait for each other in a circle. */
export async function ensureSubjects(tx: EntityManager, subjects: readonly Subject[]): Promise<{ ids: ReadonlyMap<string, string>; fresh: SubjectRow[] }> {
  const wanted = [...new Map(subjects.map((subject) => [subjectIdentity(subject), subject])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subject]) => subject);
  const values = wanted.map(valuesOf), lists = columns.map((_, column) => values.map((row) => row[column]!));
  const texts = columns.map((_, column) => `$${column + 1}::text[]`).join(', ');
  const fresh = await tx.query(`
    insert into subjects as s (${columns.join(', ')}, key)
    select * from unnest(${texts}, $${columns.length + 1}::bytea[])
    on conflict do nothing returning ${subjectColumns}`, [...lists, wanted.map(keyOf)]) as SubjectRow[];
  const rows = await tx.query(`
    select ${subjectColumns} from unnest(${texts}) as wanted (${columns.join(', ')}) join subjects s using (${columns.join(', ')})`, lists) as SubjectRow[];
  return { ids: new Map(rows.map((row) => [subjectIdentity(subjectOf(row)), row.id])), fresh };
}

/** Order-preserving; null when the version cannot be read. */
function keyOf({ ecosystem, version }: Subject): Buffer | null {
  const scheme = schemeOf(ecosystem);
  const answer = scheme === undefined || version === '' ? undefined : versionKey(scheme, version);
  return answer && 'key' in answer ? Buffer.from(answer.key, 'latin1') : null;
}
