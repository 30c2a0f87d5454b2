import { compareCounts, countOf, isDigit, countKey, textKey, compareText } from './key.ts';
import type { SchemeDefinition } from './scheme.ts';

type Token = readonly [kind: Kind, text: string];

export interface ApkVersion {
  /** The last one is of kind `end`, or `unknown` where apk can read no further. */
  readonly tokens: readonly Token[];
  readonly invalid: string | undefined;
}

/** `number{.number}{letter}{_suffix{number}}{~hash}{-rN}` of apk-tools 3, src/version.c; Alpine, Wolfi, Chainguard. */
export const apk: SchemeDefinition<ApkVersion> = {
  parse,
  compare(a, b) {
    for (let i = 0; ; i++) {
      const x = a.tokens[i];
      const y = b.tokens[i];
      if (x === undefined || y === undefined) return 0;
      if (x[0] === y[0]) {
        const compared = compareTokens(x, y);
        if (compared !== 0) return compared;
        continue;
      }
      // The one that goes on is newer, unless it goes on with a suffix of a pre-release.
      if (isPrerelease(x)) return -1;
      if (isPrerelease(y)) return 1;
      return y[0] - x[0];
    }
  },
  key(version) {
    let key = '';
    for (const token of version.tokens) key += tokenKey(token);
    return key;
  },
  irregular: ({ invalid }) => invalid,
};

/** In the order of apk-tools' TOKEN_*: at the first difference in kind, the higher kind is the older version. */
const first = 0, digit = 1, letter = 2, suffix = 3, suffixNumber = 4, hash = 5, revision = 6, end = 7, unknown = 8;
type Kind = typeof first | typeof digit | typeof letter | typeof suffix | typeof suffixNumber | typeof hash | typeof revision | typeof end | typeof unknown;

/** Index in this list is a suffix's weight; the empty one is "no suffix". */
const suffixes = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];
const weight = (name: string): number => suffixes.indexOf(name);
const isPrerelease = (token: Token): boolean => token[0] === suffix && weight(token[1]) < 4;

function parse(version: string): ApkVersion {
  const tokens: Token[] = [];
  let i = 0;
  let kind: Kind = first;
  const run = (more: (c: number) => boolean): string => {
    const start = i;
    while (i < version.length && more(version.charCodeAt(i))) i++;
    return version.slice(start, i);
  };
  const fail = (what: string): ApkVersion => {
    // In and after the revision apk takes any rubbish as one, and a revision of zero before it as none.
    const text = kind === revision || version[i] === '-' ? '' : version.slice(i);
    if (kind === revision && countOf(tokens.at(-1)![1]) === 0) tokens.pop();
    tokens.push([unknown, text]);
    return { tokens, invalid: what };
  };
  if (!isDigit(version.charCodeAt(0))) return fail('does not start with a digit');
  tokens.push([first, run(isDigit)]);
  let invalid: string | undefined;
  while (i < version.length) {
    const c = version.charCodeAt(i);
    if (c === 0x2e && kind <= digit) {
      if (!isDigit(version.charCodeAt(i + 1))) return fail('a dot without a number');
      i++;
      tokens.push([kind = digit, run(isDigit)]);
    } else if (c >= 0x61 && c <= 0x7a && kind <= digit) {
      tokens.push([kind = letter, version[i++]!]);
    } else if (isDigit(c) && kind === suffix) {
      tokens.push([kind = suffixNumber, run(isDigit)]);
    } else if (c === 0x5f && kind <= suffixNumber) {
      const start = i++;
      const name = run((x) => x >= 0x61 && x <= 0x7a);
      if (name === '' || weight(name) < 0) {
        i = start;
        return fail('an unknown suffix');
      }
      tokens.push([kind = suffix, name]);
    } else if (c === 0x7e && kind < hash) {
      i++;
      const digits = run((x) => isDigit(x) || (x >= 0x61 && x <= 0x66));
      if (digits === '') {
        i--;
        return fail('an empty commit hash');
      }
      tokens.push([kind = hash, digits]);
    } else if (c === 0x2d && version.charCodeAt(i + 1) === 0x72 && kind < revision) {
      i += 2;
      const digits = run(isDigit);
      if (digits === '') invalid = 'a revision without a number';
      tokens.push([kind = revision, digits]);
    } else return fail(`unexpected ${JSON.stringify(version[i])} at ${i}`);
  }
  tokens.push([end, '']);
  return { tokens, invalid };
}

function compareTokens([kind, x]: Token, [, y]: Token): number {
  switch (kind) {
    case digit:
      // A leading zero on either side makes it text, as in Gentoo: 1.02 < 1.1, 1.001 < 1.002.
      return x.startsWith('0') || y.startsWith('0') ? compareText(x, y) : compareCounts(countOf(x), countOf(y));
    case first: case suffixNumber: case revision: return compareCounts(countOf(x), countOf(y));
    case suffix: return weight(x) - weight(y);
    default: return compareText(x, y);
  }
}

/** Marks in their order: pre-release suffix, unknown, end, then the kinds from revision down to digit. */
function tokenKey(token: Token): string {
  const [kind, text] = token;
  switch (kind) {
    case suffix: return isPrerelease(token) ? '\x01' + String.fromCharCode(weight(text)) : '\x07' + String.fromCharCode(weight(text));
    case unknown: return '\x02' + textKey(text);
    case end: return '\x03';
    case revision: return '\x04' + countKey(countOf(text));
    case hash: return '\x05' + textKey(text);
    case suffixNumber: return '\x06' + countKey(countOf(text));
    case letter: return '\x08' + text;
    case digit: return text.startsWith('0') ? '\x09\x01' + textKey(text) : '\x09\x02' + countKey(countOf(text));
    case first: return '\x0a' + countKey(countOf(text));
  }
}
