import type { ScanReport } from '@plimsoll/contracts';
import type { Inventory } from '@plimsoll/inventory';
import type { AdvisoryDatabase, MatchOptions } from '@plimsoll/matching';
import { compact, evaluate, listFindings, readInput } from '@plimsoll/policy-language';
import { matchReport } from './match-report.ts';

export type JudgedReport = ScanReport & { readonly verdict: NonNullable<ScanReport['verdict']> };

/** A report with the verdict of a policy. */
export function scanReport(inventory: Inventory, database: AdvisoryDatabase, judgedBy: Parameters<typeof evaluate>[0], options: MatchOptions = {}): JudgedReport {
  const report = matchReport(inventory, database, options), { target, os, packages, problems, configuration, findings, summary } = report;
  const input = readInput({
    version: 1, kind: 'image',
    image: { project: 'local', reference: target.reference, digest: target.digest, kind: target.kind, platform: target.platform, created: configuration.created, user: configuration.user, labels: configuration.labels },
    inventory: { os: os && { id: os.id, version_id: os.version_id, name: os.name }, packages: packages.length, problems: problems.length },
    findings: summary, ...listFindings(findings.flatMap((finding) => compact(finding) ?? []), []),
    revision: { number: 1, published_at: report.advisories.built },
  });
  const { decision, reasons, policy } = evaluate(judgedBy, input, new Date());
  return { ...report, verdict: { decision, reasons, policy } };
}
