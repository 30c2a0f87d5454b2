import { ExceptedReason, ExceptionUse, Outcome as VerdictDecision, Reason } from '@plimsoll/policy-language/decision';
import { z } from 'zod';
import { Digest, PageRequest, pageOf, Project, Timestamp } from './common.ts';
import { event, request, type Body } from './message.ts';

export { ExceptedReason, ExceptionUse, Outcome as VerdictDecision, Reason } from '@plimsoll/policy-language/decision';

/** Whether the image may sail, why, and as of what. */
export const Verdict = z.object({
  project: Project,
  /** Absent only for an image that was rejected before its digest was known. */
  digest: Digest.optional(),
  reference: z.string(),
  decision: VerdictDecision,
  /** The worst first; of very many very long ones those that fit into a message. */
  reasons: z.array(Reason),
  policy: z.object({ name: z.string(), digest: Digest }),
  input_digest: Digest,
  /** Feed revision; absent for a rejected image. */
  revision: z.int().nonnegative().optional(),
  decided_at: z.string(),
  /** The push that led here, as a trace; a verdict that changed without a push keeps that of the last one. */
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

/** What made a verdict change: a match or a rejection was heard, the policy or exceptions changed, or time passed. */
export const VerdictCause = z.enum(['match', 'rejection', 'policy', 'exceptions', 'time']);
export type VerdictCause = z.output<typeof VerdictCause>;

/** By digest; by `reference` where an image was rejected before its digest was known. Exactly one of the two. */
export const GetVerdict = request('policy', 'get-verdict.v1', { project: Project, digest: Digest.optional(), reference: z.string().max(4096).optional() },
  Verdict.extend({
    excepted: z.array(ExceptedReason).optional(),
    exceptions: z.array(ExceptionUse).optional(),
    /** What the policy saw; its shape belongs to the policy language. Absent when it is too large for a message. */
    input: z.unknown(),
    /** The last 50 changes, the newest first. */
    history: z.array(z.object({
      decision: VerdictDecision, decided_at: z.string(), revision: z.int().optional(),
      cause: VerdictCause.optional(), policy_digest: Digest.optional(), input_digest: Digest.optional(),
    })),
  }));

/** The policy in force for a project, as text and as its digest. `author` and `created_at` are absent for the built-in one. */
export const GetPolicy = request('policy', 'get-policy.v1', { project: Project },
  z.object({ name: z.string(), digest: Digest, document: z.string(), author: z.string().optional(), created_at: Timestamp.optional() }));

/** Replace a project's policy; every image of the project is judged again. */
export const SetPolicy = request('policy', 'set-policy.v1', { project: Project, document: z.string().max(262_144), author: z.string() }, z.object({ name: z.string(), digest: Digest }));

/**
 * What a policy would say of every image of a project, from the input each was last judged by and as of that instant.
 * Writes nothing. With the policy in force nothing changes.
 */
export const ReplayPolicy = request('policy', 'replay-policy.v1', { project: Project, document: z.string().min(1).max(262_144) }, z.object({
  policy: z.object({ name: z.string(), digest: Digest }),
  images: z.int().nonnegative(),
  /** Images whose decision would be another. */
  changed: z.int().nonnegative(),
  /** Images with the same decision for other reasons. */
  other_reasons: z.int().nonnegative(),
  changes: z.array(z.object({ then: VerdictDecision, now: VerdictDecision, images: z.int().positive() })),
  /** The first 100 whose decision would be another, by digest. */
  first: z.array(z.object({
    digest: Digest.optional(), reference: z.string(), then: VerdictDecision, now: VerdictDecision, decided_at: Timestamp,
    /** Ids of the rules that would be violated, at most 20. */
    rules: z.array(z.string()).max(20),
  })).max(100),
}));

/** Living with one finding, or with one rule's violation, for a while. */
export const PolicyException = z.object({
  id: z.uuid(),
  project: Project,
  /** Every given part must hold; empty means every image of the project. `name` is a glob over the reference, with and without tag. */
  scope: z.object({ digest: Digest.optional(), name: z.string().min(1).max(512).optional() }),
  /** A finding's id, perhaps in one package only (name or purl); or a rule's id. */
  finding: z.string().optional(), package: z.string().optional(), rule: z.string().optional(),
  /** The first instant at which it no longer applies. */
  until: Timestamp,
  reason: z.string(),
  requested_by: z.string(), approved_by: z.string(), created_at: Timestamp,
  revoked_at: Timestamp.optional(), revoked_by: z.string().optional(),
  state: z.enum(['active', 'expired', 'revoked']),
});
export type PolicyException = z.output<typeof PolicyException>;

/** Except a finding or a rule; the images concerned are judged again. */
export const CreateException = request('policy', 'create-exception.v1', {
  project: Project,
  scope: PolicyException.shape.scope.default({}),
  finding: z.string().min(1).max(64).optional(), package: z.string().min(1).max(1024).optional(), rule: z.string().min(1).max(64).optional(),
  until: Timestamp,
  reason: z.string().trim().min(1).max(2000),
  requested_by: z.string().min(1).max(256), approved_by: z.string().min(1).max(256),
}, PolicyException);
export const ListExceptions = request('policy', 'list-exceptions.v1', { project: Project, state: PolicyException.shape.state.optional(), ...PageRequest.shape }, pageOf(PolicyException));
/** Ends an exception now; the images concerned are judged again. */
export const RevokeException = request('policy', 'revoke-exception.v1', { project: Project, id: z.uuid(), revoked_by: z.string().min(1).max(256) }, PolicyException);
