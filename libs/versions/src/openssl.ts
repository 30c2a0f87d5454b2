import { compareCounts, compareText, type Count, countKey, countOf, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface OpensslVersion { readonly numbers: readonly Count[]; readonly letters: string; readonly pre: string | undefined }

/** OpenSSL's own releases: three numbers, patch letters until 1.1.1 (`0.9.8za` after `0.9.8z`), `-pre1` or `-beta1` before a release. */
export const openssl: SchemeDefinition<OpensslVersion> = {
  parse(version) {
    const match = /^(\d+)\.(\d+)\.(\d+)([a-z]*)(?:-([a-z0-9.]+))?$/i.exec(version);
    if (match === null) return new Unreadable('not an OpenSSL version');
    return { numbers: match.slice(1, 4).map((number) => countOf(number)), letters: match[4]!.toLowerCase(), pre: match[5]?.toLowerCase() };
  },
  compare(a, b) {
    for (let i = 0; i < 3; i++) {
      const compared = compareCounts(a.numbers[i]!, b.numbers[i]!);
      if (compared !== 0) return compared;
    }
    return compareText(a.letters, b.letters) || (a.pre === undefined || b.pre === undefined
      ? Number(a.pre === undefined) - Number(b.pre === undefined)
      : compareText(a.pre, b.pre));
  },
  key: ({ numbers, letters, pre }) =>
    numbers.map(countKey).join('') + textKey(letters) + (pre === undefined ? '\x02' : '\x01' + textKey(pre)),
};
