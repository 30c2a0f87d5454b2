/** The pieces order-preserving keys are made of. Every piece says itself where it ends, so pieces can be written one after another. */

/** A whole number of any size: a number where that is exact, else its digits without leading zeros. */
export type Count = number | string;

/** Digits a JavaScript number always holds exactly. */
export const exactDigits = 15;

/** Reads digits; none are zero. */
export function countOf(text: string, from = 0, to = text.length): Count {
  while (from < to && text.charCodeAt(from) === 0x30) from++;
  if (to - from > exactDigits) return text.slice(from, to);
  let value = 0;
  for (; from < to; from++) value = value * 10 + text.charCodeAt(from) - 0x30;
  return value;
}

export const compareCounts = (a: Count, b: Count): number => {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  return a.length !== b.length ? a.length - b.length : a < b ? -1 : a > b ? 1 : 0;
};

const lengths = Array.from({ length: 0xe0 }, (_, n) => String.fromCharCode(0x10 + n));
const digitsKey = (digits: string): string => digits.length < lengths.length
  ? lengths[digits.length]! + digits
  : String.fromCharCode(0xf0, digits.length >> 8, digits.length & 0xff) + digits;
/** Keys of the numbers that make up nearly all versions. */
const small = Array.from({ length: 1_000 }, (_, n) => digitsKey(n === 0 ? '' : String(n)));

/** How many digits, then the digits; zero has none. First byte 0x10–0xf0, so bytes below 0x10 are free for marks. */
export const countKey = (count: Count): string => typeof count === 'number' ? small[count] ?? digitsKey(String(count)) : digitsKey(count);

/** Compares two runs of digits where they stand. */
export function compareDigits(a: string, from: number, to: number, b: string, start: number, end: number): number {
  while (from < to && a.charCodeAt(from) === 0x30) from++;
  while (start < end && b.charCodeAt(start) === 0x30) start++;
  return to - from !== end - start ? to - from - (end - start) : compareRuns(a, from, to, b, start, end);
}

/** Compares two runs of ASCII characters where they stand; a prefix comes first. */
export function compareRuns(a: string, from: number, to: number, b: string, start: number, end: number): number {
  for (; from < to && start < end; from++, start++) {
    const compared = a.charCodeAt(from) - b.charCodeAt(start);
    if (compared !== 0) return compared;
  }
  return to - from - (end - start);
}

/** Key of text without a zero character: its UTF-8 bytes and a zero, so that a prefix comes first. */
export const textKey = (text: string): string => `${bytesOf(text)}\x00`;

/** UTF-8 order, which is the order of {@link textKey}. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const x = bytesOf(a);
  const y = bytesOf(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
export const isLetter = (c: number): boolean => (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a);

/** Index of the first character from `from` on that is no digit. Stays inside the text: a read past its end makes V8 give up on the loop. */
export function endOfDigits(text: string, from: number): number {
  while (from < text.length && isDigit(text.charCodeAt(from))) from++;
  return from;
}

/** Index of the first character from `from` on that is no ASCII letter. */
export function endOfLetters(text: string, from: number): number {
  while (from < text.length && isLetter(text.charCodeAt(from))) from++;
  return from;
}

/** True when the text is one or more ASCII digits. */
export function isNumber(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return text.length > 0;
}

/** Text as one character per UTF-8 byte. */
const bytesOf = (text: string): string => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1');
  return text;
};
