import { Severity } from '@plimsoll/matching';
import { z } from 'zod';
import { digestOf } from './canonical.ts';

/** What a policy may be at most; a document beyond it is refused as a whole. */
export const policyLimits = {
  /** Characters of the text, the same bound as `req.policy.set-policy.v1`. */
  text: 262_144,
  rules: 200,
  /** Characters of one expression. */
  expression: 4_096,
  /** Characters of a message or a remediation, inserts included. */
  message: 2_000,
} as const;

const Expression = z.string().trim().min(1).max(policyLimits.expression);
const Message = z.string().trim().min(1).max(policyLimits.message);
const RuleId = z.string().max(64).regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'an id is lower-case words joined by hyphens, like no-root-user');

/** One question and what follows when the answer is yes. Exactly one of `deny` and `warn`. */
export const Rule = z.strictObject({
  id: RuleId,
  title: z.string().trim().min(1).max(200),
  /** CEL, bool: the rule applies to this image. Absent: always. */
  when: Expression.optional(),
  /** CEL, bool: true means violated. */
  deny: Expression.optional(),
  warn: Expression.optional(),
  /** CEL over `finding`, bool: which of the listed findings the reason names. */
  about: Expression.optional(),
  /** What people read; `{{ expression }}` inserts a value. Absent: the title. */
  message: Message.optional(),
  /** What to do next, with the same inserts. */
  remediation: Message.optional(),
  severity: Severity.optional(),
}).refine((rule) => (rule.deny === undefined) !== (rule.warn === undefined), { error: 'a rule has either deny or warn, and not both' });
export type Rule = z.output<typeof Rule>;

const Answer = z.enum(['deny', 'warn', 'allow']);

/**
 * What to answer where nobody can tell, by name. A policy that says nothing gets these defaults,
 * so "cannot tell" passes only where somebody wrote `allow`.
 */
export const CannotTell = z.strictObject({
  /** Parts of the image could not be read. */
  partial_inventory: Answer.default('deny'),
  /** Not one package was recognised. */
  empty_inventory: Answer.default('warn'),
  /** No advisory revision has been ingested yet. */
  no_advisories: Answer.default('deny'),
  /** The revision is older than `stale_after_hours`. */
  stale_advisories: Answer.default('warn'),
  /** Versions that could not be compared with an advisory's range. */
  undetermined: Answer.default('warn'),
  /** Packages that no advisory source speaks of. */
  not_covered: Answer.default('warn'),
  /** A rule looks into `worst`, and the image has more findings than are listed there. */
  unlisted_findings: Answer.default('warn'),
});
export type CannotTell = z.output<typeof CannotTell>;

/** A policy as people write it, with its defaults filled in. */
export const Policy = z.strictObject({
  /** The language's version: a change of meaning raises it. */
  language: z.literal(1).default(1),
  name: z.string().max(64).regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'a name is lower-case words joined by hyphens'),
  description: z.string().max(2_000).optional(),
  cannot_tell: CannotTell.prefault({}),
  /** Advisories older than this many hours are stale. */
  stale_after_hours: z.int().min(1).max(8_760).default(168),
  rules: z.array(Rule).max(policyLimits.rules),
});
export type Policy = z.output<typeof Policy>;

/** Names a policy by its meaning: YAML or JSON, comments and key order make no difference; defaults count. */
export const policyDigest = (policy: Policy): string => digestOf(policy);
