import type { ScanReport } from '@plimsoll/contracts';
import type { Inventory } from '@plimsoll/inventory';
import { match, type AdvisoryDatabase, type Finding, type MatchOptions } from '@plimsoll/matching';

/** Everything known of a target, inventory and findings as of a database, that no policy was asked about. */
export function matchReport(inventory: Inventory, database: AdvisoryDatabase, options: MatchOptions = {}): ScanReport {
  const { findings, not_covered, summary } = match(inventory, database, options);
  const { info: { revision, built }, counts: { advisories: count } } = database;
  return {
    version: 1, ...inventory, findings: findings.sort(worstFirst), not_covered, summary,
    advisories: { revision, built, count }, partial: inventory.problems.length > 0,
  };
}

const rank = { critical: 0, high: 1, medium: 2, low: 3, unknown: 4, negligible: 5 } as const;
/** Severity, score, id, package: the one order of findings. */
const worstFirst = (a: Finding, b: Finding): number =>
  rank[a.severity] - rank[b.severity] || (b.score ?? -1) - (a.score ?? -1) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) || (a.package.purl < b.package.purl ? -1 : 1);
