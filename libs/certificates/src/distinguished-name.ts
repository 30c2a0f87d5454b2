import { invalid } from '@plimsoll/problem';
import { objectIdentifier, element, printableString, sequence, setOf, utf8String } from './der.ts';
import { type Element, fieldsOf, identifierText, malformed, members, stringValue } from './der-reader.ts';
import { oids } from './oids.ts';

/** The subject of a certificate we issue. All parts optional: an empty name is allowed where the names are in the SAN. */
export interface Subject {
  readonly country?: string | undefined;
  readonly organization?: string | undefined;
  readonly organizationalUnit?: string | undefined;
  readonly commonName?: string | undefined;
}

/** A name as read from a certificate. */
export interface DistinguishedName {
  readonly der: Uint8Array;
  /** RFC 4514: `CN=scanner,O=Plimsoll`. For people; compare with `sameName`. */
  readonly text: string;
  /** One comparable string per RDN, widest first: case folded and blanks joined, as RFC 5280 7.1 compares. */
  readonly rdns: readonly string[];
  readonly attributes: readonly { readonly type: string; readonly value: string | undefined }[];
}

/** Upper bounds in characters from RFC 5280 appendix A.1. */
const parts = [
  { field: 'country', oid: oids.country, max: 2 },
  { field: 'organization', oid: oids.organization, max: 64 },
  { field: 'organizationalUnit', oid: oids.organizationalUnit, max: 64 },
  { field: 'commonName', oid: oids.commonName, max: 64 },
] as const;

/** Problem `subject-invalid` for a part that is empty, too long or holds control characters. */
export const writeName = (subject: Subject): Uint8Array => sequence(...parts.flatMap(({ field, oid, max }) => {
  const value = subject[field];
  if (value === undefined) return [];
  if (value === '' || value.length > max || /\p{Cc}/u.test(value) || (field === 'country' && !/^[A-Z]{2}$/.test(value))) {
    throw invalid('subject-invalid', `${field} must have 1 to ${max} printable characters`);
  }
  return [setOf(sequence(objectIdentifier(oid), field === 'country' ? printableString(value) : utf8String(value)))];
}));

export const readName = (name: Element, where: string): DistinguishedName => {
  if (name.tag !== 0x30) throw malformed(where, 'a name is a sequence');
  const rdns = members(name, where).map((rdn) => {
    const pairs = rdn.tag === 0x31 ? members(rdn, where) : [];
    if (pairs.length === 0) throw malformed(where, 'an empty part of a name');
    return pairs.map((pair) => attribute(pair, where));
  });
  return {
    der: name.der,
    text: [...rdns].reverse().map((rdn) => rdn.map(({ type, value, hex }) => `${labels.get(type) ?? type}=${value === undefined ? `#${hex}` : escaped(value)}`).join('+')).join(','),
    rdns: rdns.map((rdn) => rdn.map(({ type, value, hex }) => `${type}=${value === undefined ? `#${hex}` : folded(value)}`).sort().join('\0')),
    attributes: rdns.flat().map(({ type, value }) => ({ type, value })),
  };
};

export const sameName = (a: DistinguishedName, b: DistinguishedName): boolean => a.rdns.length === b.rdns.length && startsWith(a, b);

/** Whether `name` lies in the subtree of `base` (RFC 5280 4.2.1.10, directoryName). */
export const startsWith = (name: DistinguishedName, base: DistinguishedName): boolean => base.rdns.every((rdn, at) => rdn === name.rdns[at]);

const labels = new Map<string, string>([
  [oids.commonName, 'CN'], [oids.country, 'C'], [oids.locality, 'L'], [oids.state, 'ST'], [oids.organization, 'O'],
  [oids.organizationalUnit, 'OU'], [oids.domainComponent, 'DC'], [oids.serialNumber, 'serialNumber'], [oids.emailAddress, 'emailAddress'],
]);

const attribute = (pair: Element, where: string): { type: string; value: string | undefined; hex: string } => {
  const fields = fieldsOf(pair, where);
  const type = identifierText(fields.take(6, 'attribute type'), where), value = fields.any('attribute value');
  fields.end();
  return { type, value: stringValue(value), hex: Buffer.from(value.der).toString('hex') };
};

const folded = (value: string): string => value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');

const escaped = (value: string): string => value.replace(/[\\"+,;<>=]|^[ #]| $/g, '\\$&').replace(/\p{Cc}/gu, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** `directoryName` is a CHOICE and therefore tagged explicitly (X.680 31.2.7). */
export const directoryName = (name: Uint8Array): Uint8Array => element(0xa4, name);
