import type { VexStatement } from '@plimsoll/advisories';
import type { Inventory } from '@plimsoll/inventory';
import { type Finding, type Statements, statementsByName, withVex } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { statementsOf } from './advisory-rows.ts';
import type { FindingRow } from './image-findings.ts';

/** What suppliers say in one project: in its own VEX documents, and in those of the sources. */
export interface Suppliers {
  readonly statements: Statements;
  /** The problems they speak of, each with all its names. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
}

/** What suppliers say, in each of these projects, of the problems in some rows: in VEX documents of the project, and in those of the sources as of a revision. */
export async function suppliersOf(tx: EntityManager, projects: readonly string[], rows: readonly FindingRow[], asOf?: number): Promise<ReadonlyMap<string, Suppliers>> {
  const [is] = await tx.query('select exists (select from statements) as sources, exists (select from vex_documents where project = any($1::text[]) and removed_at is null) as own', [projects]) as { sources: boolean; own: boolean }[];
  const everywhere = is!.sources ? await statementsOf(tx, await namesOf(tx, rows), asOf) : [];
  const own = is!.own ? await ownStatements(tx, projects) : new Map<string, VexStatement[]>();
  const suppliers = new Map<string, Suppliers>();
  for (const project of projects) {
    const said = [...everywhere, ...own.get(project) ?? []];
    if (said.length > 0) suppliers.set(project, await suppliersSaying(tx, said));
  }
  return suppliers;
}

const namesOf = async (tx: EntityManager, rows: readonly FindingRow[]): Promise<string[]> =>
  (await tx.query('select distinct unnest(names) as name from answers where vulnerability = any($1::text[])', [[...new Set(rows.map(({ vulnerability }) => vulnerability))]]) as { name: string }[]).map(({ name }) => name);

async function ownStatements(tx: EntityManager, projects: readonly string[]): Promise<ReadonlyMap<string, VexStatement[]>> {
  const rows = await tx.query(`
    select d.project, s.body from vex_documents d join vex_statements s on s.document = d.id
    where d.project = any($1::text[]) and d.removed_at is null order by d.added_at, d.id`, [projects]) as { project: string; body: VexStatement }[];
  return new Map([...Map.groupBy(rows, (row) => row.project)].map(([project, said]) => [project, said.map(({ body }) => body)]));
}

async function suppliersSaying(tx: EntityManager, said: readonly VexStatement[]): Promise<Suppliers> {
  const byName = statementsByName(said);
  const rows = await tx.query('select vulnerability, names from answers where names && $1::text[]', [[...byName.keys()]]) as { vulnerability: string; names: string[] }[];
  const problems = new Map<string, Set<string>>([...byName.keys()].map((name) => [name, new Set([name])]));
  for (const { vulnerability, names } of rows) problems.set(vulnerability, new Set([...problems.get(vulnerability) ?? [], ...names]));
  return { statements: (name) => byName.get(name) ?? [], problems: new Map([...problems].map(([problem, names]) => [problem, [...names]])) };
}

/** Whether any row is about a problem they speak of: only then an inventory is needed to tell what they mean. */
export const speakOf = (suppliers: Suppliers | undefined, rows: readonly FindingRow[]): suppliers is Suppliers =>
  suppliers !== undefined && rows.some(({ vulnerability }) => suppliers.problems.has(vulnerability));

/** The rows of one image, those marked that suppliers take back. */
export function heeding(suppliers: Suppliers, inventory: Inventory, rows: readonly FindingRow[]): FindingRow[] {
  const places = new Map(inventory.packages.map((one) => [one.purl, one]));
  return rows.map((row) => {
    const names = suppliers.problems.get(row.vulnerability), place = places.get(row.purl);
    if (names === undefined || place === undefined || row.suppressed !== null) return row;
    const { suppressed } = withVex({ id: row.vulnerability, aliases: names, state: row.state } as unknown as Finding, place, suppliers.statements, inventory);
    return suppressed === undefined ? row : { ...row, suppressed };
  });
}
