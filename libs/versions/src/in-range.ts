import type { Undetermined } from './compare.ts';
import { comparatorRange } from './range-comparators.ts';
import { composerRange } from './range-composer.ts';
import { intervalRange } from './range-intervals.ts';
import { type OsvAffected, osvRange } from './range-osv.ts';
import { pep440Range } from './range-pep440.ts';
import { gemRange } from './range-rubygems.ts';
import { semverRange } from './range-semver.ts';
import { versRange } from './range-vers.ts';
import { type Alternatives, maxRangeLength, type RangeAnswer, type RangeOptions, type RangeTest, testOf, undetermined, UnreadableRange } from './range.ts';
import type { Scheme } from './schemes.ts';

/** How each scheme's people write ranges; everybody else writes comparators. */
const grammars: Partial<Record<Scheme, (text: string, options: RangeOptions) => Alternatives>> = {
  npm: (text, options) => semverRange('npm', text, options),
  cargo: (text, options) => semverRange('cargo', text, options),
  hex: (text, options) => semverRange('hex', text, options),
  pub: (text, options) => semverRange('pub', text, options),
  swift: (text, options) => semverRange('swift', text, options),
  semver: (text, options) => semverRange('semver', text, options),
  maven: (text) => intervalRange('maven', text),
  nuget: (text) => intervalRange('nuget', text),
  pep440: pep440Range,
  rubygems: gemRange,
  composer: composerRange,
};

/**
 * Reads a range once: an expression in the scheme's own grammar, a VERS (`vers:npm/>=1|<2`, whose type decides the order),
 * or OSV's events and versions. Undetermined, with the reason, for a range that cannot be read.
 */
export function readRange(scheme: Scheme, range: string | OsvAffected, options: RangeOptions = {}): RangeTest | Undetermined {
  try {
    if (typeof range !== 'string') return osvRange(scheme, range);
    if (range.length > maxRangeLength) return undetermined(`range is ${range.length} characters long, more than ${maxRangeLength}`);
    if (/^vers:/i.test(range.trim())) return versRange(range);
    const grammar = grammars[scheme] ?? ((text: string) => comparatorRange(scheme, text));
    // Every blank is one space from here on: the grammars count on it.
    return testOf(scheme, grammar(range.trim().replace(/\s+/g, ' '), options));
  } catch (error) {
    if (error instanceof UnreadableRange) return undetermined(`cannot read range ${JSON.stringify(typeof range === 'string' ? range.slice(0, 80) : range)}: ${error.message}`);
    throw error;
  }
}

/** Whether a version lies in a range; `undetermined`, with the reason, when either cannot be read — which is never "no". Never throws. */
export function inRange(scheme: Scheme, version: string, range: string | OsvAffected, options: RangeOptions = {}): RangeAnswer {
  const test = readRange(scheme, range, options);
  return typeof test === 'function' ? test(version) : test;
}
