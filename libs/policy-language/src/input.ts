import { Digest, OperatingSystem, Target } from '@plimsoll/inventory';
import { FindingSummary, Severity } from '@plimsoll/matching';
import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import { digestOf } from './canonical.ts';
import { Exception } from './exceptions.ts';
import { CompactFinding, compareFindings, compareText, isFixable } from './finding.ts';
import { whereIs } from './parse.ts';

/** What an input may hold at most. These bounds are also what the cost of an expression is computed from. */
export const inputLimits = {
  /** Findings listed: the worst, and those looked up because an exception names them. */
  worst: 400,
  exceptions: 500,
  labels: 1_000,
  labelKey: 1_024,
  labelValue: 16_384,
  reference: 4_096,
  text: 1_024,
} as const;

const text = z.string().max(inputLimits.text);

const ImageFacts = z.object({
  project: z.string().max(63),
  reference: z.string().max(inputLimits.reference),
  digest: Digest.optional(),
  /** What was looked at; a directory has no user, no labels and no creation date to judge. */
  kind: Target.shape.kind.default('image'),
  platform: text.optional(),
  /** RFC 3339 as the image says; unreadable counts as absent. */
  created: z.string().max(64).optional(),
  user: text.optional(),
  labels: z.record(z.string().max(inputLimits.labelKey), z.string().max(inputLimits.labelValue)).optional(),
});
/** The image a decision is about. */
export type ImageInput = z.output<typeof ImageFacts>;

/** An image that was read and matched. */
const MatchedInput = z.object({
  version: z.literal(1),
  kind: z.literal('image'),
  image: ImageFacts,
  inventory: z.object({
    os: OperatingSystem.pick({ id: true, version_id: true, name: true }).nullable(),
    packages: z.int().nonnegative(),
    /** How many parts could not be read; above zero the inventory is partial. */
    problems: z.int().nonnegative(),
  }),
  /** Counts of all findings. */
  findings: FindingSummary,
  /** The worst findings, plus those looked up because an exception names them. Order does not matter. */
  worst: z.array(CompactFinding).max(inputLimits.worst),
  /** Ids that were looked up for exceptions: what is looked up and not in `worst` is not in the image. */
  looked_up: z.array(z.string().max(128)).max(inputLimits.exceptions).default([]),
  /** The feed revision behind the findings; null when none was ever published. */
  revision: z.object({ number: z.int().nonnegative(), published_at: z.iso.datetime({ offset: true }) }).nullable(),
  exceptions: z.array(Exception).max(inputLimits.exceptions).default([]),
});
export type MatchedInput = z.output<typeof MatchedInput>;

/** An image nobody could read. */
const RejectedInput = z.object({
  version: z.literal(1),
  kind: z.literal('rejected'),
  image: ImageFacts,
  problem: z.object({ kind: z.string().max(64), detail: z.string().max(4_096), code: z.string().max(128).optional() }),
});

/** Everything a policy sees of one image, kept beside the verdict so that it can be replayed. */
export const PolicyInput = z.discriminatedUnion('kind', [MatchedInput, RejectedInput]);
export type PolicyInput = z.output<typeof PolicyInput>;

/** An input that was checked, put into one order and named by its digest. Only `readInput` makes one. */
export interface ReadInput<I extends PolicyInput = PolicyInput> {
  readonly value: I;
  readonly digest: Digest;
  /** Every finding of the image is in `worst`. */
  readonly complete: boolean;
}

/**
 * Checks an input and puts it into its one order, so that the same facts have the same digest.
 * Throws Problem invalid `policy-input-invalid`; a caller judges that image as `rejected` with the problem, never as clean.
 */
export function readInput(raw: unknown): ReadInput {
  const parsed = PolicyInput.safeParse(raw);
  if (!parsed.success) {
    const errors = parsed.error.issues.slice(0, 50).map((issue) => ({ where: whereIs(issue.path), what: issue.message }));
    throw new Problem('invalid', `the policy input is wrong at ${errors[0]?.where}: ${errors[0]?.what}`, { code: 'policy-input-invalid', errors });
  }
  const input = parsed.data;
  if (input.kind === 'rejected') return { value: input, digest: digestOf(input), complete: false };
  if (new Set(input.exceptions.map(({ id }) => id)).size < input.exceptions.length) {
    throw invalid('policy-input-invalid', 'the policy input contradicts itself: two exceptions have the same id');
  }
  const value: MatchedInput = {
    ...input,
    worst: sortedFindings(input.worst),
    looked_up: [...new Set(input.looked_up)].sort(),
    exceptions: input.exceptions.toSorted((a, b) => compareText(a.id, b.id)),
  };
  const listed = countListed(value);
  return { value, digest: digestOf(value), complete: listed.affected === value.findings.total && listed.undetermined === value.findings.undetermined };
}

/** Sorted, and one per (id, package): that is how the summary counts. */
function sortedFindings(findings: readonly CompactFinding[]): CompactFinding[] {
  const sorted = findings.toSorted(compareFindings);
  const seen = new Set<string>();
  return sorted.filter(({ id, purl }) => {
    const key = `${id} ${purl}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Listed findings beyond the counts would make a count negative once excepted: such an input contradicts itself. */
function countListed({ worst, findings }: MatchedInput): { affected: number; undetermined: number } {
  const affected = worst.filter(({ state }) => state === 'affected');
  const undetermined = worst.length - affected.length;
  const contradiction = (what: string) => invalid('policy-input-invalid', `the policy input contradicts itself: more ${what} findings are listed than counted`);
  if (affected.length > findings.total) throw contradiction('affected');
  if (undetermined > findings.undetermined) throw contradiction('undetermined');
  for (const severity of Severity.options) {
    const listed = affected.filter((finding) => finding.severity === severity);
    if (listed.length > findings.by_severity[severity]) throw contradiction(severity);
    if (listed.filter(isFixable).length > findings.fixable[severity]) throw contradiction(`fixable ${severity}`);
  }
  return { affected: affected.length, undetermined };
}
