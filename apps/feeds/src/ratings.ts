import type { Enrichment } from '@plimsoll/advisories';
import { enrich, type Judgement } from '@plimsoll/matching';
import type { EntityManager } from 'typeorm';
import { enrichmentsOf } from './advisory-rows.ts';
import type { Copied } from './copy-feed.ts';

/** What the enrichments of a CVE make of a finding that the advisories did not score. */
interface Rating { readonly cve: string; readonly score: number | null; readonly severity: string; readonly rejected: boolean; readonly kev: boolean; readonly epss: number | null }

/** CVEs whose enrichments are read at a time. */
const batchSize = 2_000;

/** Rates the CVEs of an ingest that answers speak of. Answers those whose findings are others now, or exploited now: daily probabilities change for everything, and nobody is told. */
export async function rateIngest(tx: EntityManager, { base, end }: Pick<Copied, 'base' | 'end'>): Promise<string[]> {
  const rows = await tx.query(`
    select distinct key as cve from enrichments e where id >= $1 and id < $2 and exists (select from answers a where a.vulnerability = e.key)
    union select cve from ratings r where not exists (select from enrichments e where e.key = r.cve and e.valid_to is null)
    union select key from enrichments e where e.valid_to = (select max(valid_to) from enrichments) and exists (select from ratings r where r.cve = e.key)`, [base, end]) as { cve: string }[];
  return rate(tx, rows.map(({ cve }) => cve));
}

/** Brings the ratings of CVEs up to date; answers as above. */
export async function rate(tx: EntityManager, cves: readonly string[]): Promise<string[]> {
  const struck: string[] = [];
  for (let from = 0; from < cves.length; from += batchSize) {
    const batch = cves.slice(from, from + batchSize);
    const about = Map.groupBy(await enrichmentsOf(tx, batch), ({ cve }) => cve);
    const before = new Map((await tx.query('select cve, score, severity, rejected, kev, epss from ratings where cve = any($1::text[])', [batch]) as Rating[]).map((rating) => [rating.cve, rating]));
    const after = batch.flatMap((cve) => about.has(cve) ? ratingOf(cve, about.get(cve)!) : []);
    const changed = after.filter((rating) => wordsOf(rating) !== wordsOf(before.get(rating.cve)) || rating.epss !== before.get(rating.cve)?.epss);
    const gone = [...before.keys()].filter((cve) => !about.has(cve));
    await tx.query(`
      insert into ratings (cve, score, severity, rejected, kev, epss)
      select cve, score, severity, rejected, kev, epss from jsonb_to_recordset($1::jsonb) as row (cve text, score real, severity text, rejected boolean, kev boolean, epss real)
      on conflict (cve) do update set score = excluded.score, severity = excluded.severity, rejected = excluded.rejected, kev = excluded.kev, epss = excluded.epss`, [JSON.stringify(changed)]);
    if (gone.length > 0) await tx.query('delete from ratings where cve = any($1::text[])', [gone]);
    struck.push(...gone, ...changed.filter((rating) => wordsOf(rating) !== wordsOf(before.get(rating.cve))).map(({ cve }) => cve));
  }
  return struck;
}

/** By the one function that applies enrichments, to a finding of which nothing else is known. */
function ratingOf(cve: string, enrichments: readonly Enrichment[]): Rating {
  const { score, severity, suppressed, kev, epss } = enrich({ id: cve, state: 'affected', severity: 'unknown' } as Judgement, enrichments);
  return { cve, score: score ?? null, severity, rejected: suppressed === 'rejected', kev: kev !== undefined, epss: epss?.score ?? null };
}

/** All but the probability. A CVE of which nothing is known is as one without a rating. */
const wordsOf = (rating: Rating | undefined): string => rating === undefined ? wordsOf({ cve: '', score: null, severity: 'unknown', rejected: false, kev: false, epss: null })
  : JSON.stringify([rating.score === null ? null : Math.round(rating.score * 10), rating.severity, rating.rejected, rating.kev]);
