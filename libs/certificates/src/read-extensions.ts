import { type Element, bitNumbers, booleanValue, fieldsOf, identifierText, malformed, members, readElement, smallNumber } from './der-reader.ts';
import { type GeneralName, readGeneralName, readGeneralNames } from './general-names.ts';
import { type NameConstraints, readNameConstraints } from './name-constraints.ts';
import { extendedKeyUsages, type KeyUsage, keyUsages, oids } from './oids.ts';

/** The extensions of a certificate that decide something here. */
export interface Extensions {
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength: number | undefined };
  readonly keyUsage?: readonly KeyUsage[];
  /** Names of RFC 5280, dotted identifiers for the others. */
  readonly extendedKeyUsage?: readonly string[];
  readonly names?: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  readonly crlUrls?: readonly string[];
  readonly issuerUrls?: readonly string[];
  /** Every extension in order, with its critical flag. */
  readonly present: readonly { readonly oid: string; readonly critical: boolean }[];
}

/** One row per extension we read: the field it fills and how. */
const readers = new Map<string, (value: Element, where: string) => Partial<Extensions>>([
  [oids.subjectKeyIdentifier, (value, where) => ({ subjectKeyId: octets(value, where) })],
  [oids.authorityKeyIdentifier, (value, where) => {
    const id = fieldsOf(value, where).maybe(0x80);
    return id === undefined ? {} : { authorityKeyId: id.content };
  }],
  [oids.basicConstraints, (value, where) => {
    const fields = fieldsOf(value, where), ca = fields.maybe(1), pathLength = fields.maybe(2);
    fields.end();
    if (ca !== undefined && !booleanValue(ca, where)) throw malformed(where, 'a default that DER leaves out');
    return { basicConstraints: { ca: ca !== undefined, pathLength: pathLength && smallNumber(pathLength, where) } };
  }],
  [oids.keyUsage, (value, where) => ({ keyUsage: bitNumbers(value, where).flatMap((bit) => keyUsages[bit] ?? []) })],
  [oids.extendedKeyUsage, (value, where) => ({ extendedKeyUsage: sequenceOf(value, where).map((usage) => usageName(identifierText(usage, where))) })],
  [oids.subjectAltName, (value, where) => ({ names: readGeneralNames(value, where) })],
  [oids.nameConstraints, (value, where) => ({ nameConstraints: readNameConstraints(value, where) })],
  [oids.crlDistributionPoints, (value, where) => ({ crlUrls: sequenceOf(value, where).flatMap((point) => distributionPointUrls(fieldsOf(point, where).maybe(0xa0), where)) })],
  [oids.authorityInformationAccess, (value, where) => ({ issuerUrls: sequenceOf(value, where).flatMap((description) => {
    const fields = fieldsOf(description, where), method = identifierText(fields.take(6, 'method'), where), location = readGeneralName(fields.any('location'), where);
    return method === oids.caIssuers && location.type === 'uri' ? [location.value] : [];
  }) })],
]);

/** Reads SEQUENCE OF Extension; one that appears twice is refused (RFC 5280 4.2). Unknown ones are only listed. */
export const readExtensions = (list: Element, where: string): Extensions => {
  const read = sequenceOf(list, where).map((entry) => readExtension(entry, where));
  const twice = read.find(({ oid }, at) => read.findIndex((other) => other.oid === oid) !== at);
  if (twice !== undefined) throw malformed(where, `extension ${twice.oid} appears twice`);
  const values = read.map(({ oid, value }) => readers.get(oid)?.(readElement(value, `${where} ${oid}`), `${where} ${oid}`) ?? {});
  return Object.assign({ present: read.map(({ oid, critical }) => ({ oid, critical })) }, ...values) as Extensions;
};

export const readExtension = (entry: Element, where: string): { oid: string; critical: boolean; value: Uint8Array } => {
  const fields = fieldsOf(entry, where);
  const oid = identifierText(fields.take(6, 'extension id'), where), flag = fields.maybe(1), value = fields.take(4, 'extension value').content;
  fields.end();
  if (flag !== undefined && !booleanValue(flag, where)) throw malformed(where, 'a default that DER leaves out');
  return { oid, critical: flag !== undefined, value };
};

/** The URLs in a DistributionPointName's fullName; a name relative to the issuer gives none. */
export const distributionPointUrls = (name: Element | undefined, where: string): string[] =>
  (name === undefined ? [] : members(name, where)).filter(({ tag }) => tag === 0xa0)
    .flatMap((full) => members(full, where).map((part) => readGeneralName(part, where)))
    .flatMap((part) => part.type === 'uri' ? [part.value] : []);

const sequenceOf = (list: Element, where: string): Element[] => {
  const found = members(list, where);
  if (list.tag !== 0x30 || found.length === 0) throw malformed(where, 'an empty list');
  return found;
};

const octets = ({ tag, content }: Element, where: string): Uint8Array => {
  if (tag !== 4) throw malformed(where, 'not an octet string');
  return content;
};

const usageName = (oid: string): string => Object.entries(extendedKeyUsages).find(([, known]) => known === oid)?.[0] ?? oid;
