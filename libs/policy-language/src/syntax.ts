/** What this library reads of the evaluator's syntax tree. Checking a tree fills in `checkedType`. */
export interface Node {
  readonly op: string;
  // Operands by operator: see the ASTNode type of @marcbachmann/cel-js.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly args: any;
  readonly start: number;
  readonly end: number;
  readonly input: string;
  readonly checkedType?: { readonly name: string };
}

/** What is wrong with an expression, at which character. */
export class ExpressionError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(what: string, text: string, position: number) {
    super(what);
    const before = text.slice(0, position).split('\n');
    this.line = before.length;
    this.column = (before.at(-1)?.length ?? 0) + 1;
  }
}

export const fail = (node: Node, what: string): never => {
  throw new ExpressionError(what, node.input, node.start);
};

/** A call's name, receiver (absent for a function) and arguments. */
export interface Call { readonly name: string; readonly receiver: Node | undefined; readonly args: readonly Node[] }

export function callOf(node: Node): Call | undefined {
  if (node.op === 'call') return { name: node.args[0], receiver: undefined, args: node.args[1] };
  if (node.op === 'rcall') return { name: node.args[0], receiver: node.args[1], args: node.args[2] };
  return undefined;
}

/** The operands of any node that is neither a call, a name nor a literal. */
export function operandsOf(node: Node): readonly Node[] {
  switch (node.op) {
    case '.': return [node.args[0]];
    case '!_': case '-_': return [node.args];
    case 'map': return node.args.flat();
    case 'id': case 'value': return [];
    default: return node.args;
  }
}

/** `all(f, …)` and its like: they name a variable and walk a list. */
export const comprehensions: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** The variable's name and the expressions evaluated once per element. */
export function comprehensionOf(call: Call): { variable: string; range: Node; bodies: readonly Node[] } | undefined {
  const [variable, ...bodies] = call.args;
  if (call.receiver === undefined || !comprehensions.has(call.name) || variable?.op !== 'id' || bodies.length === 0) return undefined;
  return { variable: variable.args, range: call.receiver, bodies };
}

/** The expression's own words for a node, without blanks: `f.score`. */
export const wordsOf = (node: Node): string => node.input.slice(node.start, node.end).replaceAll(/\s+/g, '');
