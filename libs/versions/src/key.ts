/** The pieces order-preserving keys are made of. Every piece says itself where it ends, so pieces can be written one after another. */

const lengths = Array.from({ length: 0xf0 }, (_, n) => String.fromCharCode(0x10 + n));
/** From this many digits on, the length takes three bytes. */
const longNumber = 0xe0;

/** Decimal digits without leading zeros; zero is the empty string. */
export function digitsOf(text: string, from = 0, to = text.length): string {
  while (from < to && text.charCodeAt(from) === 0x30) from++;
  return text.slice(from, to);
}

/** Compares what {@link digitsOf} gave, of any size. */
export const compareDigits = (a: string, b: string): number =>
  a.length !== b.length ? a.length - b.length : a < b ? -1 : a > b ? 1 : 0;

/** Key of what {@link digitsOf} gave: its length, then the digits. First byte 0x10–0xff, so bytes below 0x10 are free for marks. */
export const numberKey = (digits: string): string => digits.length < longNumber
  ? lengths[digits.length]! + digits
  : String.fromCharCode(0x10 + longNumber, digits.length >> 8, digits.length & 0xff) + digits;

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
