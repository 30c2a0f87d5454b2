import { parseCve5 } from './cve5.ts';
import type { EnrichmentParser } from './enrichment.ts';
import { parseEpss } from './epss.ts';
import { defaultFeedLimits } from './feed.ts';
import { parseKev } from './kev.ts';
import { parseNvd } from './nvd.ts';
import { recordsOf } from './records-of.ts';
import type { Source } from './sources.ts';

/** One publication about CVEs; fields as those of `Source`. */
export interface EnrichmentSource extends Pick<Source, 'id' | 'title' | 'urls' | 'interval' | 'floor'> {
  readonly parse: EnrichmentParser;
}

const hours = 60 * 60;

/** NVD has a file per year of the id; the first takes in all before it. A new year is one number. */
const nvdYears = Array.from({ length: 2026 - 2002 + 1 }, (_, index) => 2002 + index);

/** Everything that is known of a CVE besides what it affects, one line each. Floors are about 80 % of the end of 2025. */
export const enrichmentSources: readonly EnrichmentSource[] = [
  { id: 'cisa-kev', title: 'CISA known exploited vulnerabilities', floor: 1_160, interval: 1 * hours, parse: parseKev, urls: ['https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'] },
  { id: 'epss', title: 'EPSS', floor: 230_000, interval: 6 * hours, parse: parseEpss, urls: ['https://epss.empiricalsecurity.com/epss_scores-current.csv.gz'] },
  { id: 'nvd', title: 'NVD', floor: 240_000, interval: 6 * hours, parse: parseNvd, urls: nvdYears.map((year) => `https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${year}.json.gz`) },
  { id: 'cve5', title: 'CVE list', floor: 240_000, interval: 6 * hours, parse: parseCve5, urls: ['https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip'] },
];

/** The entry with this id. */
export const enrichmentSourceOf = (id: string): EnrichmentSource | undefined => enrichmentSources.find((source) => source.id === id);

/** What a file of each looks like, in its first 4 KiB. */
const signs: readonly (readonly [string, RegExp])[] = [
  ['cisa-kev', /^\s*\{[^]*"catalogVersion"\s*:|^\ufeff?cveID,/],
  ['epss', /^#model_version:|^cve,epss\b/],
  ['nvd', /"format"\s*:\s*"NVD_CVE"/],
  ['cve5', /"dataType"\s*:\s*"CVE_RECORD"/],
];
const headBytes = 4096, recordsLookedAt = 40;

/** Tells from a file's content which of these it is; undefined when it is none. */
export async function detectEnrichment(path: string): Promise<EnrichmentSource | undefined> {
  let looked = 0;
  for await (const { name, chunks } of recordsOf(path, defaultFeedLimits)) {
    if (++looked > recordsLookedAt) break;
    let head = '';
    for await (const chunk of chunks) if (head.length < headBytes) head += Buffer.from(chunk).toString('utf8');
    const found = /schema\.json$/i.test(name) ? undefined : signs.find(([, sign]) => sign.test(head.slice(0, headBytes)));
    if (found) return enrichmentSourceOf(found[0]);
  }
  return undefined;
}
