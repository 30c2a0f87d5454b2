import { compareDigits, digitsOf, isDigit, isLetter, numberKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface RpmVersion {
  readonly epoch: string;
  readonly version: string;
  /** Undefined when there is no dash: that is older than any release, even an empty one. */
  readonly release: string | undefined;
}

/** `[epoch:]version[-release]` of rpm, with tilde and caret: rpm rpmio/rpmvercmp.cc, lib/rpmds.c `rpmVersionCompare`, rpm-version(7). */
export const rpm: SchemeDefinition<RpmVersion> = {
  parse: parseEvr,
  compare: (a, b) => compareDigits(a.epoch, b.epoch) || rpmvercmp(a.version, b.version)
    || (a.release === undefined || b.release === undefined
      ? Number(a.release !== undefined) - Number(b.release !== undefined)
      : rpmvercmp(a.release, b.release)),
  key: ({ epoch, version, release }) =>
    numberKey(epoch) + partKey(version) + (release === undefined ? '\x01' : '\x02' + partKey(release)),
};

/** The epoch is what stands before a colon when that is digits only; other colons belong to the version (as rpm's parseEVR has it). */
export function parseEvr(evr: string): RpmVersion | Unreadable {
  let digits = 0;
  while (isDigit(evr.charCodeAt(digits))) digits++;
  const hasEpoch = evr.charCodeAt(digits) === 0x3a;
  const start = hasEpoch ? digits + 1 : 0;
  const dash = evr.lastIndexOf('-');
  const version = evr.slice(start, dash >= start ? dash : undefined);
  if (version === '') return new Unreadable('version is empty');
  return { epoch: hasEpoch ? digitsOf(evr, 0, digits) : '', version, release: dash >= start ? evr.slice(dash + 1) : undefined };
}

const tilde = 0x7e;
const caret = 0x5e;
const isSeparator = (c: number): boolean => !isDigit(c) && !isLetter(c) && c !== tilde && c !== caret;

function rpmvercmp(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while (i < a.length && isSeparator(a.charCodeAt(i))) i++;
    while (j < b.length && isSeparator(b.charCodeAt(j))) j++;
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(j);
    if (x === tilde || y === tilde) {
      if (x !== y) return x === tilde ? -1 : 1;
      i++;
      j++;
      continue;
    }
    if (x === caret || y === caret) {
      if (i >= a.length) return -1;
      if (j >= b.length) return 1;
      if (x !== y) return x === caret ? -1 : 1;
      i++;
      j++;
      continue;
    }
    if (i >= a.length || j >= b.length) break;
    const number = isDigit(x);
    const kind = number ? isDigit : isLetter;
    const p = i;
    const q = j;
    while (kind(a.charCodeAt(i))) i++;
    while (kind(b.charCodeAt(j))) j++;
    if (j === q) return number ? 1 : -1;
    const s = number ? digitsOf(a, p, i) : a.slice(p, i);
    const t = number ? digitsOf(b, q, j) : b.slice(q, j);
    if (number && s.length !== t.length) return s.length - t.length;
    if (s !== t) return s < t ? -1 : 1;
  }
  return i < a.length ? 1 : j < b.length ? -1 : 0;
}

/** Marks in their order: 1 tilde, 2 end, 3 caret, 4 letters, 5 number. */
function partKey(part: string): string {
  let key = '';
  let i = 0;
  while (i < part.length) {
    const c = part.charCodeAt(i);
    const start = i;
    if (isDigit(c)) {
      while (isDigit(part.charCodeAt(i))) i++;
      key += '\x05' + numberKey(digitsOf(part, start, i));
    } else if (isLetter(c)) {
      while (isLetter(part.charCodeAt(i))) i++;
      key += '\x04' + part.slice(start, i) + '\x00';
    } else {
      if (c === tilde) key += '\x01';
      else if (c === caret) key += '\x03';
      i++;
    }
  }
  return key + '\x02';
}
