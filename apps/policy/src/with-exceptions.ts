import { coversImage, inputLimits, isLive, listFindings, type CompactFinding, type Exception, type MatchedInput } from '@plimsoll/policy-language';

/** Findings that were asked for by id because exceptions name them. */
export interface LookedUp {
  readonly ids: readonly string[];
  readonly findings: readonly CompactFinding[];
}
export const nothingLookedUp: LookedUp = { ids: [], findings: [] };

/**
 * Ids that live exceptions name and that nobody can say are in the image or not: the list is not complete and they were not
 * looked up. One that is listed may be in further packages, so it is asked for too.
 */
export function idsToLookUp(facts: MatchedInput, exceptions: readonly Exception[], at: Date): string[] {
  if (isComplete(facts)) return [];
  const known = new Set(facts.looked_up);
  const named = inScope(facts, exceptions).flatMap((exception) => (exception.finding !== undefined && isLive(exception, at) ? exception.finding : []));
  return [...new Set(named)].filter((id) => !known.has(id));
}

/** The input with the exceptions that speak of this image, and the findings they name in its list. */
export function withExceptions(facts: MatchedInput, exceptions: readonly Exception[], found: LookedUp): MatchedInput {
  const speaking = inScope(facts, exceptions);
  const listed = new Set(facts.worst.map(keyOf));
  const { worst, looked_up } = listFindings([...facts.worst, ...found.findings.filter((finding) => !listed.has(keyOf(finding)))], speaking);
  // `listFindings` trusts that it saw all findings; here that holds only of what was asked for.
  const known = new Set([...facts.looked_up, ...found.ids]);
  return { ...facts, worst, looked_up: isComplete(facts) ? looked_up : looked_up.filter((id) => known.has(id)), exceptions: speaking };
}

/** Beyond what an input may hold the ones that end soonest are left out, which is the strict side. */
const inScope = (facts: MatchedInput, exceptions: readonly Exception[]): Exception[] =>
  exceptions.filter((exception) => coversImage(exception, facts.image)).sort((a, b) => Date.parse(b.until) - Date.parse(a.until)).slice(0, inputLimits.exceptions);

const isComplete = ({ worst, findings }: MatchedInput): boolean => new Set(worst.map(keyOf)).size >= findings.total + findings.undetermined;

/** How the summary counts: one per finding and package. */
const keyOf = ({ id, purl }: CompactFinding): string => `${id} ${purl}`;
