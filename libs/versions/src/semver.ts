import { compareDigits, compareText, digitsOf, isDigit, isNumber, numberKey, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface SemanticVersion {
  /** Digits without leading zeros, padded to `parts`. */
  readonly numbers: readonly string[];
  /** Identifiers after the dash; undefined for a release. */
  readonly prerelease: readonly Identifier[] | undefined;
  /** Identifiers after the plus; empty without. */
  readonly build: readonly Identifier[];
}

/** An identifier with its digits when it counts as a number. */
interface Identifier { readonly digits: string | undefined; readonly text: string }

export interface SemverRules {
  /** How many numbers a version may have; missing ones are zero. */
  readonly parts: number;
  /** `1.0.0-alpha.006`: a number in npm, Pub and RubyGems; text where SemVer 2.0 section 9 is kept. */
  readonly leadingZero: 'number' | 'text';
  /** Identifiers longer than this many digits are text (NuGet reads them as int32). */
  readonly largest?: string;
  /** Pub orders by build metadata, last; everybody else ignores it. */
  readonly build?: 'ordered';
  /** NuGet does not care for case. */
  readonly ignoreCase?: boolean;
  /** npm reads `1.2.3beta` as `1.2.3-beta`. */
  readonly dashOptional?: boolean;
  /** Bitnami's `1.2.3-4` is the fourth build of 1.2.3, not something before it. */
  readonly revisions?: boolean;
}

/** SemVer 2.0.0 section 11 and its relatives, which differ in the small print of {@link SemverRules}. A leading `v` or `=` is ignored. */
export const semverLike = (rules: SemverRules): SchemeDefinition<SemanticVersion> => ({
  parse: (version) => parse(version, rules),
  compare(a, b) {
    for (let i = 0; i < rules.parts; i++) {
      const compared = compareDigits(a.numbers[i]!, b.numbers[i]!);
      if (compared !== 0) return compared;
    }
    if (a.prerelease !== b.prerelease) {
      const compared = rank(a, rules) - rank(b, rules) || compareIdentifiers(a.prerelease ?? [], b.prerelease ?? []);
      if (compared !== 0) return compared;
    }
    return rules.build === 'ordered' ? compareIdentifiers(a.build, b.build) : 0;
  },
  key(version) {
    let key = '';
    for (const number of version.numbers) key += numberKey(number);
    key += rankMarks[rank(version, rules)]!;
    if (version.prerelease !== undefined) key += identifiersKey(version.prerelease);
    return rules.build === 'ordered' ? key + identifiersKey(version.build) : key;
  },
});

/** A pre-release comes before the release, a revision after it. */
const rank = ({ prerelease }: SemanticVersion, { revisions }: SemverRules): 0 | 1 | 2 =>
  prerelease === undefined ? 1 : revisions && prerelease.length === 1 && prerelease[0]!.digits !== undefined ? 2 : 0;
const rankMarks = ['\x01', '\x02', '\x03'];

function parse(version: string, rules: SemverRules): SemanticVersion | Unreadable {
  const numbers: string[] = [];
  let i = version.charCodeAt(0) === 0x3d ? 1 : 0;
  if ((version.charCodeAt(i) | 0x20) === 0x76) i++;
  for (;;) {
    const start = i;
    while (isDigit(version.charCodeAt(i))) i++;
    if (i === start) return new Unreadable(`no number at ${start}`);
    numbers.push(digitsOf(version, start, i));
    if (version.charCodeAt(i) !== 0x2e) break;
    i++;
  }
  if (numbers.length > rules.parts) return new Unreadable(`${numbers.length} numbers, more than ${rules.parts}`);
  while (numbers.length < rules.parts) numbers.push('');
  if (i === version.length) return { numbers, prerelease: undefined, build: none };
  const plus = version.indexOf('+', i);
  let prerelease: readonly Identifier[] | undefined;
  const dash = version.charCodeAt(i) === 0x2d;
  if (i !== plus) {
    if (!dash && !rules.dashOptional) return new Unreadable(`unexpected ${JSON.stringify(version[i])} at ${i}`);
    const read = identifiers(version.slice(dash ? i + 1 : i, plus < 0 ? undefined : plus), rules);
    if (read === undefined) return new Unreadable('pre-release has an empty or misspelt identifier');
    prerelease = read;
  }
  if (plus < 0) return { numbers, prerelease, build: none };
  const build = identifiers(version.slice(plus + 1), rules);
  return build === undefined ? new Unreadable('build metadata has an empty or misspelt identifier') : { numbers, prerelease, build };
}

const none: readonly Identifier[] = [];

function identifiers(text: string, { leadingZero, largest, ignoreCase }: SemverRules): Identifier[] | undefined {
  const found: Identifier[] = [];
  for (const part of text.split('.')) {
    if (!identifier.test(part)) return undefined;
    const numeric = isNumber(part) && (leadingZero === 'number' || part === '0' || !part.startsWith('0'));
    const digits = numeric ? digitsOf(part) : undefined;
    const fits = digits !== undefined && (largest === undefined || compareDigits(digits, largest) <= 0);
    found.push({ digits: fits ? digits : undefined, text: ignoreCase ? part.toLowerCase() : part });
  }
  return found;
}

/** SemVer allows no underscore; registries let some in long ago. */
const identifier = /^[0-9A-Za-z_-]+$/;

/** Numbers before text, each by its own order, the shorter list first. */
function compareIdentifiers(a: readonly Identifier[], b: readonly Identifier[]): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (x.digits === undefined && y.digits === undefined) {
      const compared = compareText(x.text, y.text);
      if (compared !== 0) return compared;
    } else if (x.digits === undefined || y.digits === undefined) return x.digits === undefined ? 1 : -1;
    else {
      const compared = compareDigits(x.digits, y.digits);
      if (compared !== 0) return compared;
    }
  }
  return a.length - b.length;
}

function identifiersKey(list: readonly Identifier[]): string {
  let key = '';
  for (const { digits, text } of list) key += digits === undefined ? '\x03' + textKey(text) : '\x02' + numberKey(digits);
  return key + '\x01';
}
