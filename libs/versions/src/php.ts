import { compareCounts, countOf, isDigit, isNumber, countKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface PhpVersion { readonly parts: readonly string[]; readonly irregular: string | undefined }

/** PHP's version_compare (ext/standard/versioning.c) after dropping a leading `v`, as OSV orders Packagist: 1.0 < 1.0.0, nothing is filled up. */
export const php: SchemeDefinition<PhpVersion> = {
  parse(version) {
    if (version === '') return new Unreadable('version is empty');
    const parts = partsOf(version.replace(/^v/i, ''));
    // A `#` equals every number, and a branch has no place among releases; no order can hold them.
    const irregular = parts.some((part) => part.startsWith('#')) ? 'a # is not part of a version'
      : /^dev-/i.test(version) ? 'a branch, not a version' : undefined;
    return { parts, irregular };
  },
  compare: (a, b) => compareParts(a.parts, b.parts),
  key: ({ parts }) => partsKey(parts),
  irregular: ({ irregular }) => irregular,
};

/** Splits at dots, dashes, underscores and pluses, and at every change between digits and the rest. */
export function partsOf(version: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let number = false;
  for (let i = 0; i <= version.length; i++) {
    const c = i < version.length ? version.charCodeAt(i) : 0x2e;
    const separator = c === 0x2e || c === 0x2d || c === 0x5f || c === 0x2b;
    const digit = isDigit(c);
    if (i > start && (separator || digit !== number)) {
      parts.push(version.slice(start, i));
      start = i;
    }
    if (separator) start = i + 1;
    number = digit;
  }
  return parts;
}

/** Forms in their order; an unknown word is older than all of them, a number stands where `#` does. */
const forms: readonly (readonly [prefix: string, rank: number])[] =
  [['dev', 2], ['alpha', 3], ['a', 3], ['beta', 4], ['b', 4], ['RC', 5], ['rc', 5], ['#', 7], ['pl', 8], ['p', 8]];
const numeral = 7;
const end = 6;
const rank = (part: string | undefined): number =>
  part === undefined ? end : isNumber(part) ? numeral : forms.find(([prefix]) => part.startsWith(prefix))?.[1] ?? 1;

export function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    const compared = isNumber(x) && isNumber(y) ? compareCounts(countOf(x), countOf(y)) : rank(x) - rank(y);
    if (compared !== 0) return compared;
  }
  if (a.length === b.length) return 0;
  if (a.length < b.length) return -compareParts(b, a);
  const rest = a.slice(b.length);
  return isNumber(rest[0]!) ? 1 : compareParts(rest, release);
}

/** What version_compare puts in the place of nothing: older than a number, but not than `#`. */
const release = ['#'];

export function partsKey(parts: readonly string[]): string {
  let key = '';
  for (const part of parts) key += isNumber(part) ? String.fromCharCode(numeral) + countKey(countOf(part)) : String.fromCharCode(rank(part));
  return key + String.fromCharCode(end);
}
