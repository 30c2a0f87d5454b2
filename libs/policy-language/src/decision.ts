import { Digest } from '@plimsoll/inventory';
import { Severity } from '@plimsoll/matching';
import { z } from 'zod';
import { canonicalJson } from './canonical.ts';

export const Outcome = z.enum(['allow', 'warn', 'deny']);
export type Outcome = z.output<typeof Outcome>;

/** One rule that was violated, or could not be evaluated (`error`, which counts as a denial). */
export const Reason = z.object({
  rule: z.string(),
  outcome: z.enum(['warn', 'deny', 'error']),
  message: z.string(),
  /** Finding ids the rule is about, worst first, at most 50. */
  findings: z.array(z.string()).max(50).optional(),
  remediation: z.string().optional(),
  severity: Severity.optional(),
});
export type Reason = z.output<typeof Reason>;

/** A reason that does not count, and the exceptions that say so. */
export const ExceptedReason = Reason.extend({ excepted_by: z.array(z.string()).min(1) });
export type ExceptedReason = z.output<typeof ExceptedReason>;

/**
 * What came of an exception that speaks of this image: it took something out (`applied`), it would have and is
 * past its date (`expired`), or its finding is not among those listed, so the counts may still hold it (`unseen`).
 */
export const ExceptionUse = z.object({
  id: z.string(),
  state: z.enum(['applied', 'expired', 'unseen']),
  finding: z.string().optional(),
  rule: z.string().optional(),
  /** Packages whose finding was (or would have been) taken out, at most 50. */
  packages: z.array(z.string()).max(50).optional(),
  until: z.string(),
  reason: z.string(),
  approved_by: z.string(),
});
export type ExceptionUse = z.output<typeof ExceptionUse>;

/** Whether an image may sail, why, and as of what. A pure function of policy, input and instant. */
export const Decision = z.object({
  version: z.literal(1),
  decision: Outcome,
  /** The worst first: errors and denials, then warnings, each in the policy's order. */
  reasons: z.array(Reason),
  /** Kept apart from `reasons`, so that a reader who does not know exceptions cannot take one for a denial. */
  excepted: z.array(ExceptedReason),
  exceptions: z.array(ExceptionUse),
  policy: z.object({ name: z.string(), digest: Digest }),
  input_digest: Digest,
  at: z.iso.datetime(),
});
export type Decision = z.output<typeof Decision>;

/** The bytes of a decision: the same decision is the same text everywhere, to be compared, hashed and signed. */
export const canonical = (decision: Decision): string => canonicalJson(decision);
