import { parseCve5 } from './cve5.ts';
import type { EnrichmentParser } from './enrichment.ts';
import { parseEpss } from './epss.ts';
import { parseKev } from './kev.ts';
import { parseNvd } from './nvd.ts';
import type { Source } from './sources.ts';

/** One publication about CVEs; fields as those of `Source`. */
export interface EnrichmentSource extends Pick<Source, 'id' | 'title' | 'urls' | 'list' | 'interval' | 'floor' | 'sign'> {
  readonly parse: EnrichmentParser;
}

const hours = 60 * 60;

/** NVD has a file per year of the id; the first takes in all before it. A new year is one number. */
const nvdYears = Array.from({ length: 2026 - 2002 + 1 }, (_, index) => 2002 + index);

/** Everything that is known of a CVE besides what it affects, one line each. Floors are about 80 % of the end of 2025. */
export const enrichmentSources: readonly EnrichmentSource[] = [
  { id: 'cisa-kev', title: 'CISA known exploited vulnerabilities', floor: 1_160, interval: 1 * hours, parse: parseKev, sign: /^\s*\{[^]*"catalogVersion"\s*:|^\ufeff?cveID,/, urls: ['https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json'] },
  { id: 'epss', title: 'EPSS', floor: 230_000, interval: 6 * hours, parse: parseEpss, sign: /^#model_version:|^cve,epss\b/, urls: ['https://epss.empiricalsecurity.com/epss_scores-current.csv.gz'] },
  { id: 'nvd', title: 'NVD', floor: 240_000, interval: 6 * hours, parse: parseNvd, sign: /"format"\s*:\s*"NVD_CVE"/, urls: nvdYears.map((year) => `https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${year}.json.gz`) },
  { id: 'cve5', title: 'CVE list', floor: 240_000, interval: 6 * hours, parse: parseCve5, sign: /"dataType"\s*:\s*"CVE_RECORD"/, urls: ['https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip'] },
];

/** The entry with this id. */
export const enrichmentSourceOf = (id: string): EnrichmentSource | undefined => enrichmentSources.find((source) => source.id === id);
