import { createHash } from 'node:crypto';
import type { Inventory, Package } from '@plimsoll/inventory';
import { coordinatesOf, subjectOf, type AdvisoryIndex } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { ensureSubjects, subjectIdentity, type Subject, type SubjectRow } from './subjects.ts';

/** A package, and as whom advisories know it. */
export interface PlacedPackage { readonly package: Package; readonly subject: Subject | undefined; readonly ecosystem: string | undefined; readonly uncovered: string | undefined }

const systemTypes: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm', 'alpm', 'opkg', 'portage']);

/**
 * Makes the rows an inventory needs: subjects, packages, sets. One set for the operating system's database, which an upper
 * layer replaces as a whole, and one for the applications of each layer. Answers the sets and the subjects never met before.
 */
export async function ensureSets(tx: EntityManager, inventory: Pick<Inventory, 'os' | 'packages'>): Promise<{ sets: string[]; fresh: SubjectRow[] }> {
  const placed = placePackages(inventory);
  const { ids, fresh } = await ensureSubjects(tx, placed.flatMap(({ subject }) => subject ? [subject] : []));
  const packages = await ensurePackages(tx, placed, ids);
  const groups = new Map<string, Set<string>>();
  for (const one of placed) {
    const group = systemTypes.has(one.package.type) ? 'system' : one.package.layer ?? 'applications';
    if (!groups.has(group)) groups.set(group, new Set());
    groups.get(group)!.add(packages.get(identityOf(one))!);
  }
  const members = [...groups.values()].map((group) => [...group].sort((a, b) => Number(a) - Number(b)));
  const sets: string[] = [];
  for (const [digest, group] of members.map((group) => [digestOf(group), group] as const).sort(([a], [b]) => a.compare(b))) sets.push(await ensureSet(tx, digest, group));
  return { sets, fresh };
}

/** Coverage changes from revision to revision, so it is not asked here: a stand-in index that covers everything gives what would be asked. */
const everything: AdvisoryIndex = { revision: '', covers: () => true, ask: () => [], enrichments: () => [], statements: () => [] };

/** Under which name each package is asked about, or why none is. */
export function placePackages({ os, packages }: Pick<Inventory, 'os' | 'packages'>): PlacedPackage[] {
  const owners = new Map(packages.map((one) => [one.purl, one]));
  return packages.map((one): PlacedPackage => {
    const answer = subjectOf(one, os, everything, owners);
    if (answer === 'owned') {
      const owner = coordinatesOf(owners.get(one.owner!)!, os);
      return { package: one, subject: undefined, ecosystem: typeof owner === 'string' ? undefined : owner.ecosystem, uncovered: undefined };
    }
    if ('reason' in answer) return { package: one, subject: undefined, ecosystem: undefined, uncovered: answer.reason };
    return { package: one, subject: answer, ecosystem: answer.ecosystem, uncovered: undefined };
  });
}

const identityOf = ({ package: { purl }, subject, ecosystem, uncovered }: PlacedPackage): string =>
  createHash('sha256').update([purl, subject ? subjectIdentity(subject) : '', ecosystem ?? '', uncovered ?? ''].join('\n')).digest('base64url');

async function ensurePackages(tx: EntityManager, placed: readonly PlacedPackage[], subjects: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Map(placed.map((one) => [identityOf(one), one])).entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = wanted.map(([identity, { package: { purl, name, version, type }, subject, ecosystem, uncovered }]) =>
    ({ identity, purl, name, version, type, subject: subject ? subjects.get(subjectIdentity(subject))! : null, ecosystem: ecosystem ?? null, uncovered: uncovered ?? null }));
  await tx.query(`
    insert into packages (purl, name, version, type, subject, ecosystem, uncovered, identity)
    select purl, name, version, type, subject, ecosystem, uncovered, identity
    from jsonb_to_recordset($1::jsonb) as row (purl text, name text, version text, type text, subject bigint, ecosystem text, uncovered text, identity text)
    on conflict do nothing`, [JSON.stringify(rows)]);
  const found = await tx.query('select id, identity from packages where identity = any($1)', [wanted.map(([identity]) => identity)]) as { id: string; identity: string }[];
  return new Map(found.map(({ id, identity }) => [identity, id]));
}

const digestOf = (members: readonly string[]): Buffer => createHash('sha256').update(members.join(',')).digest();

async function ensureSet(tx: EntityManager, digest: Buffer, members: readonly string[]): Promise<string> {
  const [made] = await tx.query('insert into package_sets (digest) values ($1) on conflict do nothing returning id', [digest]) as { id: string }[];
  if (made) {
    await tx.query('insert into set_packages (set, package) select $1, unnest($2::bigint[])', [made.id, members]);
    return made.id;
  }
  const [known] = await tx.query('select id from package_sets where digest = $1', [digest]) as { id: string }[];
  return known!.id;
}
