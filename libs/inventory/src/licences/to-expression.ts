import { createHash } from 'node:crypto';
import { exceptionNamed, licenceNamed } from './names.ts';
import { licencesOfText } from './of-text.ts';

/**
 * A licence as somebody wrote it as an SPDX expression (SPDX 2.3, annex D): identifiers of the list where it can be told which one is meant, else
 * a `LicenseRef-` that still shows the words. undefined where nothing was said.
 */
export function toExpression(text: string): string | undefined {
  const plain = text.trim().replace(/\s+/g, ' ');
  if (plain === '' || /^(?:none|noassertion|unknown|n\/a|-)$/i.test(plain)) return undefined;
  if (plain.length > 300) return licencesOfText(plain).join(' AND ') || reference(plain);
  if (/^LicenseRef-[A-Za-z0-9.-]+$/.test(plain)) return plain;
  return licenceNamed(plain) ?? compound(plain) ?? listed(plain) ?? reference(plain);
}

/** Several, as one expression; what is said twice counts once. */
export const toExpressions = (texts: readonly string[]): string[] => [...new Set(texts.flatMap((text) => toExpression(text) ?? []))];

type Token = '(' | ')' | 'AND' | 'OR' | 'WITH' | { readonly name: string };

/** Terms with and, or, with and parentheses, in any spelling: `GPLv2+ and (MIT or BSD)`, `GPL-2+ or Artistic, and Expat`, `MIT/Apache-2.0`. */
function compound(text: string): string | undefined {
  const tokens = tokensOf(text);
  if (!tokens.some((token) => token === 'AND' || token === 'OR' || token === 'WITH')) return undefined;
  let at = 0;
  const operand = (): string | undefined => {
    const token = tokens[at++];
    if (token === '(') {
      const inner = either();
      return inner !== undefined && tokens[at++] === ')' ? (/ (?:AND|OR) /.test(inner) ? `(${inner})` : inner) : undefined;
    }
    if (token === undefined || typeof token === 'string') return undefined;
    const licence = /^LicenseRef-[A-Za-z0-9.-]+$/.test(token.name) ? token.name : licenceNamed(token.name) ?? reference(token.name);
    if (tokens[at] !== 'WITH') return / OR /.test(licence) ? `(${licence})` : licence;
    const exception = tokens[at + 1];
    if (typeof exception !== 'object') return undefined;
    at += 2;
    const id = exceptionNamed(exception.name);
    return id && !licence.startsWith('LicenseRef-') ? `${licence} WITH ${id}` : reference(`${token.name} with ${exception.name}`);
  };
  const joined = (next: () => string | undefined, operator: 'AND' | 'OR'): (() => string | undefined) => () => {
    const terms = [next()];
    while (tokens[at] === operator) { at++; terms.push(next()); }
    return terms.includes(undefined) ? undefined : [...new Set(terms)].join(` ${operator} `);
  };
  const either = joined(joined(operand, 'AND'), 'OR');
  const expression = either();
  return at === tokens.length ? expression?.replace(/^\(([^()]*)\)$/, '$1') : undefined;
}

function tokensOf(text: string): Token[] {
  // Behind a comma, `and` and `or` bind weaker than in front of it (DEP-5, "License short name").
  const marked = text.replace(/^([^()]+),\s*(and|or)\s+/i, '($1) $2 ').replace(/(?<!LicenseRef\S*)-with-/gi, ' with ')
    .replace(/\bor\s*\(?(?:at your option\)?,?\s*)?(?:any\s+)?(?:later|newer)(?:\s+versions?)?/gi, '+').replace(/\s+\+/g, '+')
    .replace(/\band\s*\/\s*or\b/gi, ' or ').replace(/,\s*(and|or)\b/gi, ' $1').replace(/\s*(?:\|\|?|\s\/\s|(?<=[A-Za-z0-9+])\/(?=[A-Za-z]))\s*/g, ' or ').replace(/\s*(?:,|;|&&?)\s*/g, ' and ');
  const parts = marked.split(/([()]|\s(?:and|or|with|w\/)(?=[\s(])|^(?:and|or)\s|(?<=\))(?:and|or)(?=[\s(]))/i).map((part) => part.trim()).filter(Boolean);
  return parts.map((part): Token => {
    const word = part.toUpperCase();
    if (part === '(' || part === ')') return part;
    return word === 'AND' || word === 'OR' || word === 'WITH' ? word : word === 'W/' ? 'WITH' : { name: part };
  });
}

/** Older Alpine packages list several with nothing but spaces between them. */
function listed(text: string): string | undefined {
  const names = text.split(' ').map(licenceNamed);
  return names.length > 1 && names.every((name) => name !== undefined) ? [...new Set(names.map((name) => (/ OR /.test(name) ? `(${name})` : name)))].join(' AND ') : undefined;
}

/** A reference whose name is what was said, as far as it may stand in one. */
function reference(text: string): string {
  const slug = text.replace(/^LicenseRef-/, '').replace(/[^A-Za-z0-9.]+/g, '-').replace(/^-+|-+$/g, '');
  return `LicenseRef-${slug === '' || slug.length > 64 ? createHash('sha256').update(text).digest('hex').slice(0, 16) : slug}`;
}
