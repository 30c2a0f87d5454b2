import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { invalid, Problem } from '@plimsoll/problem';
import { bitStringBytes, type Element, fieldsOf, integerBytes, malformed, readElement, smallNumber, timeValue } from './der-reader.ts';
import { type DistinguishedName, readName } from './distinguished-name.ts';
import { type Extensions, readExtensions } from './read-extensions.ts';
import { fromPem } from './pem.ts';
import { algorithmName, isSignedBy } from './signatures.ts';

/** An X.509 certificate as read (RFC 5280 4.1). */
export interface Certificate {
  readonly der: Uint8Array;
  /** The signed part, as it lies in `der`. */
  readonly toBeSigned: Uint8Array;
  readonly version: number;
  /** Lower-case hex of the number, two digits a byte, as `serialText` writes it; starts with `-` if negative. */
  readonly serial: string;
  /** Dotted identifier, or `unknown` when its parameters are not what they should be. */
  readonly signatureAlgorithm: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  readonly spki: Uint8Array;
  readonly extensions: Extensions;
  /** Whether this key made the signature. */
  readonly isSignedBy: (key: KeyObject) => boolean;
}

/** Bytes of one certificate; real ones have 0.5 to 4 KiB. */
export const maxCertificateBytes = 64 * 1024;

/** Reads DER or the first PEM block. Problem `der-malformed`, `pem-malformed`, `key-unreadable` or `limit-certificate`. */
export const readCertificate = (input: Uint8Array | string): Certificate => {
  const der = typeof input === 'string' ? fromPem('CERTIFICATE', input)[0]! : input;
  if (der.length > maxCertificateBytes) throw new Problem('invalid', `a certificate of ${der.length} bytes is longer than the ${maxCertificateBytes} allowed`, { code: 'limit-certificate' });
  const outer = fieldsOf(readElement(der, where), where);
  const toBeSigned = outer.take(0x30, 'tbsCertificate'), algorithm = outer.take(0x30, 'signatureAlgorithm'), signature = bitStringBytes(outer.take(3, 'signatureValue'), where);
  outer.end();

  const inner = fieldsOf(toBeSigned, where);
  const version = inner.maybe(0xa0), serial = inner.take(2, 'serialNumber'), innerAlgorithm = inner.take(0x30, 'signature');
  const issuer = readName(inner.take(0x30, 'issuer'), `${where} issuer`), validity = fieldsOf(inner.take(0x30, 'validity'), where);
  const notBefore = timeValue(validity.any('notBefore'), where), notAfter = timeValue(validity.any('notAfter'), where);
  validity.end();
  const subject = readName(inner.take(0x30, 'subject'), `${where} subject`), spki = inner.take(0x30, 'subjectPublicKeyInfo').der;
  inner.maybe(0x81);  // issuerUniqueID and subjectUniqueID: RFC 5280 forbids writing them, and gives them no meaning
  inner.maybe(0x82);
  const extensions = inner.maybe(0xa3);
  inner.end();
  if (!Buffer.from(algorithm.der).equals(innerAlgorithm.der)) throw malformed(where, 'the two signature algorithms differ');

  return {
    der, toBeSigned: toBeSigned.der,
    version: version === undefined ? 1 : versionOf(version),
    serial: serialText(integerBytes(serial, where)),
    signatureAlgorithm: algorithmName(algorithm),
    issuer, subject, notBefore, notAfter, spki,
    publicKey: readPublicKey(spki),
    extensions: extensions === undefined ? { present: [] } : readExtensions(readElement(extensions.content, where), where),
    isSignedBy: (key) => isSignedBy(key, algorithm, toBeSigned.der, signature),
  };
};

/** A serial as text: hex of its bytes without the sign byte. */
export const serialText = (bytes: Uint8Array): string => {
  if (bytes[0]! >= 0x80) return `-${Buffer.from(bytes).toString('hex')}`;
  return Buffer.from(bytes.length > 1 && bytes[0] === 0 ? bytes.subarray(1) : bytes).toString('hex');
};

/** SHA-256 of the whole certificate in lower-case hex: what people compare. */
export const fingerprint = ({ der }: Certificate): string => createHash('sha256').update(der).digest('hex');

export const readPublicKey = (spki: Uint8Array): KeyObject => {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw invalid('key-unreadable', 'the public key is of an unknown kind or not a valid point', cause);
  }
};

const where = 'certificate';

const versionOf = (tagged: Element): number => smallNumber(readElement(tagged.content, where), where) + 1;
