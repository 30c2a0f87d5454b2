import { inputLimits } from './input.ts';
import { compilePattern } from './patterns.ts';
import { callOf, comprehensionOf, fail, operandsOf, wordsOf, type Call, type Node } from './syntax.ts';
import { fieldsOf, type Field } from './vocabulary.ts';

// The evaluator has no step limit, and a clock would make decisions differ between machines.
// So the bound is proven before anything runs: every list and text of an input has a largest size
// (inputLimits), hence every expression has a largest number of steps and a largest value.

export const costLimits = {
  /** Steps one expression may take: nodes visited, characters compared / 16, characters × states of a pattern. About 25 ns each. */
  expression: 4_000_000,
  /** Steps all expressions of a policy may take together. */
  policy: 8_000_000,
  /** Characters and elements one value may hold. */
  value: 1_000_000,
} as const;

/** The largest a value can be: characters of a text, elements of a list and the largest of them, or an object's type. */
interface Bound { readonly size: number; readonly element?: Bound; readonly key?: Bound; readonly type?: string }
interface Measured { readonly cost: number; readonly bound: Bound }
type Scope = ReadonlyMap<string, Bound>;

const scalar: Bound = { size: 1 };

/**
 * The most steps a checked expression can take on any input. Throws ExpressionError when that or a value is beyond
 * `costLimits`, when `has()` names a field that does not exist, or when an optional field is read without `has()`
 * (where `mayMiss`, it may be).
 */
export function measure(root: Node, declared: Readonly<Record<string, Field>>, mayMiss: boolean): number {
  const asked = new Set<string>();
  const optional: Node[] = [];
  const { cost } = visit(root, new Map(Object.entries(declared).map(([name, field]) => [name, boundOf(field)])));
  if (cost > costLimits.expression) {
    fail(root, `it may take ${Math.round(cost)} steps, and ${costLimits.expression} are allowed; avoid lists within lists, and patterns over many or long texts (startsWith and contains are cheap)`);
  }
  for (const node of mayMiss ? [] : optional) {
    if (!asked.has(wordsOf(node))) fail(node, `${wordsOf(node)} may be missing: write has(${wordsOf(node)}) && … first`);
  }
  return cost;

  function visit(node: Node, scope: Scope): Measured {
    const { cost, bound } = step(node, scope);
    if (weight(bound) > costLimits.value) fail(node, 'it may build a value that is too large');
    return { cost: cost + 1, bound };
  }

  function step(node: Node, scope: Scope): Measured {
    const call = callOf(node);
    if (call === undefined) return stepOperator(node, scope);
    if (call.name === 'has' && call.receiver === undefined) {
      const field = call.args[0]!;
      asked.add(wordsOf(field));
      return { cost: visit(field, scope).cost, bound: scalar };
    }
    const comprehension = comprehensionOf(call);
    if (comprehension) {
      const { variable, bodies } = comprehension;
      const range = visit(comprehension.range, scope);
      const inner = new Map([...scope, [variable, range.bound.key ?? range.bound.element ?? scalar]]);
      const measured = bodies.map((body) => visit(body, inner));
      const results: Record<string, Bound> = { filter: range.bound, map: { size: range.bound.size, element: measured.at(-1)!.bound } };
      return { cost: range.cost + range.bound.size * (2 + sum(measured)), bound: results[call.name] ?? scalar };
    }
    const receiver = call.receiver && visit(call.receiver, scope);
    const args = call.args.map((argument) => visit(argument, scope));
    const all = receiver ? [receiver, ...args] : args;
    return { cost: sum(all) + callCost(call, all), bound: callBound(call.name, receiver?.bound, args.map(({ bound }) => bound)) };
  }

  function stepOperator(node: Node, scope: Scope): Measured {
    if (node.op === 'value') return { cost: 0, bound: typeof node.args === 'string' ? { size: node.args.length } : scalar };
    if (node.op === 'id') return { cost: 0, bound: scope.get(node.args) ?? scalar };
    const operands = operandsOf(node).map((operand) => visit(operand, scope));
    const cost = sum(operands);
    const [first = { cost: 0, bound: scalar }, second = first] = operands;
    switch (node.op) {
      case '.': return { cost, bound: fieldBound(node, first.bound, node.args[1]) };
      case '[]': return { cost, bound: first.bound.type ? fieldBound(node, first.bound, node.args[1].args) : first.bound.element ?? scalar };
      case '?:': return { cost, bound: larger(second.bound, operands[2]!.bound) };
      case '+': return { cost: cost + (weight(first.bound) + weight(second.bound)) / 16, bound: joined(first.bound, second.bound) };
      case 'in': return { cost: cost + (second.bound.element ? second.bound.size * (1 + first.bound.size / 16) : 1), bound: scalar };
      case '==': case '!=': case '<': case '<=': case '>': case '>=': return { cost: cost + Math.min(weight(first.bound), weight(second.bound)) / 16, bound: scalar };
      case 'list': return { cost, bound: { size: operands.length, element: operands.map(({ bound }) => bound).reduce(larger, scalar) } };
      case 'map': return { cost, bound: { size: operands.length / 2, element: operands.map(({ bound }) => bound).reduce(larger, scalar), key: { size: inputLimits.text } } };
      default: return { cost, bound: scalar };
    }
  }

  function fieldBound(node: Node, of: Bound, name: unknown): Bound {
    const fields = of.type === undefined ? undefined : fieldsOf(of.type);
    if (fields === undefined) return of.element ?? scalar;
    const field = typeof name === 'string' && Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) return fail(node, `${of.type} has no such field; it has ${Object.keys(fields).join(', ')}`);
    if (field.optional) optional.push(node);
    return boundOf(field);
  }
}

