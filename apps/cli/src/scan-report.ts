import type { ScanReport } from '@plimsoll/contracts';
import type { Inventory } from '@plimsoll/inventory';
import { match, type AdvisoryDatabase, type Finding, type MatchOptions } from '@plimsoll/matching';
import { compact, evaluate, listFindings, readInput } from '@plimsoll/policy-language';

/** Everything known of a target: inventory, findings as of a database, verdict of a policy. */
export function scanReport(inventory: Inventory, database: AdvisoryDatabase, judgedBy: Parameters<typeof evaluate>[0], options: MatchOptions = {}): ScanReport {
  const { findings, not_covered, summary } = match(inventory, database, options);
  const { info, counts } = database;
  const { target, os, packages, problems, configuration } = inventory;
  const input = readInput({
    version: 1, kind: 'image',
    image: { project: 'local', reference: target.reference, digest: target.digest, kind: target.kind, platform: target.platform, created: configuration.created, user: configuration.user, labels: configuration.labels },
    inventory: { os: os && { id: os.id, version_id: os.version_id, name: os.name }, packages: packages.length, problems: problems.length },
    findings: summary, ...listFindings(findings.flatMap((finding) => compact(finding) ?? []), []),
    revision: { number: 1, published_at: info.built },
  });
  const { decision, reasons, policy } = evaluate(judgedBy, input, new Date());
  return {
    version: 1, ...inventory, findings: findings.sort(worstFirst), not_covered, summary,
    verdict: { decision, reasons, policy },
    advisories: { revision: info.revision, built: info.built, count: counts.advisories },
    partial: problems.length > 0,
  };
}

const rank = { critical: 0, high: 1, medium: 2, low: 3, unknown: 4, negligible: 5 } as const;
/** Severity, score, id, package: the one order of findings. */
const worstFirst = (a: Finding, b: Finding): number =>
  rank[a.severity] - rank[b.severity] || (b.score ?? -1) - (a.score ?? -1) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) || (a.package.purl < b.package.purl ? -1 : 1);
