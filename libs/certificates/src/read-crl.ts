import type { KeyObject } from 'node:crypto';
import { Problem } from '@plimsoll/problem';
import { serialText } from './certificate.ts';
import { bitStringBytes, booleanValue, type Element, fieldsOf, integerBytes, malformed, members, readElement, smallNumber, timeValue, walk } from './der-reader.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';
import { type RevocationReason, revocationReasons } from './crl.ts';
import { oids } from './oids.ts';
import { fromPem } from './pem.ts';
import { distributionPointUrls, readExtension } from './read-extensions.ts';
import { isSignedBy } from './signatures.ts';

/** A revocation list as read; whether it is genuine is `isSignedBy`, whether it is current is for the reader's clock. */
export interface Crl {
  readonly issuer: DistinguishedName;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly number: bigint | undefined;
  readonly revoked: ReadonlyMap<string, { readonly at: Date; readonly reason: RevocationReason | 'other' }>;
  /** The shard it covers; absent for a list of everything the issuer made. */
  readonly shardUrls: readonly string[] | undefined;
  /** Critical extensions nobody here understands: such a list may not be used to say "good" (RFC 5280 5.2). */
  readonly notUnderstood: readonly string[];
  readonly isSignedBy: (key: KeyObject) => boolean;
}

/** Reads DER or PEM. Problem `der-malformed`, `pem-malformed`, `limit-crl` past `maxBytes` (default 16 MiB, read in about two seconds). */
export const readCrl = (input: Uint8Array | string, maxBytes = 16 * 1024 * 1024): Crl => {
  const der = typeof input === 'string' ? fromPem('X509 CRL', input, 2 * maxBytes)[0]! : input;
  if (der.length > maxBytes) throw new Problem('invalid', `a revocation list of ${der.length} bytes is longer than the ${maxBytes} allowed`, { code: 'limit-crl' });
  const outer = fieldsOf(readElement(der, where), where);
  const list = outer.take(0x30, 'tbsCertList'), algorithm = outer.take(0x30, 'signatureAlgorithm'), signature = bitStringBytes(outer.take(3, 'signatureValue'), where);
  outer.end();
  const inner = fieldsOf(list, where);
  if (smallNumber(inner.take(2, 'version'), where) !== 1) throw malformed(where, 'its version is not 2');
  if (!Buffer.from(inner.take(0x30, 'signature').der).equals(algorithm.der)) throw malformed(where, 'the two signature algorithms differ');
  const issuer = readName(inner.take(0x30, 'issuer'), where), thisUpdate = timeValue(inner.any('thisUpdate'), where), nextUpdate = timeValue(inner.any('nextUpdate'), where);
  const entries = inner.maybe(0x30), extensions = inner.maybe(0xa0);
  inner.end();
  if (entries?.content.length === 0) throw malformed(where, 'an empty list of entries, which must be absent');  // RFC 5280 5.1.2.6
  const found = extensions === undefined ? [] : members(readElement(extensions.content, where), where).map((entry) => readExtension(entry, where));
  const valueOf = (oid: string) => found.find((extension) => extension.oid === oid)?.value;
  const number = valueOf(oids.crlNumber), shard = valueOf(oids.issuingDistributionPoint);
  const { urls, partial } = shard === undefined ? { urls: undefined, partial: false } : readShard(readElement(shard, where));
  const revoked = new Map<string, { at: Date; reason: RevocationReason | 'other' }>(), strange = new Set<string>();
  for (const entry of entries === undefined ? [] : walk(entries, where)) {
    const { serial, strangers, ...what } = readEntry(entry);
    revoked.set(serial, what);
    for (const oid of strangers) strange.add(oid);
  }
  return {
    issuer, thisUpdate, nextUpdate, revoked, shardUrls: urls,
    number: number && BigInt(`0x${Buffer.from(integerBytes(readElement(number, where), where)).toString('hex')}`),
    notUnderstood: [...found.filter(({ oid, critical }) => critical && (oid !== oids.issuingDistributionPoint || partial)).map(({ oid }) => oid), ...strange],
    isSignedBy: (key) => isSignedBy(key, algorithm, list.der, signature),
  };
};

const where = 'revocation list';

const readEntry = (entry: Element): { serial: string; at: Date; reason: RevocationReason | 'other'; strangers: string[] } => {
  const fields = fieldsOf(entry, where);
  const serial = serialText(integerBytes(fields.take(2, 'serial'), where)), at = timeValue(fields.any('revocationDate'), where), list = fields.maybe(0x30);
  fields.end();
  const extensions = list === undefined ? [] : members(list, where).map((extension) => readExtension(extension, where));
  const code = extensions.find(({ oid }) => oid === oids.reasonCode)?.value;
  const number = code === undefined ? 0 : smallNumber(readElement(code, where), where);
  const reason = (Object.keys(revocationReasons) as RevocationReason[]).find((name) => revocationReasons[name] === number) ?? 'other';
  return { serial, at, reason, strangers: extensions.filter(({ oid, critical }) => critical && oid !== oids.reasonCode).map(({ oid }) => oid) };
};

/** IssuingDistributionPoint (RFC 5280 5.2.5): `partial` when it leaves out kinds of certificates or reasons. */
const readShard = (value: Element): { urls: string[]; partial: boolean } => {
  const fields = fieldsOf(value, where), name = fields.maybe(0xa0);
  const flags = [0x81, 0x82, 0x83, 0x84, 0x85].map((tag) => fields.maybe(tag));
  fields.end();
  const isSet = (flag: Element | undefined) => flag !== undefined && (flag.tag === 0x83 || booleanValue({ ...flag, tag: 1 }, where));
  return { urls: distributionPointUrls(name, where), partial: name === undefined || flags.some(isSet) };
};
