import { invalid, type Problem } from '@plimsoll/problem';

/** One element as it lies in the input: nothing is copied. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content together: what a signature covers, what a byte comparison compares. */
  readonly der: Uint8Array;
}

/** Reads exactly one DER element and nothing after it. BER forms (X.690 10.1) are Problem `der-malformed`. */
export const readElement = (bytes: Uint8Array, where: string): Element => {
  const found = elementAt(bytes, 0, where);
  if (found.der.length !== bytes.length) throw malformed(where, `${bytes.length - found.der.length} bytes follow its end`);
  return found;
};

/** The elements inside a constructed one, in order. */
export const members = (parent: Element, where: string): Element[] => [...walk(parent, where)];

/** The same one at a time, for lists too long to hold. */
export function* walk(parent: Element, where: string): Generator<Element> {
  if ((parent.tag & 0x20) === 0) throw malformed(where, 'a primitive element where a list belongs');
  for (let at = 0; at < parent.content.length;) {
    const next = elementAt(parent.content, at, where);
    at += next.der.length;
    yield next;
  }
}

/** Takes the members of a SEQUENCE one after the other; `end` refuses what nobody asked for. */
export interface Fields {
  take(tag: number, name: string): Element;
  maybe(tag: number): Element | undefined;
  any(name: string): Element;
  end(): void;
}

export const fieldsOf = (parent: Element, where: string, tag = 0x30): Fields => {
  if (parent.tag !== tag) throw malformed(where, `tag ${hex(parent.tag)} where ${hex(tag)} belongs`);
  const rest = members(parent, where);
  const any = (name: string): Element => rest.shift() ?? refuse(where, `${name} is missing`);
  return {
    any,
    take: (wanted, name) => {
      const next = any(name);
      return next.tag === wanted ? next : refuse(where, `${name} has tag ${hex(next.tag)}, not ${hex(wanted)}`);
    },
    maybe: (wanted) => rest[0]?.tag === wanted ? rest.shift() : undefined,
    end: () => { if (rest.length > 0) throw malformed(where, `${rest.length} unexpected elements at its end`); },
  };
};

/** The content octets of an INTEGER, shortest form, as they are (two's complement). */
export const integerBytes = ({ tag, content }: Element, where: string): Uint8Array => {
  if (tag !== 2 && tag !== 10) throw malformed(where, `tag ${hex(tag)} where a number belongs`);
  const [first, second] = content;
  if (first === undefined || (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))) throw malformed(where, 'a number that is not in its shortest form');
  return content;
};

/** A number between 0 and 2^31 - 1. */
export const smallNumber = (element: Element, where: string): number => {
  const bytes = integerBytes(element, where);
  if (bytes.length > 4 || bytes[0]! >= 0x80) throw malformed(where, 'a number out of range');
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
};

/** Dotted decimal. */
export const identifierText = ({ tag, content }: Element, where: string): string => {
  if (tag !== 6 || content.length === 0 || content.length > 64 || content.at(-1)! >= 0x80) throw malformed(where, 'a malformed object identifier');
  const arcs: bigint[] = [];
  for (let arc = 0n, fresh = true, at = 0; at < content.length; at++) {
    const byte = content[at]!;
    if (fresh && byte === 0x80) throw malformed(where, 'an object identifier that is not in its shortest form');
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (fresh) { arcs.push(arc); arc = 0n; }
  }
  const head = arcs[0]!, first = head < 40n ? 0n : head < 80n ? 1n : 2n;
  return [first, head - first * 40n, ...arcs.slice(1)].join('.');
};

