import { Environment } from '@marcbachmann/cel-js';
import { admit } from './admit.ts';
import { measure } from './cost.ts';
import { ExpressionError, type Node } from './syntax.ts';
import { views, type Facts, type FindingView } from './facts.ts';
import { matchesPattern } from './patterns.ts';
import { fieldsOf, finding, variables, vocabulary, type Field } from './vocabulary.ts';

/** An expression that was parsed, type-checked and found affordable. */
export interface Expression<C = Facts> {
  readonly text: string;
  /** CEL type of the result. */
  readonly type: string;
  /** Most steps one evaluation can take, whatever the input. */
  readonly cost: number;
  /** Variables it reads. */
  readonly reads: ReadonlySet<string>;
  /** Throws the evaluator's error when the facts do not allow an answer. */
  readonly run: (facts: C) => unknown;
}

/** Facts and the finding `about` asks of. */
export interface FactsAboutFinding extends Facts { readonly finding: FindingView }

const limits = { maxAstNodes: 1_000, maxDepth: 32, maxListElements: 200, maxMapEntries: 50, maxCallArguments: 4 };

/** Where an expression stands. An insert may read what is missing (it then says so); a condition must ask first. */
type Scope = 'rule' | 'insert' | 'about';

const declaredIn = (scope: Scope): Readonly<Record<string, Field>> => (scope === 'about' ? { ...variables, finding } : variables);

const environments = new Map<Scope, Environment>();

/** Built when first needed and kept: building one costs as much as a thousand evaluations. */
function environmentOf(scope: Scope): Environment {
  const known = environments.get(scope);
  if (known) return known;
  const cel = new Environment({ limits });
  for (const [name, fields] of Object.entries(vocabulary)) {
    cel.registerType(name, { ctor: views[name as keyof typeof views], fields: Object.fromEntries(Object.entries(fields).map(([field, { type }]) => [field, type])) });
  }
  for (const [name, { type }] of Object.entries(declaredIn(scope))) cel.registerVariable(name, type);
  cel.registerFunction('string.matches_re2(string): bool', matchesPattern, { async: false });
  environments.set(scope, cel);
  return cel;
}

/**
 * Compiles one expression. Throws ExpressionError with what is wrong, where, and what to write instead:
 * syntax, unknown names, wrong types, functions outside the language, or a cost no bounded input can justify.
 */
export function compileExpression(text: string, expected: readonly string[], scope: 'rule' | 'insert'): Expression;
export function compileExpression(text: string, expected: readonly string[], scope: 'about'): Expression<FactsAboutFinding>;
export function compileExpression(text: string, expected: readonly string[], scope: Scope): Expression | Expression<FactsAboutFinding> {
  const declared = declaredIn(scope);
  const parsed = refusing(text, declared, () => environmentOf(scope).parse(text));
  // The evaluator's declared node type hides what checking adds to it; syntax.ts names what we read.
  const root = parsed.ast as unknown as Node;
  const reads = admit(root, declared);
  const { valid, type, error } = parsed.check();
  if (!valid || type === undefined) throw explained(error, text, declared);
  if (!expected.includes(type)) {
    throw new ExpressionError(`the result must be ${expected.join(' or ')}, and this is ${type}`, text, 0);
  }
  return { text, type, cost: measure(root, declared, scope === 'insert'), reads, run: parsed };
}

function refusing<T>(text: string, declared: Readonly<Record<string, Field>>, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw explained(error, text, declared);
  }
}

/** The evaluator's error in words that say what would be right. */
function explained(error: unknown, text: string, declared: Readonly<Record<string, Field>>): ExpressionError {
  if (!(error instanceof Error)) return new ExpressionError('it cannot be read', text, 0);
  // Nesting the parser does not count (!!!!…) ends here.
  if (error instanceof RangeError) return new ExpressionError('it is nested too deeply', text, 0);
  const { summary, code, range, node } = error as Error & { summary?: string; code?: string; range?: { start: number }; node?: Node };
  const position = range?.start ?? 0;
  const said = summary ?? error.message;
  if (code === 'unknown_variable') return new ExpressionError(`${said}; there are ${Object.keys(declared).join(', ')}`, text, position);
  if (code === 'no_such_key' && node?.op === '.') {
    const type = (node.args[0] as Node).checkedType?.name ?? '';
    const fields = fieldsOf(type);
    if (fields) return new ExpressionError(`${type} has no field ${String(node.args[1])}; it has ${Object.keys(fields).join(', ')}`, text, position);
  }
  const hint = /double .* int|int .* double/.test(said) ? '; write the number with a point, as in 9.0' : '';
  return new ExpressionError(said + hint, text, position);
}
