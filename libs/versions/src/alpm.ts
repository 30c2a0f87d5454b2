import { compareCounts, compareDigits, compareRuns, countOf, endOfDigits, endOfLetters, isDigit, isLetter, countKey } from './key.ts';
import { parseEvr, type RpmVersion } from './rpm.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

/**
 * `[epoch:]pkgver[-pkgrel]` of pacman: vercmp(8), lib/libalpm/version.c. An older rpmvercmp without tilde and caret,
 * where letters right after a number mean "before the release" and longer separators are newer.
 * A version without pkgrel equals every pkgrel of it, which no order can hold: there the key puts it first.
 * (Installed packages always have a pkgrel.)
 */
export const alpm: SchemeDefinition<RpmVersion> = {
  parse(version) {
    const evr = parseEvr(version);
    if (evr instanceof Unreadable) return evr;
    for (const part of [evr.version, evr.release ?? '0']) {
      if (part === '' || !isAlphanumeric(part.charCodeAt(part.length - 1))) return new Unreadable('ends with a separator');
    }
    return evr;
  },
  compare: (a, b) => compareCounts(a.epoch, b.epoch) || vercmp(a.version, b.version)
    || (a.release === undefined || b.release === undefined ? 0 : vercmp(a.release, b.release)),
  key: ({ epoch, version, release }) =>
    countKey(epoch) + partKey(version) + (release === undefined ? '\x01' : '\x02' + partKey(release)),
};

const isAlphanumeric = (c: number): boolean => isDigit(c) || isLetter(c);

function vercmp(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const p = i;
    const q = j;
    while (i < a.length && !isAlphanumeric(a.charCodeAt(i))) i++;
    while (j < b.length && !isAlphanumeric(b.charCodeAt(j))) j++;
    if (i - p !== j - q) return (i - p) - (j - q);
    const number = isDigit(a.charCodeAt(i));
    const s = i;
    const t = j;
    i = number ? endOfDigits(a, i) : endOfLetters(a, i);
    j = number ? endOfDigits(b, j) : endOfLetters(b, j);
    if (j === t) return number ? 1 : -1;
    const compared = number ? compareDigits(a, s, i, b, t, j) : compareRuns(a, s, i, b, t, j);
    if (compared !== 0) return compared;
  }
  if (i >= a.length && j >= b.length) return 0;
  const remainderIsOlder = isLetter((i < a.length ? a : b).charCodeAt(Math.max(i < a.length ? i : j, 0)));
  return (i < a.length) === remainderIsOlder ? -1 : 1;
}

/** Letters with no separator come before the end (1, 2), everything else after it, shorter separators first. */
function partKey(part: string): string {
  let key = '';
  let i = 0;
  while (i < part.length) {
    const separator = i;
    while (!isAlphanumeric(part.charCodeAt(i))) i++;
    const length = i - separator;
    const start = i;
    if (isDigit(part.charCodeAt(i))) {
      i = endOfDigits(part, i);
      key += mark(length, 1) + countKey(countOf(part, start, i));
    } else {
      i = endOfLetters(part, i);
      key += mark(length, 0) + part.slice(start, i) + '\x00';
    }
  }
  return key + '\x02';
}

const mark = (separatorLength: number, number: 0 | 1): string =>
  separatorLength === 0 && number === 0 ? '\x01' : '\x03' + String.fromCharCode(separatorLength >> 8, separatorLength & 0xff, number);
