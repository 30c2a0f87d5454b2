import { z } from 'zod';

/** Every setting of the policy service. */
export const PolicyConfig = z.object({
  /** Milliseconds between looks for verdicts that must be judged again: how late the end of an exception may be noticed. */
  PLIMSOLL_POLICY_POLL_MS: z.coerce.number().int().min(50).max(60_000).default(1_000),
  /** Images judged again in one transaction; more would keep a new policy waiting. */
  PLIMSOLL_POLICY_BATCH: z.coerce.number().int().min(1).max(500).default(50),
  /** Minutes until an image is judged again whose policy reads the clock or an age: nothing else tells when such a rule turns. */
  PLIMSOLL_POLICY_CLOCK_MINUTES: z.coerce.number().int().min(1).max(1_440).default(60),
  /** The longest an exception may last, in days: one that never ends is a policy. */
  PLIMSOLL_POLICY_EXCEPTION_DAYS: z.coerce.number().int().min(1).max(3_660).default(366),
});
export type PolicyConfig = z.output<typeof PolicyConfig>;
export const policyConfig = Symbol('policy config');
