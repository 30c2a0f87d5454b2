import { Inventory } from '@plimsoll/inventory';
import { Finding, FindingSummary, NotCovered } from '@plimsoll/matching';
import { z } from 'zod';
import { Verdict } from './policy.ts';

/** What `plimsoll scan --json` prints: everything known of one target, without a server. */
export const ScanReport = z.object({
  /** Raised when a field changes its meaning; new fields may come at any time. */
  version: z.literal(1),
  ...Inventory.shape,
  findings: z.array(Finding),
  not_covered: z.array(NotCovered),
  summary: FindingSummary,
  /** The policy's decision with its reasons, as a platform gives them; absent where no policy was asked (`plimsoll match`). */
  verdict: Verdict.pick({ decision: true, reasons: true, policy: true }).optional(),
  /** The advisory database that was asked. Without one there is no report: that is an error. */
  advisories: z.object({ revision: z.string(), built: z.string(), count: z.int().nonnegative() }),
  /** True when a part could not be read: then nothing here says that the target is clean, and the exit code is 1. */
  partial: z.boolean(),
});
export type ScanReport = z.output<typeof ScanReport>;
