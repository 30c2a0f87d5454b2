import { rejectedRule } from './cannot-tell.ts';
import type { CompiledPolicy, CompiledRule } from './check.ts';
import type { Decision, ExceptedReason, ExceptionUse, Outcome, Reason } from './decision.ts';
import { coversImage, isLive, relieve, type Exception, type Relief } from './exceptions.ts';
import type { Expression } from './expression.ts';
import { factsOf, FindingView, type Facts } from './facts.ts';
import type { CompactFinding } from './finding.ts';
import type { MatchedInput, ReadInput } from './input.ts';

/**
 * Judges one input by one policy as of one instant. Never throws for what the input holds: an expression that fails
 * is a reason `error` and denies. Nothing but the three arguments goes in, so the same arguments give the same bytes.
 */
export function evaluate(policy: CompiledPolicy, input: ReadInput, at: Date): Decision {
  const about = { policy: { name: policy.policy.name, digest: policy.digest }, input_digest: input.digest, at: at.toISOString() };
  if (input.value.kind === 'rejected') {
    const { detail, code } = input.value.problem;
    const message = `the image could not be read: ${detail}${code === undefined ? '' : ` (${code})`}`;
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

/** What every rule of one evaluation is judged by. */
interface Case {
  readonly relief: Relief;
  readonly ruleExceptions: ReadonlyMap<string, readonly Exception[]>;
  readonly at: Date;
  /** The facts with every finding, and without the excepted ones (absent when none is). */
  readonly all: Facts;
  readonly left: Facts | undefined;
  readonly worst: readonly CompactFinding[];
}

/**
 * A violation counts when it is there with all findings and still there without the excepted ones.
 * Asking twice makes an exception unable to worsen a decision, whatever the rule compares.
 */
function judge(rule: CompiledRule, { relief, ruleExceptions, at, all, left, worst }: Case): { reason: Reason; excepted_by: string[] | undefined } | undefined {
  const before = answer(rule, all);
  if (before === 'clear') return undefined;
  const after = left ? answer(rule, left) : before;
  if (after === 'clear') {
    const findings = namedBy(rule, all, worst.filter((finding) => !relief.worst.includes(finding)));
    const applied = relief.exceptions.filter(({ live, findings: taken }) => live && taken.length > 0);
    const helping = applied.filter(({ findings: taken }) => taken.some(({ id }) => findings?.includes(id)));
    return { reason: reasonOf(rule, all, before, findings), excepted_by: (helping.length > 0 ? helping : applied).map(({ exception }) => exception.id) };
  }
  const facts = left ?? all;
  // One of the two could not be computed: then nobody can tell, and that is the answer.
  const outcome = before === 'violated' ? after : before;
  const accepted = (ruleExceptions.get(rule.rule.id) ?? []).filter((exception) => isLive(exception, at));
  return { reason: reasonOf(rule, facts, outcome, namedBy(rule, facts, relief.worst)), excepted_by: accepted.length > 0 ? accepted.map(({ id }) => id) : undefined };
}

type Answer = 'clear' | 'violated' | { readonly error: string };

function answer({ rule, when, violated, outcome }: CompiledRule, facts: Facts): Answer {
  let asked = 'when';
  try {
    if (when !== undefined && !isTrue(when, facts)) return 'clear';
    asked = outcome;
    return isTrue(violated, facts) ? 'violated' : 'clear';
  } catch (error) {
    return { error: `rule ${rule.id} could not be evaluated, so it counts as a denial: ${asked}: ${textOf(error)}` };
  }
}

function isTrue(expression: Expression, facts: Facts): boolean {
  const value = expression.run(facts);
  if (typeof value !== 'boolean') throw new TypeError('the result is not a bool');
  return value;
}

/** The evaluator's one-line summary. Other errors may carry text that depends on the machine, which has no place in a decision. */
function textOf(error: unknown): string {
  const summary = error instanceof Error && 'summary' in error ? error.summary : undefined;
  return typeof summary === 'string' ? summary.slice(0, 300) : 'internal failure';
}

function reasonOf({ rule, outcome, message, remediation }: CompiledRule, facts: Facts, answer: Exclude<Answer, 'clear'>, findings: string[] | undefined): Reason {
  if (answer !== 'violated') return { rule: rule.id, outcome: 'error', message: answer.error };
  return {
    rule: rule.id,
    outcome,
    message: message.write(facts),
    ...(findings !== undefined && findings.length > 0 && { findings }),
    ...(remediation && { remediation: remediation.write(facts) }),
    ...(rule.severity && { severity: rule.severity }),
  };
}

/** Ids of the findings a rule is about, once each, worst first; undefined for a rule that is about the image. */
function namedBy({ about }: CompiledRule, facts: Facts, findings: readonly CompactFinding[]): string[] | undefined {
  if (about === undefined) return undefined;
  const ids = new Set<string>();
  for (const finding of findings) {
    if (ids.size === 50) break;
    if (!ids.has(finding.id) && isAbout(about, facts, finding)) ids.add(finding.id);
  }
  return [...ids];
}

/** Names only illustrate a reason: a finding the question cannot be asked of is left out of them. */
function isAbout(about: NonNullable<CompiledRule['about']>, facts: Facts, finding: CompactFinding): boolean {
  try {
    const { image, inventory, findings, revision, now } = facts;
    return about.run({ image, inventory, findings, get worst() { return facts.worst; }, revision, now, finding: new FindingView(finding) }) === true;
  } catch {
    return false;
  }
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
