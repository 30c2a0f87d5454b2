import { z } from 'zod';

/** Worst first. `unknown` is not harmless: it sorts above `negligible`. */
export const Severity = z.enum(['critical', 'high', 'medium', 'low', 'unknown', 'negligible']);
export type Severity = z.output<typeof Severity>;

/** What the vendor says of a fix: there is one, none yet, there will be none, the release is out of support. */
export const FixState = z.enum(['available', 'none-yet', 'wont-fix', 'end-of-life', 'unknown']);
export type FixState = z.output<typeof FixState>;
