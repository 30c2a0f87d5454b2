import { invalid } from '@plimsoll/problem';
import { csvRows } from './csv.ts';
import type { Enrichment, EnrichmentParser } from './enrichment.ts';
import { rejected } from './feed.ts';
import { isCve } from './words.ts';

/** Reads a day's EPSS scores, https://www.first.org/epss/data_stats: a line of remarks (since 2022), a header, a row per CVE. */
export const parseEpss: EnrichmentParser = async function* (records, { source }) {
  for await (const record of records) {
    if (!/\.csv$/i.test(record.name)) { for await (const _ of record.chunks) void _; continue; }
    let names: readonly string[] | undefined, date: string | undefined, line = 0;
    for await (const row of csvRows(record)) {
      line++;
      if (names === undefined) {
        if (row[0]!.startsWith('#')) { date = /score_date:(\d{4}-\d\d-\d\d)/.exec(row.join(','))?.[1]; continue; }
        if (row[0] !== 'cve' || row[1] !== 'epss') throw invalid('feed-malformed', `${record.name} is no table of EPSS scores: ${row.join(',').slice(0, 100)}`);
        names = row;
        continue;
      }
      try {
        yield { kind: 'enrichment', enrichment: enrichmentOf(row, names, date, source, line) };
      } catch (error) {
        yield rejected(`${record.name} row ${line}`, error, row.join(','));
      }
    }
  }
};

function enrichmentOf(row: readonly string[], names: readonly string[], date: string | undefined, source: string, line: number): Enrichment {
  const [cve, score] = [row[0]!, probability(row[1])], percentile = names[2] === 'percentile' ? probability(row[2]) : undefined;
  if (row.length !== names.length || !isCve(cve) || score === undefined || (names[2] === 'percentile' && percentile === undefined)) throw invalid('record-not-epss', `row ${line} is not ${names.join(', ')}: ${row.join(',').slice(0, 100)}`);
  return { cve, source, severities: [], epss: { score, ...(percentile === undefined ? {} : { percentile }), ...(date === undefined ? {} : { date }) } };
}

/** `0.00383`, `9.1e-05`; undefined for anything else. */
function probability(text: string | undefined): number | undefined {
  const value = /^\d+(?:\.\d+)?(?:[eE]-?\d+)?$/.test(text ?? '') ? Number(text) : NaN;
  return value >= 0 && value <= 1 ? value : undefined;
}
