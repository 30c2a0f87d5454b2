/**
 * DER writing, ITU-T X.690 clauses 8 and 10: each function returns one whole element (tag, length, content).
 * Reading is done by `der-reader.ts`, which shares no code with this file, so that each can be tested by the other.
 */
export const element = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(tag), length(size), ...parts]);
};

/** Length octets in the shortest form (X.690 10.1), up to 2^32 - 1 bytes. */
export const length = (size: number): Uint8Array => {
  if (size < 0x80) return Uint8Array.of(size);
  const octets: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  if (octets.length > 4) throw new RangeError(`an element of ${size} bytes is longer than 4 GiB`);
  return Uint8Array.of(0x80 | octets.length, ...octets);
};

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => element(0x30, ...parts);

/** SET OF: DER wants the members in the order of their encodings (X.690 11.6). */
export const setOf = (...parts: readonly Uint8Array[]): Uint8Array => element(0x31, ...[...parts].sort(Buffer.compare));

export const boolean = (value: boolean): Uint8Array => Uint8Array.of(1, 1, value ? 0xff : 0);

/** A non-negative INTEGER, from a number or from the big-endian bytes of one. */
export const integer = (value: number | bigint | Uint8Array): Uint8Array => {
  const bytes = value instanceof Uint8Array ? value : bigEndian(BigInt(value));
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first === -1 ? Uint8Array.of(0) : bytes.subarray(first);
  return shortest[0]! & 0x80 ? element(2, Uint8Array.of(0), shortest) : element(2, shortest);
};

export const enumerated = (value: number): Uint8Array => element(10, Uint8Array.of(value));

/** An OBJECT IDENTIFIER from dotted decimal. */
export const objectIdentifier = (dotted: string): Uint8Array => {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  return element(6, ...[first * 40n + second, ...rest].map(base128));
};

export const octetString = (bytes: Uint8Array): Uint8Array => element(4, bytes);

export const bitString = (bytes: Uint8Array, unusedBits = 0): Uint8Array => element(3, Uint8Array.of(unusedBits), bytes);

/** A BIT STRING of named bits: bit 0 is the highest, trailing zeros are cut (X.690 11.2.2). */
export const namedBits = (bits: readonly number[]): Uint8Array => {
  if (bits.length === 0) return bitString(new Uint8Array());
  const highest = Math.max(...bits);
  const bytes = new Uint8Array((highest >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  return bitString(bytes, 7 - (highest & 7));
};

export const utf8String = (text: string): Uint8Array => element(12, Buffer.from(text, 'utf8'));
export const printableString = (text: string): Uint8Array => element(19, Buffer.from(text, 'latin1'));

/** UTCTime until 2049, GeneralizedTime from 2050, whole seconds, always Z (RFC 5280 4.1.2.5). */
export const time = (at: Date): Uint8Array => {
  const year = at.getUTCFullYear();
  const rest = [year % 100, at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].flatMap(twoDigits);
  const short = year >= 1950 && year < 2050;
  return Uint8Array.from(short ? [23, 13, ...rest, 0x5a] : [24, 15, ...twoDigits(Math.floor(year / 100)), ...rest, 0x5a]);
};

/** `[n]` around other elements. */
export const explicit = (n: number, ...parts: readonly Uint8Array[]): Uint8Array => element(0xa0 | n, ...parts);

/** `[n]` in place of a primitive tag. */
export const implicit = (n: number, content: Uint8Array): Uint8Array => element(0x80 | n, content);

const twoDigits = (value: number): number[] => [0x30 + Math.floor(value / 10), 0x30 + value % 10];

const bigEndian = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
};

const base128 = (arc: bigint): Uint8Array => {
  const septets = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) septets.unshift(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from(septets);
};
