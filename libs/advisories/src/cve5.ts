import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import { type Enrichment, type EnrichmentParser, scored, ssvcOf } from './enrichment.ts';
import { bytesOf, notJson, rejected } from './feed.ts';
import { isCve } from './words.ts';

const vector = z.object({ vectorString: z.string().nullish() }).nullish();
const Container = z.object({
  providerMetadata: z.object({ shortName: z.string().nullish() }).nullish(),
  tags: z.array(z.string()).nullish(),
  metrics: z.array(z.object({
    cvssV2_0: vector, cvssV3_0: vector, cvssV3_1: vector, cvssV4_0: vector,
    other: z.object({ type: z.string(), content: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  })).nullish(),
});

/** What is read of a record, https://github.com/CVEProject/cve-schema (5.0 to 5.2): the assigner's container and those of others, CISA's above all. */
const CveRecord = z.object({
  dataType: z.literal('CVE_RECORD'),
  cveMetadata: z.object({ cveId: z.string().refine(isCve, 'no CVE id'), state: z.string() }),
  containers: z.object({ cna: Container, adp: z.array(Container).nullish() }),
});

/** Reads CVE records, a JSON file each, as https://github.com/CVEProject/cvelistV5 has them. */
export const parseCve5: EnrichmentParser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/(?:^|\/)CVE-\d{4}-\d{4,}\.json$/i.test(record.name)) {
      for await (const _ of record.chunks) void _;
      continue;
    }
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      yield { kind: 'enrichment', enrichment: enrichmentOf(record.name, bytes, source) };
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
};

function enrichmentOf(name: string, bytes: Buffer, source: string): Enrichment {
  let document: unknown;
  try { document = JSON.parse(bytes.toString('utf8')); } catch (error) { throw invalid('record-malformed', notJson(name, bytes, error).detail, error); }
  const parsed = CveRecord.safeParse(document);
  if (!parsed.success) throw invalid('record-not-cve5', `${name} is no CVE record: ${parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
  const { cveMetadata: { cveId: cve, state }, containers: { cna, adp } } = parsed.data;
  const containers = [cna, ...adp ?? []];
  const others = containers.flatMap(({ metrics }) => metrics ?? []).flatMap(({ other }) => other ?? []);
  const ssvc = ssvcOf(others.filter(({ type }) => type === 'ssvc').flatMap(({ content }) => Array.isArray(content?.['options']) ? content['options'].filter((option) => typeof option === 'object' && option !== null) : []));
  const added = others.find(({ type }) => type === 'kev')?.content?.['dateAdded'];
  return {
    cve, source,
    severities: containers.flatMap(({ metrics, providerMetadata }) => (metrics ?? []).flatMap(({ cvssV4_0: v4, cvssV3_1: v31, cvssV3_0: v30, cvssV2_0: v2 }) =>
      [v4, v31, v30, v2].flatMap((one) => scored(one?.vectorString, providerMetadata?.shortName ?? undefined) ?? []))),
    ...(typeof added === 'string' && /^\d{4}-\d\d-\d\d$/.test(added) ? { kev: { added } } : {}),
    ...(ssvc === undefined ? {} : { ssvc }),
    ...(state === 'REJECTED' ? { rejected: true } : {}),
    ...(cna.tags?.includes('disputed') ? { disputed: true } : {}),
  };
}
