import { type KeyObject, randomBytes } from 'node:crypto';
import { explicit, integer, sequence, time } from './der.ts';
import { type Subject, writeName } from './distinguished-name.ts';
import { authorityKeyIdentifier, basicConstraints, caIssuers, crlDistributionPoints, extendedKeyUsage, keyUsage, nameConstraints, subjectAltName, subjectKeyIdentifier } from './extensions.ts';
import type { GeneralName } from './general-names.ts';
import { type KeyAlgorithm, keyIdOf, spkiOf } from './keys.ts';
import type { Profile } from './profiles.ts';
import { signatureAlgorithm } from './signatures.ts';

/** Everything that goes into one certificate beside what its profile says. */
export interface Contents {
  readonly profile: Profile;
  readonly serial: Uint8Array;
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly names: readonly GeneralName[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuerName: Uint8Array;
  readonly issuerKeyId: Uint8Array;
  readonly signWith: KeyAlgorithm;
  /** Where to learn of revocations, and where the issuer's own certificate is. */
  readonly crlUrl?: string | undefined;
  readonly issuerUrl?: string | undefined;
}

/** The bytes a CA signs: TBSCertificate of RFC 5280 4.1, version 3. */
export const toBeSigned = ({ profile, subject, names, ...of }: Contents): Uint8Array => sequence(
  explicit(0, integer(2)),
  integer(of.serial),
  signatureAlgorithm(of.signWith),
  of.issuerName,
  sequence(time(of.notBefore), time(of.notAfter)),
  writeName(subject),
  spkiOf(of.publicKey),
  explicit(3, sequence(
    basicConstraints(profile.ca, profile.pathLength),
    keyUsage(profile.keyUsage),
    ...(profile.extendedKeyUsage.length === 0 ? [] : [extendedKeyUsage(profile.extendedKeyUsage)]),
    subjectKeyIdentifier(keyIdOf(of.publicKey)),
    authorityKeyIdentifier(of.issuerKeyId),
    ...(names.length === 0 ? [] : [subjectAltName(names, Object.values(subject).every((part) => part === undefined))]),
    ...(profile.constraints === undefined ? [] : [nameConstraints(profile.constraints)]),
    ...(of.crlUrl === undefined ? [] : [crlDistributionPoints(of.crlUrl)]),
    ...(of.issuerUrl === undefined ? [] : [caIssuers(of.issuerUrl)]),
  )),
);

/** 16 bytes with 126 random bits, positive and always of one length (CA/Browser Forum BR 7.1 wants 64, RFC 5280 allows 20 bytes). */
export const newSerial = (): Uint8Array => {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
};
