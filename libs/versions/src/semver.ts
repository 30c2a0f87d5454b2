import { compareCounts, compareText, type Count, countKey, countOf, exactDigits, isDigit, isNumber, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface SemanticVersion {
  /** As many as the rules have parts. */
  readonly numbers: readonly Count[];
  /** What stands after the dash; undefined for a release. */
  readonly prerelease: string | undefined;
  /** What stands after the plus; empty without. */
  readonly build: string;
}

export interface SemverRules {
  /** How many numbers a version may have; missing ones are zero. */
  readonly parts: 3 | 4;
  /** `1.0.0-alpha.006`: a number in npm, Pub, RubyGems and NuGet; text where SemVer 2.0 section 9 is kept. */
  readonly leadingZero: 'number' | 'text';
  /** Numeric identifiers above it are text (NuGet reads them as int32). */
  readonly largest?: number;
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
      const compared = compareCounts(a.numbers[i]!, b.numbers[i]!);
      if (compared !== 0) return compared;
    }
    if (a.prerelease !== b.prerelease) {
      const compared = rank(a, rules) - rank(b, rules) || compareIdentifiers(a.prerelease!, b.prerelease!, rules);
      if (compared !== 0) return compared;
    }
    return rules.build === 'ordered' ? compareIdentifiers(a.build, b.build, rules) : 0;
  },
  key(version) {
    let key = '';
    for (const number of version.numbers) key += countKey(number);
    key += rankMarks[rank(version, rules)]!;
    if (version.prerelease !== undefined) key += identifiersKey(version.prerelease, rules);
    return rules.build === 'ordered' ? key + identifiersKey(version.build, rules) : key;
  },
});

/** A pre-release comes before the release, a revision after it. */
const rank = ({ prerelease }: SemanticVersion, { revisions }: SemverRules): 0 | 1 | 2 =>
  prerelease === undefined ? 1 : revisions && isNumber(prerelease) ? 2 : 0;
const rankMarks = ['\x01', '\x02', '\x03'];

function parse(version: string, rules: SemverRules): SemanticVersion | Unreadable {
  let i = version.startsWith('=') ? 1 : 0;
  if (version.startsWith('v', i) || version.startsWith('V', i)) i++;
  const numbers: Count[] = rules.parts === 3 ? [0, 0, 0] : [0, 0, 0, 0];
  for (let part = 0; ; part++) {
    const start = i;
    let value = 0;
    for (; i < version.length; i++) {
      const c = version.charCodeAt(i);
      if (!isDigit(c)) break;
      value = value * 10 + c - 0x30;
    }
    if (i === start) return new Unreadable(`no number at ${start}`);
    if (part === rules.parts) return new Unreadable(`more than ${rules.parts} numbers`);
    numbers[part] = i - start > exactDigits ? countOf(version, start, i) : value;
    if (i === version.length) return { numbers, prerelease: undefined, build: '' };
    if (version.charCodeAt(i) !== 0x2e) break;
    i++;
  }
  const plus = version.indexOf('+', i);
  const build = plus < 0 ? '' : version.slice(plus + 1);
  if (plus >= 0 && !identifiers.test(build)) return new Unreadable('build metadata has an empty or misspelt identifier');
  if (i === plus) return { numbers, prerelease: undefined, build };
  const dash = version.charCodeAt(i) === 0x2d;
  if (!dash && !rules.dashOptional) return new Unreadable(`unexpected ${JSON.stringify(version[i])} at ${i}`);
  const prerelease = version.slice(dash ? i + 1 : i, plus < 0 ? undefined : plus);
  if (!identifiers.test(prerelease)) return new Unreadable('pre-release has an empty or misspelt identifier');
  return { numbers, prerelease: rules.ignoreCase ? prerelease.toLowerCase() : prerelease, build };
}

/** SemVer allows no underscore; registries let some in long ago. */
const identifiers = /^[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*$/;

/** The number an identifier counts as; undefined for text. */
function numberOf(identifier: string, { leadingZero, largest }: SemverRules): Count | undefined {
  if (!isNumber(identifier) || (leadingZero === 'text' && identifier.length > 1 && identifier.startsWith('0'))) return undefined;
  const number = countOf(identifier);
  return largest === undefined || compareCounts(number, largest) <= 0 ? number : undefined;
}

/** Numbers before text, each by its own order, the shorter list first. */
function compareIdentifiers(a: string, b: string, rules: SemverRules): number {
  if (a === b) return 0;
  const left = listOf(a);
  const right = listOf(b);
  const n = Math.min(left.length, right.length);
  for (let i = 0; i < n; i++) {
    const x = numberOf(left[i]!, rules);
    const y = numberOf(right[i]!, rules);
    const compared = x === undefined
      ? y === undefined ? compareText(left[i]!, right[i]!) : 1
      : y === undefined ? -1 : compareCounts(x, y);
    if (compared !== 0) return compared;
  }
  return left.length - right.length;
}

function identifiersKey(text: string, rules: SemverRules): string {
  let key = '';
  for (const identifier of listOf(text)) {
    const number = numberOf(identifier, rules);
    key += number === undefined ? '\x03' + textKey(identifier) : '\x02' + countKey(number);
  }
  return key + '\x01';
}

const listOf = (text: string): readonly string[] => text === '' ? [] : text.split('.');
