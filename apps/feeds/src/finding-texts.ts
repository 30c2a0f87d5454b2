import type { Package } from '@plimsoll/inventory';
import { type Finding, judge, type Judgement } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';
import { distinctNames, indexOfNames } from './advisory-rows.ts';
import type { FindingRow } from './image-findings.ts';
import { subjectOf, type SubjectRow } from './subjects.ts';

/** Findings in full: what the matcher says of their packages now, which is what the rows were made from. `places` are the inventory's packages by purl. */
export async function textsOf(tx: EntityManager, rows: readonly FindingRow[], places: ReadonlyMap<string, Package>): Promise<Finding[]> {
  const subjects = await tx.query('select id, ecosystem, name, version, module, arch from subjects where id = any($1::bigint[])', [[...new Set(rows.map(({ subject }) => subject))]]) as SubjectRow[];
  const index = await indexOfNames(tx, distinctNames(subjects));
  const judged = new Map(subjects.map((row) => [row.id, new Map(judge(index, subjectOf(row)).map((judgement): [string, Judgement] => [judgement.id, judgement]))]));
  return rows.map((row): Finding => {
    const judgement = judged.get(row.subject)?.get(row.vulnerability);
    if (judgement === undefined) throw new Problem('bug', `${row.vulnerability} of ${row.purl} is in the table and not in the advisories`, { code: 'finding-without-advisory' });
    const { first_seen, fix_seen } = row, place = places.get(row.purl);
    return {
      ...judgement, first_seen, ...(fix_seen === null ? {} : { fix_seen }),
      package: { purl: row.purl, name: row.name, version: row.version, type: row.type, layer: place?.layer, path: place?.locations[0]?.path },
    } as Finding;
  });
}
