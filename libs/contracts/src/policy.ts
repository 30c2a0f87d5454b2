import { z } from 'zod';
import { Digest, Project } from './common.ts';
import { event, request, type Body } from './message.ts';

export const VerdictDecision = z.enum(['allow', 'warn', 'deny']);
export type VerdictDecision = z.output<typeof VerdictDecision>;

export const Reason = z.object({
  rule: z.string(),
  outcome: z.enum(['warn', 'deny', 'error']),
  message: z.string(),
  /** Finding ids the rule spoke of, worst first, at most 50. */
  findings: z.array(z.string()).max(50).optional(),
  remediation: z.string().optional(),
});
export type Reason = z.output<typeof Reason>;

/** Whether the image may sail, why, and as of what. */
export const Verdict = z.object({
  project: Project,
  /** Absent only for an image that was rejected before its digest was known. */
  digest: Digest.optional(),
  reference: z.string(),
  decision: VerdictDecision,
  reasons: z.array(Reason),
  policy: z.object({ name: z.string(), digest: Digest }),
  input_digest: Digest,
  /** Feed revision; absent for a rejected image. */
  revision: z.int().nonnegative().optional(),
  decided_at: z.string(),
  trace_id: z.string().optional(),
});
export type Verdict = z.output<typeof Verdict>;

/** An image's verdict is new or differs from the one before. */
export const VerdictChanged = event('policy', 'verdict.changed.v1', {
  push: z.uuid().optional(),
  verdict: Verdict,
  previous: VerdictDecision.optional(),
});
export type VerdictChanged = Body<typeof VerdictChanged>;

/** The verdict reached for a push, changed or not: ends the push's operation. */
export const PushJudged = event('policy', 'push.judged.v1', { push: z.uuid(), verdict: Verdict });
export type PushJudged = Body<typeof PushJudged>;

export const GetVerdict = request('policy', 'get-verdict.v1', { project: Project, digest: Digest },
  Verdict.extend({ input: z.unknown(), history: z.array(z.object({ decision: VerdictDecision, decided_at: z.string(), revision: z.int().optional() })) }));

/** The policy in force for a project, as text and as its digest. */
export const GetPolicy = request('policy', 'get-policy.v1', { project: Project }, z.object({ name: z.string(), digest: Digest, document: z.string() }));

/** Replace a project's policy; every image of the project is judged again. */
export const SetPolicy = request('policy', 'set-policy.v1', { project: Project, document: z.string().max(262_144), author: z.string() }, z.object({ name: z.string(), digest: Digest }));
