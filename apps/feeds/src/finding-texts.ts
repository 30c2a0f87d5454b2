import type { Inventory } from '@plimsoll/inventory';
import { type Finding, judge, type Judgement, placeOf, withVex } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';
import { distinctNames, enrichmentIndex, enrichmentsOf, indexOfNames } from './advisory-rows.ts';
import type { FindingRow } from './image-findings.ts';
import { namesAsked, subjectColumns, subjectOf, type SubjectRow } from './subjects.ts';
import type { Suppliers } from './suppliers.ts';

/** Rows of one image in full: what the matcher says of their packages, which is what the rows were made from, and what suppliers say of it. */
export async function textsOf(tx: EntityManager, rows: readonly FindingRow[], inventory: Inventory, suppliers: Suppliers | undefined, revision: number): Promise<Finding[]> {
  const subjects = await tx.query(`select ${subjectColumns} from subjects s where s.id = any($1::bigint[])`, [[...new Set(rows.map(({ subject }) => subject))]]) as SubjectRow[];
  const known = enrichmentIndex(await enrichmentsOf(tx, [...new Set(rows.map(({ vulnerability }) => vulnerability))], revision));
  const index = { ...await indexOfNames(tx, distinctNames(namesAsked(subjects)), revision), ...known };
  const judged = new Map(subjects.map((row) => [row.id, new Map(judge(index, subjectOf(row)).map((judgement): [string, Judgement] => [judgement.id, judgement]))]));
  const places = new Map(inventory.packages.map((one) => [one.purl, one]));
  return rows.map((row): Finding => {
    const { subject, vulnerability, first_seen, fix_seen, purl, name, version, type } = row;
    const judgement = judged.get(subject)?.get(vulnerability), place = places.get(purl);
    if (judgement === undefined) throw new Problem('bug', `${vulnerability} of ${purl} is in the table and not in the advisories`, { code: 'finding-without-advisory' });
    const finding: Finding = { ...judgement, proof: { ...judgement.proof, revision: String(revision) }, first_seen, ...(fix_seen === null ? {} : { fix_seen }), package: place === undefined ? { purl, name, version, type } : placeOf(place) };
    return suppliers === undefined || place === undefined ? finding : withVex(finding, place, suppliers.statements, inventory);
  });
}
