import type { Filter, VerdictDecision } from '@plimsoll/contracts';
import { Severity } from '@plimsoll/matching';

/** What a filter looks at. */
export type Noticed =
  | { readonly name: 'revision.published' }
  | { readonly name: 'verdict.changed'; readonly decision: VerdictDecision; readonly reference: string; readonly worst: Worst };

/** The worst finding of an image; `cannot-tell` is never taken for harmless. */
export type Worst = Severity | 'none' | 'cannot-tell';

/** Whether a subscription wants to hear of it. */
export function wants(filter: Filter, noticed: Noticed): boolean {
  if (!filter.events.includes(noticed.name)) return false;
  if (noticed.name === 'revision.published') return true;
  return (filter.decisions === undefined || filter.decisions.includes(noticed.decision))
    && (filter.reference === undefined || globMatches(filter.reference, noticed.reference))
    && (filter.min_severity === undefined || isAtLeast(filter.min_severity, noticed.worst));
}

const isAtLeast = (least: Severity, worst: Worst): boolean =>
  worst === 'cannot-tell' || (worst !== 'none' && Severity.options.indexOf(worst) <= Severity.options.indexOf(least));

/** Linear in practice: on a mismatch it goes back to the last star only, so no pattern makes it slow. */
export function globMatches(glob: string, text: string): boolean {
  let g = 0, t = 0, star = -1, resume = 0;
  while (t < text.length) {
    if (g < glob.length && glob[g] === '*') { star = g++; resume = t; }
    else if (g < glob.length && (glob[g] === '?' || glob[g] === text[t])) { g++; t++; }
    else if (star >= 0) { g = star + 1; t = ++resume; }
    else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}
