import { Problem } from '@plimsoll/problem';
import {
  canonicalJson, evaluate, nextDue, readInput, reservedRules,
  type CompiledPolicy, type Decision, type PolicyInput, type ReadInput, type Reason,
} from '@plimsoll/policy-language';
import { rejected } from './facts.ts';
import type { InForce } from './rulebook.ts';
import { idsToLookUp, withExceptions, type LookedUp } from './with-exceptions.ts';

/** One image judged as of one instant: what was decided and from what. */
export interface Judgement {
  readonly decision: Decision;
  readonly input: ReadInput;
  /** When it must be judged again though nobody says anything; undefined when time cannot change it. */
  readonly due: Date | undefined;
}

/** How soon an image that reads the clock is judged again, and one whose findings could not be looked up. */
export interface Delays { readonly clockMs: number; readonly lookUpMs: number }

/**
 * Judges facts by what is in force. Facts the language does not accept are an image nobody could read, never a clean one.
 * `facts` may be the input of an earlier judgement: its exceptions give way to the ones in force.
 */
export function judge({ policy, exceptions, newest }: InForce, given: PolicyInput, found: LookedUp, at: Date, { clockMs, lookUpMs }: Delays): Judgement {
  if (given.kind === 'rejected') return judged(policy, given, at, []);
  // A later revision that said nothing of this image found the same: the facts are as fresh as it is.
  const facts = newest && given.revision && newest.number > given.revision.number ? { ...given, revision: newest } : given;
  const open = idsToLookUp({ ...facts, looked_up: [...facts.looked_up, ...found.ids] }, exceptions, at);
  return judged(policy, withExceptions(facts, exceptions, found), at, [
    ...(open.length > 0 ? [at.getTime() + lookUpMs] : []),
    ...(readsClock(policy) ? [at.getTime() + clockMs] : []),
  ]);
}

function judged(policy: CompiledPolicy, facts: PolicyInput, at: Date, due: readonly number[]): Judgement {
  const input = readOrReject(facts);
  const next = Math.min(...due, nextDue(policy, input, at)?.getTime() ?? Infinity);
  return { decision: evaluate(policy, input, at), input, due: Number.isFinite(next) ? new Date(next) : undefined };
}

function readOrReject(facts: PolicyInput): ReadInput {
  try {
    return readInput(facts);
  } catch (error) {
    return readInput(rejected(facts.image, Problem.from(error).toJSON()));
  }
}

/** Whether a rule of its own asks what time it is; when those turn, `nextDue` does not know. */
const readsClock = ({ rules }: CompiledPolicy): boolean =>
  rules.some(({ rule, when, violated }) => !reservedRules.has(rule.id) && [when, violated].some((expression) => expression && /\bnow\b|\.age\b/.test(expression.text)));

/**
 * Whether people must be told: there was no verdict, or its decision or reasons differ. Messages hold ages ("8 days ago"),
 * so words that only the clock changed are no news: the former input, judged now, would have said them too.
 */
export function isNews(before: { readonly decision: Decision; readonly input: PolicyInput } | undefined, { decision, input }: Judgement, policy: CompiledPolicy): boolean {
  if (before === undefined || before.decision.decision !== decision.decision) return true;
  if (canonicalJson(before.decision.reasons) === canonicalJson(decision.reasons)) return false;
  if (before.decision.policy.digest !== policy.digest || shapeOf(before.decision.reasons) !== shapeOf(decision.reasons)) return true;
  if (before.decision.input_digest === input.digest) return false;
  return canonicalJson(evaluate(policy, readInput(before.input), new Date(decision.at)).reasons) !== canonicalJson(decision.reasons);
}

/** Reasons without their words. */
const shapeOf = (reasons: readonly Reason[]): string => canonicalJson(reasons.map(({ rule, outcome, findings, severity }) => ({ rule, outcome, findings, severity })));
