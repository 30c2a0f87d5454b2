import { Problem, type ProblemDetail } from '@plimsoll/problem';
import type { Digest } from '@plimsoll/inventory';
import { cannotTellRules, reservedRules } from './cannot-tell.ts';
import { costLimits } from './cost.ts';
import { compileExpression, type Expression, type FactsAboutFinding } from './expression.ts';
import { digestOf } from './canonical.ts';
import { inputLimits } from './input.ts';
import { parsePolicy } from './parse.ts';
import type { Policy, Rule } from './policy.ts';
import { ExpressionError } from './syntax.ts';
import { compileTemplate, type Template } from './template.ts';

export interface CompiledRule {
  readonly rule: Rule;
  readonly outcome: 'deny' | 'warn';
  readonly when: Expression | undefined;
  readonly violated: Expression;
  readonly about: Expression<FactsAboutFinding> | undefined;
  readonly message: Template;
  readonly remediation: Template | undefined;
}

/** A policy whose every expression parses, fits the types and is affordable. Keep it: compiling costs more than evaluating. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly digest: Digest;
  readonly rules: readonly CompiledRule[];
  /** Most steps one evaluation can take (see cost.ts). */
  readonly cost: number;
}

/** `parsePolicy` and `compilePolicy` in one. */
export const loadPolicy = (text: string): CompiledPolicy => compilePolicy(parsePolicy(text));

/**
 * Checks every expression of a policy and makes it ready to run.
 * Throws Problem invalid `policy-invalid` with every mistake at once: rule id, part, line and column, what to do.
 */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const mistakes: ProblemDetail[] = [];
  const seen = new Set<string>();
  const own: CompiledRule[] = [];
  for (const [index, rule] of policy.rules.entries()) {
    const where = `rules[${index}] ${rule.id}`;
    if (seen.has(rule.id)) mistakes.push({ where, what: 'another rule has this id already' });
    if (reservedRules.has(rule.id)) mistakes.push({ where, what: 'this id belongs to a built-in rule; set it under cannot_tell, or choose another id' });
    seen.add(rule.id);
    const compiled = compileRule(rule, where, mistakes);
    if (compiled) own.push(compiled);
  }
  const looksIntoList = own.some(({ when, violated }) => violated.reads.has('worst') || when?.reads.has('worst'));
  const builtIn = cannotTellRules(policy, looksIntoList).flatMap((rule) => compileRule(rule, `cannot_tell ${rule.id}`, mistakes) ?? []);
  const rules = [...builtIn, ...own];
  const cost = rules.reduce((total, rule) => total + costOf(rule), 0);
  if (cost > costLimits.policy) {
    mistakes.push({ where: 'the document', what: `all rules together may take ${Math.round(cost)} steps, and ${costLimits.policy} are allowed` });
  }
  if (mistakes.length > 0) throw new Problem('invalid', describe(mistakes), { code: 'policy-invalid', errors: mistakes.slice(0, 50) });
  return { policy, digest: digestOf(policy), rules, cost };
}

function compileRule(rule: Rule, where: string, mistakes: ProblemDetail[]): CompiledRule | undefined {
  const before = mistakes.length;
  const part = <T>(name: string, text: string | undefined, compile: (text: string) => T): T | undefined => {
    try {
      return text === undefined ? undefined : compile(text);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      mistakes.push({ where: `${where} ${name}, line ${error.line} column ${error.column}`, what: error.message });
      return undefined;
    }
  };
  const outcome = rule.deny === undefined ? 'warn' : 'deny';
  const when = part('when', rule.when, (text) => compileExpression(text, ['bool'], 'rule'));
  const violated = part(outcome, rule[outcome], (text) => compileExpression(text, ['bool'], 'rule'));
  const about = part('about', rule.about, (text) => compileExpression(text, ['bool'], 'about'));
  const message = part('message', rule.message ?? rule.title, rule.message === undefined ? plain : compileTemplate);
  const remediation = part('remediation', rule.remediation, compileTemplate);
  if (mistakes.length > before || violated === undefined || message === undefined) return undefined;
  return { rule, outcome, when, violated, about, message, remediation };
}

const plain = (text: string): Template => ({ cost: 0, write: () => text });

/** `about` is asked of every listed finding; its own cost counts one. */
const costOf = ({ when, violated, about, message, remediation }: CompiledRule): number =>
  (when?.cost ?? 0) + violated.cost + (about?.cost ?? 0) * inputLimits.worst + message.cost + (remediation?.cost ?? 0);

function describe(mistakes: readonly ProblemDetail[]): string {
  const [first] = mistakes;
  const more = mistakes.length === 1 ? '' : ` (and ${mistakes.length - 1} more)`;
  return `the policy cannot be used: ${first!.where}: ${first!.what}${more}`;
}
