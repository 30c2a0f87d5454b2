import { compareCounts, type Count, countKey, countOf } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

/** Numbers between separators, the longer list newer when it starts with the shorter: CRAN (R's `package_version`), Hackage (Cabal `Version`), VERS intdot. */
export const dotted = (separators: RegExp): SchemeDefinition<readonly Count[]> => ({
  parse(version) {
    const numbers = version.split(separators);
    for (const number of numbers) if (!/^\d+$/.test(number)) return new Unreadable(`${JSON.stringify(number)} is not a number`);
    return numbers.map((number) => countOf(number));
  },
  compare(a, b) {
    const n = Math.min(a.length, b.length);
    for (let i = 0; i < n; i++) {
      const compared = compareCounts(a[i]!, b[i]!);
      if (compared !== 0) return compared;
    }
    return a.length - b.length;
  },
  key(numbers) {
    let key = '';
    for (const number of numbers) key += '\x02' + countKey(number);
    return key + '\x01';
  },
});
