import { type Alternatives, type Condition, condition, type Operator, UnreadableRange, versionIn } from './range.ts';
import type { Scheme } from './schemes.ts';

const operators: Partial<Record<string, Operator>> = { '<': '<', '<<': '<', '<=': '<=', '=': '=', '==': '=', '': '=', '!=': '!=', '<>': '!=', '>=': '>=', '>': '>', '>>': '>' };

/** `>= 1.2, < 2 || 3.0`: comparators joined by commas or blanks, alternatives by bars; Debian's `<<` and `>>` too, in or out of parentheses. */
export function comparatorRange(scheme: Scheme, text: string): Alternatives {
  return text.split(/\|\|?/).map((alternative): Condition[] => {
    const terms = alternative.trim().replace(/^\((.*)\)$/, '$1').replace(/(?<=[<>=!]) /g, '').split(/[\s,]+/).filter((term) => term !== '');
    if (terms.length === 0) throw new UnreadableRange('a range without a version');
    return terms.filter((term) => term !== '*').map((term) => {
      const [, written, version] = /^([<>=!]*)(.*)$/.exec(term)!;
      const operator = operators[written!];
      if (operator === undefined || version === '') throw new UnreadableRange(`cannot read ${JSON.stringify(term)}`);
      return condition(scheme, operator, versionIn(scheme, version!));
    });
  });
}
