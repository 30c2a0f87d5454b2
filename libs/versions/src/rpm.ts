import { compareCounts, compareDigits, compareRuns, type Count, countKey, countOf, endOfDigits, endOfLetters, isDigit, isLetter } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface RpmVersion {
  readonly epoch: Count;
  readonly version: string;
  /** Undefined when there is no dash: that is older than any release, even an empty one. */
  readonly release: string | undefined;
}

/** `[epoch:]version[-release]` of rpm, with tilde and caret: rpm rpmio/rpmvercmp.cc, lib/rpmds.c `rpmVersionCompare`, rpm-version(7). */
export const rpm: SchemeDefinition<RpmVersion> = {
  parse: parseEvr,
  compare: (a, b) => compareCounts(a.epoch, b.epoch) || rpmvercmp(a.version, b.version)
    || (a.release === undefined || b.release === undefined
      ? Number(a.release !== undefined) - Number(b.release !== undefined)
      : rpmvercmp(a.release, b.release)),
  key: ({ epoch, version, release }) =>
    countKey(epoch) + partKey(version) + (release === undefined ? '\x01' : '\x02' + partKey(release)),
};

/** The epoch is what stands before a colon when that is digits only; other colons belong to the version (as rpm's parseEVR has it). */
export function parseEvr(evr: string): RpmVersion | Unreadable {
  const digits = endOfDigits(evr, 0);
  const hasEpoch = digits < evr.length && evr.charCodeAt(digits) === 0x3a;
  const start = hasEpoch ? digits + 1 : 0;
  const dash = evr.lastIndexOf('-');
  const version = evr.slice(start, dash >= start ? dash : undefined);
  if (version === '') return new Unreadable('version is empty');
  return { epoch: hasEpoch ? countOf(evr, 0, digits) : 0, version, release: dash >= start ? evr.slice(dash + 1) : undefined };
}

/** What rpmvercmp tells apart. */
const separator = 0, digit = 1, letter = 2, tilde = 3, caret = 4;
const kinds = Uint8Array.from({ length: 0x80 }, (_, c) => isDigit(c) ? digit : isLetter(c) ? letter : c === 0x7e ? tilde : c === 0x5e ? caret : separator);
const kindOf = (text: string, i: number): number => kinds[text.charCodeAt(i)] ?? separator;

function rpmvercmp(a: string, b: string): number {
  let i = 0;
  let j = 0;
  for (;;) {
    let x = separator;
    let y = separator;
    while (i < a.length && (x = kindOf(a, i)) === separator) i++;
    while (j < b.length && (y = kindOf(b, j)) === separator) j++;
    if (i >= a.length || j >= b.length) return atEnd(i < a.length ? x : undefined, j < b.length ? y : undefined);
    if (x !== y) return ranks[x]! - ranks[y]!;
    const p = i++;
    const q = j++;
    if (x === tilde || x === caret) continue;
    while (i < a.length && kindOf(a, i) === x) i++;
    while (j < b.length && kindOf(b, j) === x) j++;
    const compared = x === digit ? compareDigits(a, p, i, b, q, j) : compareRuns(a, p, i, b, q, j);
    if (compared !== 0) return compared;
  }
}

/** By kind: tilde before the end of the version, then caret, letters, digits. */
const ranks = [0, 5, 4, 1, 3];
const endRank = 2;
const atEnd = (x: number | undefined, y: number | undefined): number =>
  (x === undefined ? endRank : ranks[x]!) - (y === undefined ? endRank : ranks[y]!);

/** Marks in their order: 1 tilde, 2 end, 3 caret, 4 letters, 5 number. */
function partKey(part: string): string {
  let key = '';
  let i = 0;
  while (i < part.length) {
    const kind = kindOf(part, i);
    const start = i++;
    if (kind === digit) {
      i = endOfDigits(part, i);
      key += '\x05' + countKey(countOf(part, start, i));
    } else if (kind === letter) {
      i = endOfLetters(part, i);
      key += '\x04' + part.slice(start, i) + '\x00';
    } else if (kind === tilde) key += '\x01';
    else if (kind === caret) key += '\x03';
  }
  return key + '\x02';
}
