import { compareCounts, compareText, type Count, countKey, countOf, isNumber, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface LooseVersion { readonly numbers: readonly Count[]; readonly prerelease: readonly string[] }

/** The order for packages of no known manager: any count of dotted numbers (1.2 = 1.2.0), then a pre-release as in SemVer, with or without dash. */
export const loose: SchemeDefinition<LooseVersion> = {
  parse(version) {
    const match = pattern.exec(version);
    if (match === null) return new Unreadable('not numbers, pre-release and build');
    const numbers = match[1]!.split('.').map((number) => countOf(number));
    while (numbers.at(-1) === 0) numbers.pop();
    return { numbers, prerelease: match[2] === undefined || match[2] === '' ? [] : match[2].split('.') };
  },
  compare(a, b) {
    for (let i = 0; i < a.numbers.length || i < b.numbers.length; i++) {
      const compared = compareCounts(a.numbers[i] ?? 0, b.numbers[i] ?? 0);
      if (compared !== 0) return compared;
    }
    const releases = Number(a.prerelease.length === 0) - Number(b.prerelease.length === 0);
    if (releases !== 0) return releases;
    for (let i = 0; i < a.prerelease.length && i < b.prerelease.length; i++) {
      const compared = compareIdentifier(a.prerelease[i]!, b.prerelease[i]!);
      if (compared !== 0) return compared;
    }
    return a.prerelease.length - b.prerelease.length;
  },
  key({ numbers, prerelease }) {
    let key = '';
    for (const number of numbers) key += '\x02' + countKey(number);
    key += '\x01';
    if (prerelease.length === 0) return key + '\x02';
    key += '\x01';
    for (const part of prerelease) key += isNumber(part) ? '\x02' + countKey(countOf(part)) : '\x03' + textKey(part);
    return key + '\x01';
  },
};

const pattern = /^v?(\d+(?:\.\d+)*)(?:-?([0-9A-Za-z~-]*(?:\.[0-9A-Za-z~-]+)*))?(?:\+[0-9A-Za-z~.-]+)?$/i;

function compareIdentifier(a: string, b: string): number {
  const x = isNumber(a);
  const y = isNumber(b);
  return x && y ? compareCounts(countOf(a), countOf(b)) : x === y ? compareText(a, b) : x ? -1 : 1;
}
