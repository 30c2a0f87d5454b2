import { z } from 'zod';
import { Scored } from './advisory.ts';
import { scoreCvss } from './cvss.ts';
import type { FeedRecord, ParseContext, rejected } from './feed.ts';

/** Dates as publishers give them, `2026-11-24`. */
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);

/** What one source adds to a CVE whatever it is found in: how bad, how likely, whether it happens. */
export const Enrichment = z.object({
  cve: z.string(),
  /** Which entry of `enrichmentSources` it came from. */
  source: z.string(),
  /** CISA's catalogue of exploited vulnerabilities: since when, and until when US agencies must have acted. */
  kev: z.object({ added: day, due: day.optional(), ransomware: z.boolean().optional() }).optional(),
  /** Probability of exploitation within 30 days, 0–1, and the share of CVEs with no higher one; https://www.first.org/epss/. */
  epss: z.object({ score: z.number().min(0).max(1), percentile: z.number().min(0).max(1).optional(), date: day.optional() }).optional(),
  /** Decision points of https://www.cisa.gov/ssvc, in its words: `active`, `yes`, `total`. */
  ssvc: z.object({ exploitation: z.string().optional(), automatable: z.string().optional(), technical_impact: z.string().optional() }).optional(),
  /** Vectors, each with who assigned it. */
  severities: z.array(Scored.extend({ by: z.string().optional() })),
  /** The CVE was taken back; it affects nothing. */
  rejected: z.literal(true).optional(),
  /** The maker of the software says that it is none. */
  disputed: z.literal(true).optional(),
});
export type Enrichment = z.output<typeof Enrichment>;

/** What a parser makes of a publication, in order; a record that cannot be read is set aside and the next one is read. */
export type EnrichmentReading = { readonly kind: 'enrichment'; readonly enrichment: Enrichment } | ReturnType<typeof rejected>;

/** Turns the records of one publication into enrichments. Throws Problem `feed-…` when it cannot be trusted as a whole. */
export type EnrichmentParser = (records: AsyncIterable<FeedRecord>, context: ParseContext) => AsyncIterable<EnrichmentReading>;

/** A vector with its score; one that cannot be scored keeps its text. Undefined for what is no vector of a known version. */
export function scored(vector: string | null | undefined, by?: string): Enrichment['severities'][number] | undefined {
  const type = !vector ? undefined : vector.startsWith('CVSS:4') ? 'CVSS_V4' : vector.startsWith('CVSS:3') ? 'CVSS_V3' : /^\(?AV:/.test(vector) ? 'CVSS_V2' : undefined;
  if (type === undefined) return undefined;
  const whose = by === undefined ? {} : { by };
  try { return { type, vector: vector!, score: scoreCvss(vector!).score, ...whose }; } catch { return { type, vector: vector!, ...whose }; }
}

/** SSVC as CISA's records have it: `options` of one member each, in two spellings. */
export function ssvcOf(options: readonly Record<string, unknown>[]): Enrichment['ssvc'] {
  const said = new Map(options.flatMap((option) => Object.entries(option)).flatMap(([name, value]) => typeof value === 'string' ? [[name.toLowerCase().replace(/[\s_]/g, ''), value.toLowerCase()] as const] : []));
  const [exploitation, automatable, impact] = ['exploitation', 'automatable', 'technicalimpact'].map((name) => said.get(name));
  if (exploitation === undefined && automatable === undefined && impact === undefined) return undefined;
  return { ...(exploitation === undefined ? {} : { exploitation }), ...(automatable === undefined ? {} : { automatable }), ...(impact === undefined ? {} : { technical_impact: impact }) };
}
