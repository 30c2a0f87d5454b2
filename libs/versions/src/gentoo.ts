import { compareCounts, compareText, type Count, countKey, countOf, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface GentooVersion {
  readonly numbers: readonly string[];
  readonly letter: string;
  readonly suffixes: readonly (readonly [weight: number, number: Count])[];
  readonly revision: Count;
}

/** Package Manager Specification 3.3 "Version comparison": `1.2.3b_rc1_p2-r4`. */
export const gentoo: SchemeDefinition<GentooVersion> = {
  parse(version) {
    const match = pattern.exec(version);
    if (match === null) return new Unreadable('not a version the Package Manager Specification allows');
    const [, numbers, letter, suffixes, revision] = match;
    return {
      numbers: numbers!.split('.'),
      letter: letter!,
      suffixes: [...suffixes!.matchAll(/_([a-z]+)(\d*)/g)].map(([, name, number]) => [weights.indexOf(name!), countOf(number!)] as const),
      revision: countOf(revision ?? ''),
    };
  },
  compare(a, b) {
    const first = compareCounts(countOf(a.numbers[0]!), countOf(b.numbers[0]!));
    if (first !== 0) return first;
    for (let i = 1; i < a.numbers.length && i < b.numbers.length; i++) {
      const compared = compareNumbers(a.numbers[i]!, b.numbers[i]!);
      if (compared !== 0) return compared;
    }
    if (a.numbers.length !== b.numbers.length) return a.numbers.length - b.numbers.length;
    if (a.letter !== b.letter) return a.letter < b.letter ? -1 : 1;
    for (let i = 0; i < a.suffixes.length || i < b.suffixes.length; i++) {
      const x = a.suffixes[i] ?? noSuffix;
      const y = b.suffixes[i] ?? noSuffix;
      const compared = x[0] - y[0] || compareCounts(x[1], y[1]);
      if (compared !== 0) return compared;
    }
    return compareCounts(a.revision, b.revision);
  },
  key({ numbers, letter, suffixes, revision }) {
    let key = countKey(countOf(numbers[0]!));
    for (const number of numbers.slice(1)) {
      key += number.startsWith('0') ? '\x02' + textKey(number.replace(/0+$/, '')) : '\x03' + countKey(countOf(number));
    }
    key += '\x01' + (letter === '' ? '\x01' : letter);
    for (const [weight, number] of suffixes) key += String.fromCharCode(1 + weight) + countKey(number);
    return key + String.fromCharCode(1 + noSuffix[0]) + countKey(revision);
  },
};

const pattern = /^(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)\d*)*)(?:-r(\d+))?$/;
/** The empty one is "no suffix". */
const weights = ['alpha', 'beta', 'pre', 'rc', '', 'p'];
const noSuffix = [4, 0] as const;

/** Algorithm 3.3: with a leading zero on either side both are text without their trailing zeros. */
const compareNumbers = (a: string, b: string): number => a.startsWith('0') || b.startsWith('0')
  ? compareText(a.replace(/0+$/, ''), b.replace(/0+$/, ''))
  : compareCounts(countOf(a), countOf(b));