function boundOf({ type, size }: Field): Bound {
  if (type.startsWith('list<')) return { size, element: { size: 1, type: type.slice(5, -1) } };
  // map<string, string>: the labels.
  if (type.startsWith('map<')) return { size, element: { size: inputLimits.labelValue }, key: { size: inputLimits.labelKey } };
  return fieldsOf(type) ? { size: 1, type } : { size };
}

/** Elements and characters in a value, all told. Values of the input itself weigh nothing: they are there anyway. */
function weight(bound: Bound): number {
  if (bound.key || bound.type) return 1;
  return bound.element ? bound.size * (1 + weight(bound.element)) : bound.size;
}

const sum = (measured: readonly Measured[]): number => measured.reduce((total, { cost }) => total + cost, 0);

const larger = (a: Bound, b: Bound): Bound => (weight(a) >= weight(b) ? a : b);

const joined = (a: Bound, b: Bound): Bound =>
  (a.element || b.element ? { size: a.size + b.size, element: larger(a.element ?? scalar, b.element ?? scalar) } : { size: a.size + b.size });

/** RE2 visits every state for every character at the worst; everything else looks at its operands once. */
function callCost({ name, args }: Call, operands: readonly Measured[]): number {
  if (name === 'matches_re2') return operands[0]!.bound.size * compilePattern(args[0]!.args).programSize();
  return operands.reduce((total, { bound }) => total + weight(bound), 0) / 16;
}

function callBound(name: string, receiver: Bound | undefined, args: readonly Bound[]): Bound {
  switch (name) {
    // Case mapping makes one character up to three (Unicode SpecialCasing.txt).
    case 'lowerAscii': case 'upperAscii': return { size: 3 * (receiver?.size ?? 1) };
    case 'trim': case 'substring': return receiver ?? scalar;
    case 'join': return { size: (receiver?.size ?? 1) * ((receiver?.element?.size ?? 1) + (args[0]?.size ?? 0)) };
    case 'string': return { size: Math.max(32, args[0]?.size ?? 0) };
    default: return scalar;
  }
}
