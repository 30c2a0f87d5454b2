import { isPlaceholder, type Place, type SecretRule } from './rule.ts';
import { secretRules } from './rules.ts';

/** A secret in a text, from `start` to before `end` in bytes; `value` stays in this process. */
export interface FoundText { readonly rule: SecretRule; readonly start: number; readonly end: number; readonly value: string }

/** So many secrets are told of one text, and so many places with a mark are tried for one rule. */
const mostFound = 100, mostTries = 5_000;

/**
 * The secrets in a text, in its order. Every four bytes are looked up in a table of 64 KB that knows the marks of all rules, so that a text without
 * one costs about a nanosecond a byte; a pattern is tried only where its mark stands, on a window of bounded size.
 */
export function findSecrets(bytes: Buffer, place: Place): FoundText[] {
  const found: FoundText[] = [], tries = new Map<SecretRule, number>();
  for (let at = nextMark(bytes, 0); at >= 0; at = nextMark(bytes, at + 1)) {
    for (const { text, rule } of marks.get(fourAt(bytes, at)) ?? []) {
      if (!standsAt(bytes, at, text)) continue;
      const tried = tries.get(rule) ?? 0;
      if (tried >= mostTries) continue;
      tries.set(rule, tried + 1);
      const one = tryAt(bytes, at, text.length, rule, place);
      if (one && add(found, one) && found.length >= mostFound) return found;
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** The next place from `from` on whose four bytes may begin a mark; -1 for none. The inner loop of everything here. */
function nextMark(bytes: Buffer, from: number): number {
  const end = bytes.length - 3;
  if (from >= end) return -1;
  let four = fourAt(bytes, from) >>> 8;
  for (let i = from; i < end; i++) {
    four = (four << 8) | bytes[i + 3]! | 0x20;
    if (table[Math.imul(four, 0x9e3779b1) >>> 16] !== 0) return i;
  }
  return -1;
}

const fourAt = (bytes: Buffer, at: number): number => ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) | 0x20202020;

function tryAt(bytes: Buffer, at: number, length: number, rule: SecretRule, place: Place): FoundText | undefined {
  const { window = 300, pattern } = rule;
  // A few more in front, for patterns that look behind themselves.
  const from = Math.max(0, at - 24), text = bytes.toString('latin1', from, Math.min(bytes.length, at + length + window));
  pattern.lastIndex = at - from;
  const match = pattern.exec(text);
  if (!match) return undefined;
  const value = match[1] ?? match[0];
  if ((!rule.opaque && isPlaceholder(value)) || rule.accepts?.(value, match[0], place) === false) return undefined;
  const start = from + match.index + match[0].lastIndexOf(value);
  return { rule, start, end: start + value.length, value };
}

/** Rules stand in the order of their certainty: of two that see one secret, the first is told. */
function add(found: FoundText[], one: FoundText): boolean {
  const other = found.findIndex(({ start, end }) => start < one.end && one.start < end);
  if (other < 0) return found.push(one) > 0;
  if (secretRules.indexOf(one.rule) < secretRules.indexOf(found[other]!.rule)) found[other] = one;
  return false;
}

interface Mark { readonly text: Buffer; readonly rule: SecretRule }

/** First four bytes of the marks, letters as lower case, and a table of their hashes. */
const marks = new Map<number, Mark[]>();
const table = new Uint8Array(65_536);

for (const rule of secretRules) {
  for (const mark of rule.marks) {
    const text = Buffer.from(mark, 'latin1').map((byte) => byte | 0x20) as Buffer;
    // A mark of three characters may go on with anything a token is made of.
    const ends = text.length > 3 ? [text[3]!] : [...new Set([...Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_=/+.')].map((byte) => byte | 0x20))];
    for (const end of ends) {
      const four = (text[0]! << 24) | (text[1]! << 16) | (text[2]! << 8) | end;
      table[Math.imul(four, 0x9e3779b1) >>> 16] = 1;
      const list = marks.get(four);
      if (list) list.push({ text, rule });
      else marks.set(four, [{ text, rule }]);
    }
  }
}

function standsAt(bytes: Buffer, at: number, text: Buffer): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 3; i < text.length; i++) if ((bytes[at + i]! | 0x20) !== text[i]) return false;
  return true;
}
