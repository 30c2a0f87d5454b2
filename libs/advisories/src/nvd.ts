import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import { type Enrichment, type EnrichmentParser, scored, ssvcOf } from './enrichment.ts';
import { rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { isCve } from './words.ts';

const metrics = z.array(z.object({ source: z.string().nullish(), cvssData: z.object({ vectorString: z.string().nullish() }).nullish() })).nullish();
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);

/** What is read of a record of NVD's API and yearly files, https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema. */
const Item = z.object({
  cve: z.object({
    id: z.string().refine(isCve, 'no CVE id'),
    vulnStatus: z.string().nullish(),
    cveTags: z.array(z.object({ tags: z.array(z.string()).nullish() })).nullish(),
    metrics: z.object({
      cvssMetricV2: metrics, cvssMetricV30: metrics, cvssMetricV31: metrics, cvssMetricV40: metrics,
      ssvcV203: z.array(z.object({ ssvcData: z.object({ options: z.array(z.record(z.string(), z.unknown())) }).nullish() })).nullish(),
    }).nullish(),
    cisaExploitAdd: day.nullish(), cisaActionDue: day.nullish(),
  }),
});

/** Reads pages of NVD's API 2.0 or its yearly files, which look alike, one CVE in memory at a time. */
export const parseNvd: EnrichmentParser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/\.json$/i.test(record.name)) { for await (const _ of record.chunks) void _; continue; }
    for await (const { key, bytes } of jsonMembers(record, limits, ['vulnerabilities'])) {
      try {
        yield { kind: 'enrichment', enrichment: enrichmentOf(JSON.parse(Buffer.from(bytes).toString('utf8')), source) };
      } catch (error) {
        yield rejected(`${record.name} vulnerabilities[${key}]`, error, bytes);
      }
    }
  }
};

function enrichmentOf(document: unknown, source: string): Enrichment {
  const parsed = Item.safeParse(document);
  if (!parsed.success) throw invalid('record-not-nvd', parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const { cve } = parsed.data;
  const all = [...cve.metrics?.cvssMetricV40 ?? [], ...cve.metrics?.cvssMetricV31 ?? [], ...cve.metrics?.cvssMetricV30 ?? [], ...cve.metrics?.cvssMetricV2 ?? []];
  const ssvc = ssvcOf((cve.metrics?.ssvcV203 ?? []).flatMap(({ ssvcData }) => ssvcData?.options ?? []));
  return {
    cve: cve.id, source,
    severities: all.flatMap(({ source: by, cvssData }) => scored(cvssData?.vectorString, by ?? undefined) ?? []),
    ...(cve.cisaExploitAdd ? { kev: { added: cve.cisaExploitAdd, ...(cve.cisaActionDue ? { due: cve.cisaActionDue } : {}) } } : {}),
    ...(ssvc === undefined ? {} : { ssvc }),
    ...(cve.vulnStatus === 'Rejected' ? { rejected: true } : {}),
    ...(cve.cveTags?.some(({ tags }) => tags?.includes('disputed')) ? { disputed: true } : {}),
  };
}
