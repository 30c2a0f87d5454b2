import type { KeyObject } from 'node:crypto';
import { invalid, Problem } from '@plimsoll/problem';
import { bitString, element, integer, objectIdentifier, sequence, setOf } from './der.ts';
import { bitStringBytes, fieldsOf, identifierText, malformed, members, readElement, smallNumber } from './der-reader.ts';
import { readPublicKey } from './certificate.ts';
import { type DistinguishedName, readName, type Subject, writeName } from './distinguished-name.ts';
import { extensionRequestOf } from './extensions.ts';
import type { GeneralName } from './general-names.ts';
import { spkiOf } from './keys.ts';
import { oids } from './oids.ts';
import { fromPem } from './pem.ts';
import { readExtensions } from './read-extensions.ts';
import { isSignedBy, signatureAlgorithm } from './signatures.ts';
import type { Signer } from './signer.ts';

/** A PKCS#10 request whose sender has shown to hold the key. Of its wishes only the names survive. */
export interface SigningRequest {
  readonly publicKey: KeyObject;
  readonly subject: DistinguishedName;
  readonly names: readonly GeneralName[];
}

/** Bytes of one request; real ones have about 500. */
export const maxRequestBytes = 16 * 1024;

/** Reads DER or PEM (RFC 2986). Problem `der-malformed`, `pem-malformed`, `key-unreadable`, `limit-request`, or `request-signature` when the sender does not hold the key. */
export const readSigningRequest = (input: Uint8Array | string): SigningRequest => {
  const der = typeof input === 'string' ? fromPem('CERTIFICATE REQUEST', input, 2 * maxRequestBytes)[0]! : input;
  if (der.length > maxRequestBytes) throw new Problem('invalid', `a signing request of ${der.length} bytes is longer than the ${maxRequestBytes} allowed`, { code: 'limit-request' });
  const outer = fieldsOf(readElement(der, where), where);
  const info = outer.take(0x30, 'certificationRequestInfo'), algorithm = outer.take(0x30, 'signatureAlgorithm'), signature = bitStringBytes(outer.take(3, 'signature'), where);
  outer.end();
  const inner = fieldsOf(info, where);
  if (smallNumber(inner.take(2, 'version'), where) !== 0) throw malformed(where, 'its version is not 1');
  const subject = readName(inner.take(0x30, 'subject'), where), publicKey = readPublicKey(inner.take(0x30, 'subjectPKInfo').der), attributes = inner.maybe(0xa0);
  inner.end();
  if (!isSignedBy(publicKey, algorithm, info.der, signature)) throw invalid('request-signature', 'the signing request is not signed by the key it holds');
  const names = (attributes === undefined ? [] : members(attributes, where)).flatMap((attribute) => {
    const fields = fieldsOf(attribute, where), type = identifierText(fields.take(6, 'attribute'), where), values = members(fields.take(0x31, 'values'), where);
    fields.end();
    return type === oids.extensionRequest ? values.map((value) => readExtensions(value, where).names ?? []) : [];
  });
  if (names.length > 1) throw malformed(where, 'more than one list of requested extensions');
  return { publicKey, subject, names: names.flat() };
};

/** Asks for a certificate over the signer's key: DER of a PKCS#10 request. */
export const requestCertificate = async (signer: Signer, subject: Subject, names: readonly GeneralName[]): Promise<Uint8Array> => {
  const attributes = names.length === 0 ? [] : [sequence(objectIdentifier(oids.extensionRequest), setOf(extensionRequestOf(names)))];
  const info = sequence(integer(0), writeName(subject), spkiOf(signer.publicKey), element(0xa0, ...attributes));
  return sequence(info, signatureAlgorithm(signer.algorithm), bitString(await signer.sign([info])));
};

const where = 'signing request';
