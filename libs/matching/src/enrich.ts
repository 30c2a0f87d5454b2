import { type Enrichment, type Scored, severityOf, type Severity } from '@plimsoll/advisories';
import type { Score } from './finding.ts';
import type { Judgement } from './judge.ts';

/**
 * A judgement with what is known of its CVE besides: scores, EPSS, exploited since, decision points, taken back, disputed.
 * A score that the advisories did not have also gives the severity where nobody rated it. Pure, and the only way to do it,
 * whether the enrichments come from memory, a file or a table.
 */
export function enrich<T extends Judgement>(judgement: T, enrichments: readonly Enrichment[]): T {
  if (enrichments.length === 0) return judgement;
  const scores = orderedScores([...judgement.scores ?? [], ...enrichments.flatMap(({ severities, source }) => severities.map((one) => scoreOf(one, one.by ?? source)))], judgement.vector);
  const best = judgement.score === undefined ? scores.find(({ score }) => score !== undefined) : undefined;
  const epss = newestEpss(enrichments), kev = kevOf(enrichments);
  const ssvc = enrichments.find((one) => one.ssvc !== undefined)?.ssvc;
  // The CVE list is where a CVE is taken back; NVD repeats it.
  const isRejected = (enrichments.find(({ source }) => source === 'cve5') ?? enrichments.find(({ rejected }) => rejected))?.rejected === true;
  const holds = judgement.state === 'affected' || judgement.state === 'undetermined';
  return {
    ...judgement,
    ...(best === undefined ? {} : { score: best.score, vector: best.vector }),
    ...(best !== undefined && judgement.severity === 'unknown' ? { severity: severityOfScore(best) } : {}),
    ...(scores.length === 0 ? {} : { scores }),
    ...(epss === undefined ? {} : { epss }),
    ...(kev === undefined ? {} : { kev }),
    ...(ssvc === undefined ? {} : { ssvc }),
    ...(enrichments.some(({ disputed }) => disputed) ? { disputed: true as const } : {}),
    ...(isRejected && holds ? { suppressed: 'rejected' as const } : {}),
  };
}

/** A publisher's vector in the words of a finding. */
export const scoreOf = ({ type, vector, score }: Scored, by: string): Score =>
  ({ version: versionOf(type, vector), vector, ...(score === undefined ? {} : { score }), by });

const versionOf = (type: Scored['type'], vector: string): Score['version'] =>
  type === 'CVSS_V2' ? '2.0' : type === 'CVSS_V4' ? '4.0' : vector.startsWith('CVSS:3.0') ? '3.0' : '3.1';

/** Each vector of each giver once: the one already chosen first, then by version, newest first, then the higher score. */
function orderedScores(scores: readonly Score[], chosen: string | undefined): Score[] {
  const each = [...new Map(scores.map((one) => [`${one.by}\0${one.vector}`, one])).values()];
  const isChosen = ({ vector }: Score) => Number(vector === chosen);
  return each.sort((a, b) => isChosen(b) - isChosen(a) || (a.version < b.version ? 1 : a.version > b.version ? -1 : (b.score ?? -1) - (a.score ?? -1)));
}

/** CVSS v2 knows no `critical`. */
const severityOfScore = ({ version, score = 0 }: Score): Severity => version === '2.0' && score >= 7 ? 'high' : severityOf(score);

function newestEpss(enrichments: readonly Enrichment[]): Enrichment['epss'] {
  return enrichments.flatMap(({ epss }) => epss ?? []).sort((a, b) => (a.date ?? '') < (b.date ?? '') ? 1 : -1)[0];
}

/** CISA's own catalogue knows most; others repeat its dates. */
function kevOf(enrichments: readonly Enrichment[]): Enrichment['kev'] {
  const known = [...enrichments].sort((a, b) => Number(b.source === 'cisa-kev') - Number(a.source === 'cisa-kev')).flatMap(({ kev }) => kev ?? []);
  return known.length === 0 ? undefined : known.reduceRight((kev, better) => ({ ...kev, ...better }));
}
