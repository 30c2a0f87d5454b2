import type { ImageMatched, ImageRejected } from '@plimsoll/contracts';
import { inputLimits, type CompactFinding, type MatchedInput, type PolicyInput } from '@plimsoll/policy-language';
import type { ProblemJson } from '@plimsoll/problem';

export type RejectedInput = Extract<PolicyInput, { kind: 'rejected' }>;

/** What a match says of an image, in the policy language's words; exceptions are added when it is judged. */
export function matchedFacts({ image, platform, os, configuration, packages, problems, revision, summary, worst }: ImageMatched): MatchedInput {
  return {
    version: 1, kind: 'image',
    image: { ...image, kind: 'image', platform, ...configuration },
    inventory: { os, packages, problems },
    findings: summary,
    // A list may carry what was found to be fixed; only what holds, or may, is judged.
    worst: worst.filter((finding): finding is CompactFinding => finding.state === 'affected' || finding.state === 'undetermined'),
    looked_up: [],
    revision: revision.number === 0 ? null : revision,
    exceptions: [],
  };
}

/** What a rejection says: an image of which only the problem is known. Texts of strangers are cut to what an input may hold. */
export const rejectedFacts = ({ project, target, digest, problem }: ImageRejected): RejectedInput => rejected({ project, reference: target, digest }, problem);

export const rejected = ({ project, reference, digest }: { project: string; reference: string; digest?: string | undefined }, { kind, detail, code }: ProblemJson): RejectedInput => ({
  version: 1, kind: 'rejected',
  image: { project, reference: reference.slice(0, inputLimits.reference), digest, kind: 'image' },
  problem: { kind, detail: detail.slice(0, 4_096), code: code?.slice(0, 128) },
});
