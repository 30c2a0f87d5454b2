import { compilePattern } from './patterns.ts';
import { callOf, comprehensionOf, comprehensions, fail, operandsOf, type Call, type Node } from './syntax.ts';
import type { Field } from './vocabulary.ts';

// What is not listed here is not in the language. Left out on purpose: dyn and type (they switch type checking off),
// cel.bind and split (they let values grow without a bound), time zones and getDayOfYear (they depend on the machine).

const functions = new Set(['has', 'size', 'int', 'double', 'string', 'duration', 'timestamp']);

/** Methods by their numbers of arguments. */
const methods = new Map<string, readonly number[]>([
  ['size', [0]], ['contains', [1]], ['startsWith', [1]], ['endsWith', [1]], ['matches', [1]],
  ['lowerAscii', [0]], ['upperAscii', [0]], ['trim', [0]], ['substring', [1, 2]], ['join', [0, 1]],
  ['getFullYear', [0]], ['getMonth', [0]], ['getDate', [0]], ['getDayOfWeek', [0]], ['getHours', [0]], ['getMinutes', [0]], ['getSeconds', [0]],
]);

/**
 * Refuses what the language leaves out, before types are checked, and turns `matches` into its RE2 form in place.
 * Returns the declared variables the expression reads.
 */
export function admit(root: Node, declared: Readonly<Record<string, Field>>): ReadonlySet<string> {
  const reads = new Set<string>();
  visit(root, new Set());
  return reads;

  function visit(node: Node, bound: ReadonlySet<string>): void {
    if (node.op === 'value' && node.args instanceof Uint8Array) fail(node, 'bytes are not part of the language; write a string');
    if (node.op === 'id') return visitName(node, bound);
    const call = callOf(node);
    if (call === undefined) return operandsOf(node).forEach((operand) => visit(operand, bound));

    const comprehension = comprehensionOf(call);
    if (comprehension) {
      const { variable, range, bodies } = comprehension;
      if (Object.hasOwn(declared, variable) || bound.has(variable)) fail(node, `${variable} is a name already; call the element something else`);
      visit(range, bound);
      return bodies.forEach((body) => visit(body, new Set([...bound, variable])));
    }
    admitCall(node, call);
    if (call.receiver) visit(call.receiver, bound);
    call.args.forEach((argument) => visit(argument, bound));
  }

  function visitName(node: Node, bound: ReadonlySet<string>): void {
    const name: string = node.args;
    if (bound.has(name)) return;
    if (!Object.hasOwn(declared, name)) fail(node, `there is no ${name}; there are ${Object.keys(declared).join(', ')}`);
    reads.add(name);
  }
}

function admitCall(node: Node, { name, receiver, args }: Call): void {
  if (receiver === undefined) {
    if (!functions.has(name)) fail(node, `there is no function ${name}; there are ${[...functions].join(', ')}`);
    if (name === 'duration' && !isLiteral(args[0], /^[+-]?(?:\d{1,9}(?:\.\d{1,9})?(?:h|m|s|ms))+$/)) fail(node, 'duration() takes a literal such as "72h" or "30m"');
    if (name === 'timestamp' && !isLiteral(args[0], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/)) fail(node, 'timestamp() takes a literal such as "2030-01-31T00:00:00Z"');
    return;
  }
  if (comprehensions.has(name)) fail(node, `${name} takes the name of an element and a condition, as in worst.${name}(f, f.fixable)`);
  const counts = methods.get(name);
  if (counts === undefined) fail(node, `there is no method ${name}; there are ${[...comprehensions, ...methods.keys()].join(', ')}`);
  if (!counts!.includes(args.length)) fail(node, `${name} takes ${counts!.join(' or ')} argument(s), and here are ${args.length}`);
  if (name === 'matches') admitPattern(node, args[0]!);
}

function admitPattern(node: Node, pattern: Node): void {
  if (!isLiteral(pattern, /^[^]{0,256}$/)) fail(pattern, 'matches() takes a literal pattern of at most 256 characters');
  try {
    compilePattern(pattern.args);
  } catch (error) {
    fail(pattern, `the pattern is not RE2: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  node.args[0] = 'matches_re2';
}

const isLiteral = (node: Node | undefined, shape: RegExp): boolean => node?.op === 'value' && typeof node.args === 'string' && shape.test(node.args);
