import type { CompiledRule } from './check.ts';
import type { Reason } from './decision.ts';
import { isLive, type Exception, type Relief } from './exceptions.ts';
import type { Expression } from './expression.ts';
import { FindingView, type Facts } from './facts.ts';
import type { CompactFinding } from './finding.ts';
import { cut, printable } from './words.ts';

/** What every rule of one evaluation is judged by. */
export interface Case {
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
export function judge(rule: CompiledRule, { relief, ruleExceptions, at, all, left, worst }: Case): { reason: Reason; excepted_by: string[] | undefined } | undefined {
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
  return typeof summary === 'string' ? cut(printable(summary), 300) : 'internal failure';
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
