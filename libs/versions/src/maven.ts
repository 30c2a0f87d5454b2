import { compareCounts, compareText, type Count, countKey, countOf, isDigit, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

interface Token {
  /** `.` or `-`; a change between digits and letters is a `-` too. The first token has `.`. */
  readonly separator: '.' | '-';
  /** Undefined for a qualifier. */
  readonly number: Count | undefined;
  /** Qualifier in lower case with its aliases resolved; '' is a release (`ga`, `final`, `release`). */
  readonly text: string;
  /** Dashes before a number, counting those of `0-` left out before it: 1--1 < 1-1. */
  readonly depth: number;
}

export interface MavenVersion {
  /** Without zeros before a qualifier, as in Maven 4. */
  readonly tokens: readonly Token[];
  /** With zeros before a dotted qualifier, as Maven 3 compares them. */
  readonly maven3: readonly Token[];
}

/**
 * Maven's ComparableVersion: the POM reference, "Version Order Specification".
 * The rules of Maven 3 make circles (2.9.0.RC1 < 2.9.0 < 2.9.0-1 < 2.9.0.RC1), so they are kept for comparing two versions,
 * while the order of keys and ranges is Maven 4's: zeros before a qualifier do not count, and a qualifier is compared by its meaning
 * before its separator (1.foo > 1-alpha). Where Maven 4 calls two versions equal the separators decide at the very end (1.foo < 1-foo).
 */
export const maven: SchemeDefinition<MavenVersion> = {
  parse,
  compare({ tokens: a }, { tokens: b }) {
    for (let i = 0; i < a.length || i < b.length; i++) {
      const compared = compareTokens(a[i], b[i]);
      if (compared !== 0) return compared;
    }
    for (let i = 0; i < a.length; i++) {
      if (a[i]!.separator !== b[i]!.separator) return a[i]!.separator === '.' ? -1 : 1;
    }
    return 0;
  },
  pairwise: ({ maven3: a }, { maven3: b }) => {
    for (let i = 0; i < a.length || i < b.length; i++) {
      const compared = compareAsMaven3(a[i], b[i]);
      if (compared !== 0) return compared;
    }
    return 0;
  },
  key({ tokens }) {
    let key = '';
    let separators = '';
    for (const token of tokens) {
      const { number, text } = token;
      key += String.fromCharCode(rank(token));
      if (number !== undefined) key += countKey(number);
      else {
        if (rank(token) === ranks.unknown) key += textKey(text);
        separators += token.separator === '.' ? '\x01' : '\x02';
      }
    }
    return key + String.fromCharCode(ranks.end) + separators;
  },
};

/** Qualifiers before the release in their order; then the end of the version, the release itself, what comes after it, numbers. */
const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot'];
const ranks = { end: 6, release: 7, sp: 8, unknown: 9, dashNumber: 0x40, dotNumber: 0x41 };

function rank(token: Token | undefined): number {
  if (token === undefined) return ranks.end;
  if (token.number !== undefined) return token.separator === '.' ? ranks.dotNumber : ranks.dashNumber - Math.min(token.depth, 0x30);
  const known = qualifiers.indexOf(token.text);
  return known >= 0 ? known + 1 : token.text === '' ? ranks.release : token.text === 'sp' ? ranks.sp : ranks.unknown;
}

function compareTokens(a: Token | undefined, b: Token | undefined): number {
  const compared = rank(a) - rank(b);
  if (compared !== 0 || a === undefined || b === undefined) return compared;
  return a.number !== undefined ? compareCounts(a.number, b.number!) : rank(a) === ranks.unknown ? compareText(a.text, b.text) : 0;
}

/** A missing token is a zero or a release, whichever the other side has; ".qualifier" < "-qualifier" < "-number" < ".number". */
function compareAsMaven3(a: Token | undefined, b: Token | undefined): number {
  if (a === undefined || b === undefined) {
    const token = a ?? b!;
    return isNull(token) ? 0 : a === undefined ? ranks.end - rank(token) : rank(token) - ranks.end;
  }
  if (a.number !== undefined || b.number !== undefined) return compareTokens(a, b);
  const isLater = (token: Token): boolean => rank(token) >= ranks.sp;
  if (isLater(a) !== isLater(b)) return rank(a) - rank(b);
  if (a.separator !== b.separator) return a.separator === '.' ? -1 : 1;
  return compareTokens(a, b);
}

const aliases: Partial<Record<string, string>> = { cr: 'rc', ga: '', final: '', release: '' };
/** Only directly before a digit: 1-a1 is 1-alpha-1, but 1-a is just "a". */
const initials: Partial<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

function parse(version: string): MavenVersion | Unreadable {
  if (version === '') return new Unreadable('version is empty');
  const lower = version.toLowerCase();
  const tokens: Token[] = [];
  let separator: '.' | '-' = '.';
  let i = 0;
  for (;;) {
    const start = i;
    const number = i < lower.length && isDigit(lower.charCodeAt(i));
    while (i < lower.length && !isSeparator(lower.charCodeAt(i)) && isDigit(lower.charCodeAt(i)) === number) i++;
    if (i === start) tokens.push({ separator, number: 0, text: '', depth: 1 });
    else if (number) tokens.push({ separator, number: countOf(lower, start, i), text: '', depth: 1 });
    else {
      const text = lower.slice(start, i);
      const known = (i < lower.length && isDigit(lower.charCodeAt(i)) ? initials[text] : undefined) ?? aliases[text] ?? text;
      tokens.push({ separator, number: undefined, text: known, depth: 0 });
    }
    if (i >= lower.length) break;
    const c = lower.charCodeAt(i);
    separator = c === 0x2e ? '.' : '-';
    if (isSeparator(c)) i++;
  }
  const maven3 = normalise(tokens, false);
  return { tokens: normalise(maven3, true), maven3 };
}

const isSeparator = (c: number): boolean => c === 0x2e || c === 0x2d;
const isNull = ({ number, text }: Token): boolean => number === undefined ? text === '' : number === 0;

/** Zeros and releases count for nothing at the end and before a dash, in Maven 4 before any qualifier. The first token stays. */
function normalise(tokens: readonly Token[], beforeQualifiers: boolean): readonly Token[] {
  let kept: Token[] | undefined;
  for (let i = tokens.length - 1; i > 0; i--) {
    const token = tokens[i]!;
    if (!isNull(token)) continue;
    const next = (kept ?? tokens)[i + 1];
    if (next !== undefined && next.separator === '.' && (next.number !== undefined || !beforeQualifiers)) continue;
    kept ??= [...tokens];
    if (next?.number !== undefined && token.number !== undefined && token.separator === '-') kept[i + 1] = { ...next, depth: next.depth + token.depth };
    kept.splice(i, 1);
  }
  return kept ?? tokens;
}
