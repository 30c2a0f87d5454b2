import { boolean, explicit, implicit, integer, namedBits, objectIdentifier, octetString, sequence } from './der.ts';
import { type GeneralName, uri, writeGeneralName, writeGeneralNames } from './general-names.ts';
import { type NameConstraints, writeNameConstraints } from './name-constraints.ts';
import { type ExtendedKeyUsage, extendedKeyUsages, type KeyUsage, keyUsages, oids } from './oids.ts';

/** Writers of the extensions we put into certificates (RFC 5280 4.2). Critical is said first, as in the standard's own text. */
const extension = (oid: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));

/** `cA` false is the default and so is not written. */
export const basicConstraints = (ca: boolean, pathLength?: number): Uint8Array =>
  extension(oids.basicConstraints, true, sequence(...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])));

export const keyUsage = (usages: readonly KeyUsage[]): Uint8Array =>
  extension(oids.keyUsage, true, namedBits(usages.map((usage) => keyUsages.indexOf(usage))));

export const extendedKeyUsage = (usages: readonly ExtendedKeyUsage[]): Uint8Array =>
  extension(oids.extendedKeyUsage, false, sequence(...usages.map((usage) => objectIdentifier(extendedKeyUsages[usage]))));

export const subjectKeyIdentifier = (id: Uint8Array): Uint8Array => extension(oids.subjectKeyIdentifier, false, octetString(id));

export const authorityKeyIdentifier = (id: Uint8Array): Uint8Array => extension(oids.authorityKeyIdentifier, false, sequence(implicit(0, id)));

/** Critical when the subject is empty (RFC 5280 4.2.1.6). */
export const subjectAltName = (names: readonly GeneralName[], critical: boolean): Uint8Array =>
  extension(oids.subjectAltName, critical, writeGeneralNames(names));

export const nameConstraints = (constraints: NameConstraints): Uint8Array =>
  extension(oids.nameConstraints, true, writeNameConstraints(constraints));

/** One distribution point with one URL. */
export const crlDistributionPoints = (url: string): Uint8Array =>
  extension(oids.crlDistributionPoints, false, sequence(sequence(distributionPointName(url))));

export const caIssuers = (url: string): Uint8Array =>
  extension(oids.authorityInformationAccess, false, sequence(sequence(objectIdentifier(oids.caIssuers), writeGeneralName(uri(url)))));

export const crlNumber = (number: bigint): Uint8Array => extension(oids.crlNumber, false, integer(number));

/** Ties a shard to its address (RFC 5280 5.2.5), so that one shard cannot pass for another. */
export const issuingDistributionPoint = (url: string): Uint8Array =>
  extension(oids.issuingDistributionPoint, true, sequence(distributionPointName(url)));

export const extensionRequestOf = (names: readonly GeneralName[]): Uint8Array => sequence(subjectAltName(names, false));

const distributionPointName = (url: string): Uint8Array => explicit(0, explicit(0, writeGeneralName(uri(url))));
