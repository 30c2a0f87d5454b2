import { Finding, Severity, type Severity as SeverityName } from '@plimsoll/matching';
import { z } from 'zod';

// What vocabulary.ts promises of these fields is what is enforced here.
const Name = z.string().max(512);

/** A finding in the few words a policy judges. Only what holds or may hold: `affected` and `undetermined`. */
export const CompactFinding = Finding.pick({ severity: true, score: true, fix_state: true }).extend({
  id: z.string().min(1).max(128),
  state: z.enum(['affected', 'undetermined']),
  fixed_version: z.string().max(1_024).optional(),
  /** RFC 3339, as the source wrote it: one that cannot be read is absent to a policy, not an error of the image. */
  published: z.string().max(64).optional(),
  /** When this platform first saw it in this image. */
  first_seen: z.string().max(64).optional(),
  /** CISA's catalogue says that it is exploited. */
  kev: z.boolean().optional(),
  package: Name, version: Name, purl: z.string().max(4_096),
});
export type CompactFinding = z.output<typeof CompactFinding>;

/** A vendor's fix can be installed today. */
export const isFixable = (finding: { readonly fix_state: string }): boolean => finding.fix_state === 'available';

/** Worst first: severity, then score, then names, so that two lists of the same findings are the same list. */
export function compareFindings(a: CompactFinding, b: CompactFinding): number {
  return rank[a.severity] - rank[b.severity] || (b.score ?? -1) - (a.score ?? -1)
    || compareText(a.id, b.id) || compareText(a.purl, b.purl) || compareText(a.state, b.state);
}

const rank = Object.fromEntries(Severity.options.map((severity, index) => [severity, index])) as Record<SeverityName, number>;

/** By UTF-16 code units: the same on every machine, whatever its locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
