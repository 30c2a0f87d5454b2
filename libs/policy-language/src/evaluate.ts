import { rejectedRule } from './cannot-tell.ts';
import type { CompiledPolicy } from './check.ts';
import type { Decision, ExceptedReason, ExceptionUse, Outcome, Reason } from './decision.ts';
import { coversImage, relieve, type Relief } from './exceptions.ts';
import { factsOf } from './facts.ts';
import type { MatchedInput, ReadInput } from './input.ts';
import { judge, type Case } from './judge.ts';
import { cut, printable } from './words.ts';

/**
 * Judges one input by one policy as of one instant. Never throws for what the input holds: an expression that fails
 * is a reason `error` and denies. Nothing but the three arguments goes in, so the same arguments give the same bytes.
 */
export function evaluate(policy: CompiledPolicy, input: ReadInput, at: Date): Decision {
  const about = { policy: { name: policy.policy.name, digest: policy.digest }, input_digest: input.digest, at: at.toISOString() };
  if (input.value.kind === 'rejected') {
    const { detail, code } = input.value.problem;
    const message = cut(printable(`the image could not be read: ${detail}${code === undefined ? '' : ` (${code})`}`));
    const remediation = 'push the image again once it can be read; nothing is known of it until then';
    return { version: 1, decision: 'deny', reasons: [{ rule: rejectedRule, outcome: 'deny', message, remediation }], excepted: [], exceptions: [], ...about };
  }
  const image = input.value;
  const { complete } = input;
  const inScope = image.exceptions.filter((exception) => coversImage(exception, image.image));
  const relief = relieve(inScope, image.worst, image.findings, complete, at);
  const matter: Case = {
    relief,
    ruleExceptions: Map.groupBy(inScope.filter(({ rule }) => rule !== undefined), ({ rule }) => rule!),
    at,
    all: factsOf(image, image.findings, image.worst, complete, at),
    left: relief.changed ? factsOf(image, relief.summary, relief.worst, complete, at) : undefined,
    worst: image.worst,
  };
  const reasons: Reason[] = [];
  const excepted: ExceptedReason[] = [];
  const violated = new Set<string>();
  for (const rule of policy.rules) {
    const judged = judge(rule, matter);
    if (judged === undefined) continue;
    violated.add(rule.rule.id);
    if (judged.excepted_by === undefined) reasons.push(judged.reason);
    else excepted.push({ ...judged.reason, excepted_by: judged.excepted_by });
  }
  reasons.sort((a, b) => Number(a.outcome === 'warn') - Number(b.outcome === 'warn'));
  return { version: 1, decision: worstOf(reasons), reasons, excepted, exceptions: usesOf(relief, violated, image, complete), ...about };
}

const worstOf = (reasons: readonly Reason[]): Outcome =>
  (reasons.some(({ outcome }) => outcome !== 'warn') ? 'deny' : reasons.length > 0 ? 'warn' : 'allow');

/** The exceptions that did something, would have, or may be owed something. */
function usesOf(relief: Relief, violated: ReadonlySet<string>, image: MatchedInput, complete: boolean): ExceptionUse[] {
  return relief.exceptions.flatMap(({ exception, live, findings }) => {
    const { id, finding, rule, until, reason, approved_by } = exception;
    const use = (state: ExceptionUse['state']): ExceptionUse[] => [{
      id, state,
      ...(finding !== undefined && { finding }),
      ...(rule !== undefined && { rule }),
      ...(findings.length > 0 && { packages: [...new Set(findings.map((taken) => taken.package))].slice(0, 50) }),
      until, reason, approved_by,
    }];
    const touches = rule !== undefined ? violated.has(rule) : findings.length > 0;
    if (touches) return use(live ? 'applied' : 'expired');
    const couldBeThere = live && finding !== undefined && !complete && !image.looked_up.includes(finding);
    return couldBeThere ? use('unseen') : [];
  });
}
