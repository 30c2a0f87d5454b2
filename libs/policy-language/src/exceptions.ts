import { Digest } from '@plimsoll/inventory';
import type { FindingSummary } from '@plimsoll/matching';
import { z } from 'zod';
import { isFixable, type CompactFinding } from './finding.ts';
import type { ImageInput } from './input.ts';
import { matchesGlob, splitReference } from './reference.ts';

/** A decision of people to live with one finding or one rule's violation for a while. */
export const Exception = z.strictObject({
  id: z.string().min(1).max(128),
  /** Every given part must hold. `name` is compared with the reference, with and without tag; `*` stands for any text. */
  scope: z.strictObject({ project: z.string().max(63).optional(), digest: Digest.optional(), name: z.string().min(1).max(512).optional() })
    .refine((scope) => Object.values(scope).some((part) => part !== undefined), { error: 'an exception names a project, a digest or a name pattern; write name: "*" to mean every image' }),
  /** A finding's id, as shown. */
  finding: z.string().min(1).max(128).optional(),
  /** Narrows `finding` to one package: its name or its purl. */
  package: z.string().min(1).max(1_024).optional(),
  /** A rule's id: its violation is shown and does not count. */
  rule: z.string().min(1).max(64).optional(),
  /** The first instant at which it no longer applies. */
  until: z.iso.datetime(),
  reason: z.string().min(1).max(2_000),
  approved_by: z.string().min(1).max(256),
}).refine((exception) => (exception.finding === undefined) !== (exception.rule === undefined), { error: 'an exception is for a finding or for a rule, and not both' })
  .refine((exception) => exception.package === undefined || exception.finding !== undefined, { error: 'package narrows an exception for a finding' });
export type Exception = z.output<typeof Exception>;

/** Whether the exception still holds at this instant; `until` itself is too late. */
export const isLive = (exception: Exception, at: Date): boolean => at.getTime() < Date.parse(exception.until);

/** Whether the exception speaks of this image. */
export function coversImage({ scope }: Exception, image: ImageInput): boolean {
  if (scope.project !== undefined && scope.project !== image.project) return false;
  if (scope.digest !== undefined && scope.digest !== image.digest) return false;
  return scope.name === undefined || matchesGlob(scope.name, image.reference) || matchesGlob(scope.name, splitReference(image.reference).repository);
}

const coversFinding = (exception: Exception, finding: CompactFinding): boolean =>
  exception.finding === finding.id
  && (exception.package === undefined || exception.package === finding.package || exception.package === finding.purl);

/** An exception in scope and what came of it. */
export interface AppliedException { readonly exception: Exception; readonly live: boolean; readonly findings: readonly CompactFinding[] }

/** Findings and counts once live exceptions are taken out, and which exception took out which. */
export interface Relief {
  readonly worst: readonly CompactFinding[];
  readonly summary: FindingSummary;
  readonly exceptions: readonly AppliedException[];
  /** True when at least one finding was taken out. */
  readonly changed: boolean;
}

/**
 * Takes the findings that live exceptions name out of the list and, one by one and exactly, out of the counts.
 * A finding that is not in the list cannot be taken out: its count stays, which is the strict side.
 */
export function relieve(inScope: readonly Exception[], worst: readonly CompactFinding[], summary: FindingSummary, complete: boolean, at: Date): Relief {
  const byId = Map.groupBy(inScope.filter((exception) => exception.finding !== undefined), (exception) => exception.finding!);
  const taken = new Map<Exception, CompactFinding[]>(inScope.map((exception) => [exception, []]));
  const kept: CompactFinding[] = [];
  let counts = summary;
  for (const finding of worst) {
    const covering = (byId.get(finding.id) ?? []).filter((exception) => coversFinding(exception, finding));
    for (const exception of covering) taken.get(exception)!.push(finding);
    if (covering.some((exception) => isLive(exception, at))) counts = without(counts, finding);
    else kept.push(finding);
  }
  const changed = kept.length < worst.length;
  return {
    worst: changed ? kept : worst,
    summary: changed ? withMaxScore(counts, kept, complete) : summary,
    exceptions: inScope.map((exception) => ({ exception, live: isLive(exception, at), findings: taken.get(exception)! })),
    changed,
  };
}

function without(summary: FindingSummary, finding: CompactFinding): FindingSummary {
  if (finding.state === 'undetermined') return { ...summary, undetermined: summary.undetermined - 1 };
  const minusOne = (counts: FindingSummary['by_severity']) => ({ ...counts, [finding.severity]: counts[finding.severity] - 1 });
  return {
    ...summary,
    total: summary.total - 1,
    by_severity: minusOne(summary.by_severity),
    fixable: isFixable(finding) ? minusOne(summary.fixable) : summary.fixable,
  };
}

/** The highest score left. Where findings are not listed it may belong to one of those, so the old one stays. */
function withMaxScore(summary: FindingSummary, kept: readonly CompactFinding[], complete: boolean): FindingSummary {
  if (!complete) return summary;
  const { max_score: _, ...rest } = summary;
  const scores = kept.flatMap((finding) => (finding.state === 'affected' && finding.score !== undefined ? [finding.score] : []));
  return scores.length === 0 ? rest : { ...rest, max_score: Math.max(...scores) };
}
