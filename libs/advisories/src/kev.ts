import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import { csvRows } from './csv.ts';
import type { Enrichment, EnrichmentParser, EnrichmentReading } from './enrichment.ts';
import { type FeedRecord, type ParseContext, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { isCve } from './words.ts';

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);
/** An entry of the catalogue, https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json; CSV has the same names. */
const Entry = z.object({
  cveID: z.string().refine(isCve, 'no CVE id'),
  dateAdded: day,
  dueDate: z.union([day, z.literal('')]).nullish(),
  knownRansomwareCampaignUse: z.string().nullish(),
});

/** Reads CISA's catalogue of known exploited vulnerabilities, JSON or CSV. Problem `feed-truncated` when it has fewer entries than it says. */
export const parseKev: EnrichmentParser = async function* (records, context) {
  for await (const record of records) {
    if (/\.csv$/i.test(record.name)) yield* rows(record, context);
    else if (/\.json$/i.test(record.name) && !/schema\.json$/i.test(record.name)) yield* members(record, context);
    else for await (const _ of record.chunks) void _;
  }
};

async function* members(record: FeedRecord, { source, limits }: ParseContext): AsyncGenerator<EnrichmentReading> {
  let said: number | undefined, found = 0;
  for await (const { key, bytes } of jsonMembers(record, limits, ['vulnerabilities'], (member) => { if (member.key === 'count') said = Number(Buffer.from(member.bytes).toString('utf8')); })) {
    found++;
    try {
      yield { kind: 'enrichment', enrichment: enrichmentOf(JSON.parse(Buffer.from(bytes).toString('utf8')), source) };
    } catch (error) {
      yield rejected(`${record.name} vulnerabilities[${key}]`, error, bytes);
    }
  }
  if (said !== undefined && found !== said) throw invalid('feed-truncated', `${record.name} says that it has ${said} entries, and has ${found}`);
}

async function* rows(record: FeedRecord, { source }: ParseContext): AsyncGenerator<EnrichmentReading> {
  let names: readonly string[] | undefined, line = 0;
  for await (const row of csvRows(record)) {
    line++;
    if (names === undefined) {
      names = row.map((name) => name.replace(/^\ufeff/, '').trim());
      if (!names.includes('cveID') || !names.includes('dateAdded')) throw invalid('feed-malformed', `${record.name} is no catalogue of exploited vulnerabilities: ${row.join(',').slice(0, 100)}`);
      continue;
    }
    try {
      if (row.length !== names.length) throw invalid('record-malformed', `${record.name} row ${line} has ${row.length} cells instead of ${names.length}`);
      yield { kind: 'enrichment', enrichment: enrichmentOf(Object.fromEntries(names.map((name, index) => [name, row[index]])), source) };
    } catch (error) {
      yield rejected(`${record.name} row ${line}`, error, row.join(','));
    }
  }
}

function enrichmentOf(document: unknown, source: string): Enrichment {
  const parsed = Entry.safeParse(document);
  if (!parsed.success) throw invalid('record-not-kev', parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const { cveID: cve, dateAdded: added, dueDate: due, knownRansomwareCampaignUse: ransomware } = parsed.data;
  return { cve, source, severities: [], kev: { added, ...(due ? { due } : {}), ransomware: ransomware === 'Known' } };
}
