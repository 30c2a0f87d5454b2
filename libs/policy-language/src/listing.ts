import type { Finding } from '@plimsoll/matching';
import type { Exception } from './exceptions.ts';
import { compareFindings, type CompactFinding } from './finding.ts';
import type { MatchedInput } from './input.ts';

/** Findings listed for every image; more are listed only because an exception names them. */
export const listedAtMost = 200;

/** A finding as a policy sees it; undefined for one that does not hold (`fixed`, `not-affected`) or is suppressed. */
export function compact({ suppressed, id, severity, score, state, fix_state, fixed_version, published, first_seen, kev, package: { name, version, purl } }: Finding): CompactFinding | undefined {
  if (suppressed !== undefined || (state !== 'affected' && state !== 'undetermined')) return undefined;
  return {
    id, severity, state, fix_state, package: name, version, purl,
    ...(score !== undefined && { score }), ...(fixed_version !== undefined && { fixed_version }), ...(published !== undefined && { published }), ...(first_seen !== undefined && { first_seen }), ...(kev !== undefined && { kev: true }),
  };
}

/**
 * The `worst` and `looked_up` of an input from all findings of an image, the one choice every caller makes alike:
 * the worst 200, and every finding that an exception names, so that exceptions are taken out of the counts exactly.
 */
export function listFindings(findings: Iterable<CompactFinding>, exceptions: readonly Exception[]): Pick<MatchedInput, 'worst' | 'looked_up'> {
  const named = new Set(exceptions.flatMap(({ finding }) => finding ?? []));
  const sorted = [...findings].sort(compareFindings);
  const rest = sorted.slice(listedAtMost).filter(({ id }) => named.has(id));
  // Beyond the limit of an input an exception is no longer exact, and must not look as if it were.
  const room = rest.slice(0, listedAtMost);
  for (const { id } of rest.slice(listedAtMost)) named.delete(id);
  return { worst: [...sorted.slice(0, listedAtMost), ...room], looked_up: [...named].sort() };
}
