import type { ConfigurationFinding, Weight } from '../model.ts';
import type { Check, CheckView } from './check.ts';
import { configChecks } from './config-checks.ts';
import { fileChecks } from './file-checks.ts';
import { historyChecks } from './history-checks.ts';

export type { Check };

/** Every check. To add one: one row in one of the three files. Ids are the field's: CIS Docker Benchmark section 4 (CIS-DI), Dockle's checkpoints (DKL), our own (PLM). */
export const checks: readonly Check[] = [...configChecks, ...historyChecks, ...fileChecks];

/** So much evidence is told of one check; all is counted. */
export const mostEvidence = 20;

/** What should be otherwise, the worst first. Pure; the same view gives the same findings. */
export function checkTarget(view: CheckView): ConfigurationFinding[] {
  const findings = checks.flatMap(({ find, ...check }): ConfigurationFinding[] => {
    const evidence = [...find(view)];
    if (evidence.length === 0) return [];
    const { id, severity, title, why, fix } = check;
    return [{ id, severity, title, why, fix, evidence: evidence.slice(0, mostEvidence), count: evidence.length }];
  });
  return findings.sort(byWeight);
}

/** The one order of findings: severity, then id. */
export const byWeight = (a: ConfigurationFinding, b: ConfigurationFinding): number => rank[a.severity] - rank[b.severity] || (a.id < b.id ? -1 : 1);

const rank: Readonly<Record<Weight, number>> = { critical: 0, high: 1, medium: 2, low: 3 };
