import { compareCounts, compareDigits, type Count, countKey, countOf, endOfDigits, endOfLetters, isDigit, isLetter, isNumber } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface DebVersion {
  readonly epoch: Count;
  readonly upstream: string;
  readonly revision: string;
}

/** `[epoch:]upstream[-revision]` of dpkg: Debian policy 5.6.12, deb-version(7); Ubuntu and every other dpkg distribution alike. */
export const deb: SchemeDefinition<DebVersion> = {
  parse(version) {
    const colon = version.indexOf(':');
    let epoch: Count = 0;
    if (colon >= 0) {
      if (colon === 0) return new Unreadable('epoch is empty');
      if (!isNumber(version.slice(0, colon))) return new Unreadable('epoch is not a number');
      epoch = countOf(version, 0, colon);
      if (typeof epoch === 'string' || epoch > 0x7fffffff) return new Unreadable('epoch is too big');
    }
    const dash = version.lastIndexOf('-');
    if (dash <= colon) {
      const upstream = colon < 0 ? version : version.slice(colon + 1);
      return upstream === '' ? new Unreadable('upstream version is empty') : { epoch, upstream, revision: '' };
    }
    if (dash === colon + 1) return new Unreadable('upstream version is empty');
    if (dash === version.length - 1) return new Unreadable('revision is empty');
    return { epoch, upstream: version.slice(colon + 1, dash), revision: version.slice(dash + 1) };
  },
  compare: (a, b) => compareCounts(a.epoch, b.epoch) || verrevcmp(a.upstream, b.upstream) || verrevcmp(a.revision, b.revision),
  key: ({ epoch, upstream, revision }) => countKey(epoch) + partKey(upstream) + partKey(revision),
  irregular: ({ upstream, revision }) =>
    allowedInUpstream.test(upstream) && allowedInRevision.test(revision) ? undefined : 'a character dpkg does not allow in a version',
};

const allowedInUpstream = /^[A-Za-z0-9.+~:-]*$/;
const allowedInRevision = /^[A-Za-z0-9.+~]*$/;

/** dpkg lib/dpkg/version.c, `order`: tilde before the end, the end before letters, letters before the rest. */
const order = (c: number): number => c === 0x7e ? -1 : isDigit(c) ? 0 : isLetter(c) ? c : c + 256;

/** dpkg lib/dpkg/version.c, `verrevcmp`: runs of non-digits by {@link order}, runs of digits by value, in turn. */
function verrevcmp(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const x = i < a.length ? order(a.charCodeAt(i)) : 0;
      const y = j < b.length ? order(b.charCodeAt(j)) : 0;
      if (x !== y) return x - y;
      i++;
      j++;
    }
    const p = i;
    const q = j;
    i = endOfDigits(a, i);
    j = endOfDigits(b, j);
    const compared = compareDigits(a, p, i, b, q, j);
    if (compared !== 0) return compared;
  }
  return 0;
}

/** ASCII with the high bit set: after every letter. */
const others = Array.from({ length: 0x80 }, (_, c) => String.fromCharCode(c | 0x80));

/** Pairs of (non-digits, number) as verrevcmp meets them; 0x02 stands for the end of either, between tilde and letters. */
function partKey(part: string): string {
  let key = '';
  let i = 0;
  do {
    const text = i;
    i = endOfLetters(part, i);
    key += part.slice(text, i);
    for (; i < part.length; i++) {
      const c = part.charCodeAt(i);
      if (isDigit(c)) break;
      key += c === 0x7e ? '\x01' : isLetter(c) ? part[i] : others[c];
    }
    const start = i;
    i = endOfDigits(part, i);
    key += '\x02' + countKey(countOf(part, start, i));
  } while (i < part.length);
  return key + '\x02';
}
