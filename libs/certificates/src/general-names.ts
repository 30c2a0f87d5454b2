import { isIPv4, isIPv6 } from 'node:net';
import { implicit, sequence } from './der.ts';
import { ascii, type Element, malformed, members, readElement } from './der-reader.ts';
import { directoryName, type DistinguishedName, readName } from './distinguished-name.ts';

/** A name in a SAN or a constraint (RFC 5280 4.2.1.6). `other` is any form nobody here understands: it matches nothing. */
export type GeneralName =
  | { readonly type: 'dns' | 'uri' | 'email'; readonly value: string }
  | { readonly type: 'ip'; readonly bytes: Uint8Array }
  | { readonly type: 'directory'; readonly name: DistinguishedName }
  | { readonly type: 'other'; readonly tag: number };

export const dns = (value: string): GeneralName => ({ type: 'dns', value });
export const uri = (value: string): GeneralName => ({ type: 'uri', value });
export const ip = (text: string): GeneralName => ({ type: 'ip', bytes: ipBytes(text) });

export const writeGeneralNames = (names: readonly GeneralName[]): Uint8Array => sequence(...names.map(writeGeneralName));

export const writeGeneralName = (name: GeneralName): Uint8Array => {
  switch (name.type) {
    case 'email': return implicit(1, Buffer.from(name.value, 'latin1'));
    case 'dns': return implicit(2, Buffer.from(name.value, 'latin1'));
    case 'directory': return directoryName(name.name.der);
    case 'uri': return implicit(6, Buffer.from(name.value, 'latin1'));
    case 'ip': return implicit(7, name.bytes);
    case 'other': throw new TypeError('a name of unknown form cannot be written');
  }
};

export const readGeneralNames = (list: Element, where: string): GeneralName[] => {
  const names = members(list, where);
  if (list.tag !== 0x30 || names.length === 0) throw malformed(where, 'an empty list of names');
  return names.map((name) => readGeneralName(name, where));
};

export const readGeneralName = ({ tag, content }: Element, where: string): GeneralName => {
  const text = () => ascii(content) ?? refuse(where, 'a name with bytes that are not ASCII');
  switch (tag) {
    case 0x81: return { type: 'email', value: text() };
    case 0x82: return { type: 'dns', value: text() };
    case 0x86: return { type: 'uri', value: text() };
    case 0x87: return { type: 'ip', bytes: content };
    case 0xa4: return { type: 'directory', name: readName(readElement(content, where), where) };
    default: return { type: 'other', tag };
  }
};

/** `DNS:a.example`, `URI:spiffe://…`, `IP:10.0.0.1`: how OpenSSL writes them. */
export const generalNameText = (name: GeneralName): string => {
  switch (name.type) {
    case 'dns': return `DNS:${name.value}`;
    case 'uri': return `URI:${name.value}`;
    case 'email': return `email:${name.value}`;
    case 'ip': return `IP:${ipText(name.bytes)}`;
    case 'directory': return `DirName:${name.name.text}`;
    case 'other': return `[${name.tag & 0x1f}]`;
  }
};

export const sameGeneralName = (a: GeneralName, b: GeneralName): boolean => a.type !== 'other' && generalNameText(a) === generalNameText(b);

/** Lower-case LDH labels of at most 63, 253 in all, at least two labels, no trailing dot (RFC 1034 3.5, RFC 5890 2.3.1). A-labels only by shape. */
export const isDnsName = (value: string): boolean =>
  value.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value) && !/(^|\.)\d+$/.test(value);

/** SPIFFE-ID section 2: lower-case trust domain, a path of plain segments, no `.` or `..`, at most 2048 bytes. */
export const isSpiffeId = (value: string): boolean =>
  value.length <= 2048 && /^spiffe:\/\/[a-z0-9._-]{1,255}(\/[A-Za-z0-9._-]+)+$/.test(value) && !/\/\.\.?(\/|$)/.test(value);

/** 4 or 16 bytes of an address; throws RangeError for anything else. */
export const ipBytes = (text: string): Uint8Array => {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number));
  if (!isIPv6(text) || text.includes('%')) throw new RangeError(`${text} is not an IP address`);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain = dotted === null ? text : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const words = (part: string) => part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const left = words(head), right = words(tail ?? '');
  const all = tail === undefined ? left : [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 255]));
};

/** An address, or in a constraint an address and its mask. */
const ipText = (bytes: Uint8Array): string => {
  const part = (from: number, to: number) => to - from === 4 ? bytes.subarray(from, to).join('.') : Buffer.from(bytes.subarray(from, to)).toString('hex').replace(/(....)(?=.)/g, '$1:');
  return bytes.length === 8 || bytes.length === 32 ? `${part(0, bytes.length / 2)}/${part(bytes.length / 2, bytes.length)}` : part(0, bytes.length);
};

const refuse = (where: string, what: string): never => { throw malformed(where, what); };
