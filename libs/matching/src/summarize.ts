import type { Finding, FindingSummary } from './finding.ts';

/** The counts of a target's findings; `notCovered` is how many of its packages no source speaks of. */
export function summarize(findings: Iterable<Finding>, notCovered: number): FindingSummary {
  const none = () => ({ critical: 0, high: 0, medium: 0, low: 0, unknown: 0, negligible: 0 });
  const summary: FindingSummary = { total: 0, by_severity: none(), fixable: none(), undetermined: 0, not_covered: notCovered };
  let suppressed = 0;
  for (const { state, severity, fix_state, score, suppressed: why } of findings) {
    if (why !== undefined) { suppressed++; continue; }
    if (state === 'undetermined') summary.undetermined++;
    if (state !== 'affected') continue;
    summary.total++;
    summary.by_severity[severity]++;
    if (fix_state === 'available') summary.fixable[severity]++;
    if (score !== undefined && score > (summary.max_score ?? -1)) summary.max_score = score;
  }
  return suppressed === 0 ? summary : { ...summary, suppressed };
}
