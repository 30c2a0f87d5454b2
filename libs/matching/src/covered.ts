import { z } from 'zod';

/** An ecosystem that some source has completely, by whom, and how many of their records speak of it. */
export const Covered = z.object({ ecosystem: z.string(), sources: z.array(z.string()), advisories: z.int().positive() });
export type Covered = z.output<typeof Covered>;
