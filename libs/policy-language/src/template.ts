import { Duration } from '@marcbachmann/cel-js/evaluator';
import { compileExpression, type Expression } from './expression.ts';
import type { Facts } from './facts.ts';
import { ExpressionError } from './syntax.ts';
import { cut, printable } from './words.ts';

/** A message whose inserts were checked; writing it never throws. */
export interface Template {
  readonly cost: number;
  readonly write: (facts: Facts) => string;
}

const insertable = ['string', 'int', 'double', 'bool', 'list<string>', 'google.protobuf.Timestamp', 'google.protobuf.Duration'];

/** Compiles `There are {{ findings.total }} findings`. Throws ExpressionError for an insert that is wrong or not closed. */
export function compileTemplate(text: string): Template {
  const parts: (string | Expression)[] = [];
  let cost = 0;
  for (let from = 0; from < text.length;) {
    const open = text.indexOf('{{', from);
    if (open < 0) { parts.push(text.slice(from)); break; }
    const close = text.indexOf('}}', open);
    if (close < 0) throw new ExpressionError('an insert begins with {{ and is never closed with }}', text, open);
    const insert = compileExpression(text.slice(open + 2, close).trim(), insertable, 'insert');
    cost += insert.cost;
    parts.push(text.slice(from, open), insert);
    from = close + 2;
  }
  const write = (facts: Facts) => cut(parts.map((part) => (typeof part === 'string' ? part : inserted(part, facts))).join(''));
  return { cost, write };
}

/** A verdict hangs on conditions, never on its words: an insert that fails is marked and the rule still counts. */
function inserted(expression: Expression, facts: Facts): string {
  try {
    return shown(expression.run(facts));
  } catch {
    return `(${expression.text} is not known)`;
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) {
    const listed = value.slice(0, 10).map(shown).join(', ');
    return value.length > 10 ? `${listed} and ${value.length - 10} more` : listed;
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Duration) {
    const hours = value.getHours();
    return hours >= 48n ? `${hours / 24n} days` : `${hours} hours`;
  }
  return printable(String(value));
}
