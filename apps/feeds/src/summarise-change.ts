import { Severity } from '@plimsoll/advisories';
import type { RevisionChange, SourceChange } from '@plimsoll/contracts';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Copied } from './copy-feed.ts';
import type { Feed } from './feed-table.ts';

/** Package names a summary lists. */
const largest = 10;

/** What an ingest changes, in the words of the event, the API and a refusal: how many records by severity, and where the most. */
export async function summariseChange(tx: EntityManager, { id: source, shelf }: Feed, { base, end, newRecords, changedRecords, gone, replaced, recordsBefore }: Copied): Promise<SourceChange> {
  const counts = { source, records: shelf, added: newRecords, changed: changedRecords, removed: gone.length };
  if (shelf !== 'advisories') return counts;
  const rows = await tx.query(`
    select severity, kind, count(*)::int as count from (
      select n.severity, case when o.id is null then 'added' else 'changed' end as kind
      from advisories n left join (select a.id, a.key from unnest($3::bigint[]) as old (id) join advisories a using (id)) o on o.key = n.key
      where n.id >= $1 and n.id < $2
      union all select a.severity, 'removed' from unnest($4::bigint[]) as old (id) join advisories a using (id)) change
    group by 1, 2`, [base, end, replaced, gone]) as { severity: number; kind: 'added' | 'changed' | 'removed'; count: number }[];
  const by_severity: NonNullable<SourceChange['by_severity']> = {};
  for (const { severity, kind, count } of rows) (by_severity[Severity.options[severity] ?? 'unknown'] ??= { added: 0, changed: 0, removed: 0 })[kind] = count;
  // Of a source that is here for the first time everything is new, and the largest names are no news.
  const names = recordsBefore === 0 ? [] : await tx.query(`
    select f.ecosystem, f.name, count(distinct f.advisory)::int as records from (
      select advisory, ecosystem, name from affected where advisory >= $1 and advisory < $2
      union all select f.advisory, f.ecosystem, f.name from unnest($3::bigint[]) as old (id) join affected f on f.advisory = old.id) f
    group by 1, 2 order by 3 desc, 1, 2 limit ${largest}`, [base, end, gone]) as { ecosystem: string; name: string; records: number }[];
  return { ...counts, by_severity, largest: names };
}

/** The same in the words of an answer: severities as a list, the worst first. */
export const changeOf = ({ by_severity, ...change }: SourceChange): z.output<typeof RevisionChange> =>
  ({ ...change, ...(by_severity === undefined ? {} : { by_severity: Severity.options.flatMap((severity) => by_severity[severity] ? [{ severity, ...by_severity[severity] }] : []) }) });
