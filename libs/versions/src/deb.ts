import { digitsOf, compareDigits, isDigit, isLetter, numberKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface DebVersion {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

/** `[epoch:]upstream[-revision]` of dpkg: Debian policy 5.6.12, deb-version(7); Ubuntu and every other dpkg distribution alike. */
export const deb: SchemeDefinition<DebVersion> = {
  parse(version) {
    const colon = version.indexOf(':');
    let epoch = '';
    if (colon >= 0) {
      for (let i = 0; i < colon; i++) if (!isDigit(version.charCodeAt(i))) return new Unreadable('epoch is not a number');
      if (colon === 0) return new Unreadable('epoch is empty');
      epoch = digitsOf(version, 0, colon);
      if (epoch.length > 10 || (epoch.length === 10 && epoch > '2147483647')) return new Unreadable('epoch is too big');
    }
    const dash = version.lastIndexOf('-');
    const upstream = version.slice(colon + 1, dash > colon ? dash : undefined);
    const revision = dash > colon ? version.slice(dash + 1) : '';
    if (upstream === '') return new Unreadable('upstream version is empty');
    if (dash > colon && revision === '') return new Unreadable('revision is empty');
    for (let i = 0; i < version.length; i++) if (version.charCodeAt(i) > 0x7e) return new Unreadable(`character at ${i} is not ASCII`);
    return { epoch, upstream, revision };
  },
  compare: (a, b) => compareDigits(a.epoch, b.epoch) || verrevcmp(a.upstream, b.upstream) || verrevcmp(a.revision, b.revision),
  key: ({ epoch, upstream, revision }) => numberKey(epoch) + partKey(upstream) + partKey(revision),
  irregular: ({ upstream, revision }) =>
    upstreamCharacters.test(upstream) && revisionCharacters.test(revision) ? undefined : 'a character dpkg does not allow in a version',
};

const upstreamCharacters = /^[A-Za-z0-9.+~:-]*$/;
const revisionCharacters = /^[A-Za-z0-9.+~]*$/;

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
    while (a.charCodeAt(i) === 0x30) i++;
    while (b.charCodeAt(j) === 0x30) j++;
    let first = 0;
    while (isDigit(a.charCodeAt(i)) && isDigit(b.charCodeAt(j))) {
      first ||= a.charCodeAt(i) - b.charCodeAt(j);
      i++;
      j++;
    }
    if (isDigit(a.charCodeAt(i))) return 1;
    if (isDigit(b.charCodeAt(j))) return -1;
    if (first !== 0) return first;
  }
  return 0;
}

/** Pairs of (non-digits, number) as verrevcmp meets them; 0x02 stands for the end of either, between tilde and letters. */
function partKey(part: string): string {
  let key = '';
  let i = 0;
  do {
    for (; i < part.length; i++) {
      const c = part.charCodeAt(i);
      if (isDigit(c)) break;
      key += c === 0x7e ? '\x01' : isLetter(c) ? part[i] : String.fromCharCode(c | 0x80);
    }
    const start = i;
    while (isDigit(part.charCodeAt(i))) i++;
    key += '\x02' + numberKey(digitsOf(part, start, i));
  } while (i < part.length);
  return key + '\x02';
}