export const booleanValue = ({ tag, content }: Element, where: string): boolean => {
  if (tag !== 1 || content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw malformed(where, 'a malformed boolean');
  return content[0] === 0xff;
};

/** The bytes of a BIT STRING that holds whole bytes (keys and signatures). */
export const bitStringBytes = ({ tag, content }: Element, where: string): Uint8Array => {
  if (tag !== 3 || content[0] !== 0) throw malformed(where, 'not a bit string of whole bytes');
  return content.subarray(1);
};

/** The numbers of the bits that are set, bit 0 being the highest; trailing zeros are refused (X.690 11.2.2). */
export const bitNumbers = ({ tag, content }: Element, where: string): number[] => {
  const unused = content[0] ?? 8, bytes = content.subarray(1), last = bytes.at(-1);
  if (tag !== 3 || unused > 7 || (last === undefined ? unused !== 0 : ((last >> unused) & 1) === 0 || (last & ((1 << unused) - 1)) !== 0)) throw malformed(where, 'a malformed list of bits');
  return [...bytes].flatMap((byte, at) => [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (0x80 >> bit)).map((bit) => at * 8 + bit));
};

/** UTCTime or GeneralizedTime in the one form RFC 5280 4.1.2.5 allows: whole seconds, Z, UTCTime until 2049. */
export const timeValue = ({ tag, content }: Element, where: string): Date => {
  const digits = content.subarray(0, -1);
  if (content.at(-1) !== 0x5a || !((tag === 23 && digits.length === 12) || (tag === 24 && digits.length === 14)) || !digits.every((byte) => byte >= 0x30 && byte <= 0x39)) throw malformed(where, 'a malformed time');
  const two = (fromEnd: number): number => (digits[digits.length - fromEnd]! - 0x30) * 10 + digits[digits.length - fromEnd + 1]! - 0x30;
  const year = tag === 24 ? two(14) * 100 + two(12) : two(12) + (two(12) < 50 ? 2000 : 1900);
  const at = new Date(Date.UTC(year, two(10) - 1, two(8), two(6), two(4), two(2)));
  if (year < 100) at.setUTCFullYear(year);  // Date.UTC takes 0 to 99 for 1900 to 1999
  if (at.getUTCMonth() !== two(10) - 1 || at.getUTCDate() !== two(8) || at.getUTCHours() !== two(6) || at.getUTCMinutes() !== two(4) || at.getUTCSeconds() !== two(2)) throw malformed(where, 'a time that does not exist');
  if (tag === 24 && year >= 1950 && year < 2050) throw malformed(where, 'a time before 2050 written as GeneralizedTime');
  return at;
};

/** The text of any of the string types a name may use; undefined for other types and for bytes that are not that type's. */
export const stringValue = ({ tag, content }: Element): string | undefined => {
  const latin = () => Buffer.from(content).toString('latin1');
  switch (tag) {
    case 12: try { return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content); } catch { return undefined; }
    case 19: return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(latin()) ? latin() : undefined;
    case 22: return ascii(content);
    case 20: return latin();
    case 30: return content.length % 2 === 0 ? new TextDecoder('utf-16be').decode(content) : undefined;
    default: return undefined;
  }
};

/** IA5String content; undefined if a byte is not ASCII. */
export const ascii = (bytes: Uint8Array): string | undefined =>
  bytes.every((byte) => byte < 0x80) ? Buffer.from(bytes).toString('latin1') : undefined;

export const malformed = (where: string, what: string): Problem => invalid('der-malformed', `${where}: ${what}`);

const refuse = (where: string, what: string): never => { throw malformed(where, what); };

const hex = (tag: number): string => `0x${tag.toString(16)}`;

const elementAt = (bytes: Uint8Array, start: number, where: string): Element => {
  const tag = bytes[start], first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw malformed(where, 'it ends inside an element');
  if ((tag & 0x1f) === 0x1f) throw malformed(where, 'a multi-byte tag');
  let size = first, from = start + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4) throw malformed(where, 'a length that DER does not have');
    size = 0;
    for (let at = 0; at < octets; at++) size = size * 256 + (bytes[from + at] ?? refuse(where, 'it ends inside an element'));
    if (size < 0x80 || size < 2 ** (8 * (octets - 1))) throw malformed(where, 'a length that is not in its shortest form');
    from += octets;
  }
  if (from + size > bytes.length) throw malformed(where, 'it ends inside an element');
  return { tag, content: bytes.subarray(from, from + size), der: bytes.subarray(start, from + size) };
};
