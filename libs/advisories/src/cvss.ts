import { invalid } from '@plimsoll/problem';
import { scoreV2 } from './cvss-2.ts';
import { scoreV3 } from './cvss-3.ts';
import { scoreV4 } from './cvss-4.ts';
import type { Severity } from './severity.ts';

/** CVSS's own rating scale; v2 knows only low, medium and high (NVD's table). */
export type CvssRating = 'none' | 'low' | 'medium' | 'high' | 'critical';

/** What a vector is worth. `score` is the base score for v2 and v3, and for v4 the score of the vector as given (CVSS-B, -BT, -BE, -BTE). */
export interface CvssScore {
  readonly version: '2.0' | '3.0' | '3.1' | '4.0';
  readonly score: number;
  readonly severity: CvssRating;
  readonly base: number;
  /** Only when the vector has temporal (v4: threat) metrics that say something. */
  readonly temporal?: number;
  /** Only when the vector has environmental metrics that say something; takes the temporal ones in. */
  readonly environmental?: number;
}

/** Metrics of a vector, checked: known names and values, each once, no mandatory one missing. */
export type Metrics = Readonly<Record<string, string>>;

/**
 * Scores a CVSS v2, v3.0, v3.1 or v4.0 vector by its specification (https://www.first.org/cvss/).
 * Throws Problem `cvss-malformed`, `cvss-version-unknown`, `cvss-metric-unknown`, `cvss-metric-twice`, `cvss-metric-missing` or `cvss-metric-order`.
 */
export function scoreCvss(vector: string): CvssScore {
  if (vector.length > 512) throw invalid('cvss-malformed', `a CVSS vector of ${vector.length} characters`);
  const text = vector.trim();
  const version = /^CVSS:([^/]*)\//.exec(text)?.[1];
  switch (version) {
    case '4.0': return scoreV4(text.slice(9));
    case '3.1': case '3.0': return scoreV3(text.slice(9), version);
    case '2.0': return scoreV2(text.slice(9));
    case undefined: return scoreV2(text.replace(/^\((.*)\)$/, '$1'));
    default: throw invalid('cvss-version-unknown', `CVSS ${version} is not 2.0, 3.0, 3.1 or 4.0: ${text}`);
  }
}

/** The house's severity for a CVSS score of v3 or v4 (v3.1 section 5); 0 is `negligible`. */
export const severityOf = (score: number): Severity => {
  const rating = ratingOf(score);
  return rating === 'none' ? 'negligible' : rating;
};

/** Qualitative severity rating scale, v3.1 section 5 and v4.0 section 6. */
export const ratingOf = (score: number): CvssRating =>
  score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : score > 0 ? 'low' : 'none';
