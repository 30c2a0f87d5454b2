import { bitString, boolean, element, explicit, integer, objectIdentifier, octetString, sequence } from './der.ts';
import { members, readElement } from './der-reader.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { dns, type GeneralName, uri } from './general-names.ts';
import { issueIntermediate, issueLeaf, issueRoot, type Issuer } from './issue.ts';
import { generateKey, keyIdOf, type KeyAlgorithm } from './keys.ts';
import { type Profile, profiles } from './profiles.ts';
import { signatureAlgorithm } from './signatures.ts';
import { requestCertificate } from './signing-request.ts';
import { type Signer, signerOf } from './signer.ts';
import { type Contents, newSerial, toBeSigned } from './to-be-signed.ts';

export const now = new Date('2026-03-01T12:00:00Z');
export const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

export const aSigner = async (algorithm: KeyAlgorithm = 'P-256'): Promise<Signer> => signerOf((await generateKey(algorithm)).privateKey);

export const scannerNames = [dns('scanner.svc.plimsoll.internal'), uri('spiffe://plimsoll.internal/svc/scanner')];

/** A root and a services intermediate, made the way the product makes them. */
export const anAuthority = async (at = now): Promise<{ root: Issuer; services: Issuer }> => {
  const rootSigner = await aSigner('P-384'), servicesSigner = await aSigner();
  const root = { signer: rootSigner, certificate: await issueRoot({ signer: rootSigner, subject: { organization: 'Plimsoll', commonName: 'Plimsoll Root' }, now: at }) };
  const certificate = await issueIntermediate({
    issuer: root, request: await requestCertificate(servicesSigner, {}, []), subject: { organization: 'Plimsoll', commonName: 'Plimsoll Services' }, now: at, crlUrl: 'http://identity/crl/root.crl',
  });
  return { root, services: { signer: servicesSigner, certificate } };
};

export const aLeaf = async (issuer: Issuer, names: readonly GeneralName[] = scannerNames, at = now): Promise<Certificate> =>
  issueLeaf({ issuer, request: await requestCertificate(await aSigner(), {}, names), mayHave: () => true, now: at });

/** A certificate that no lint has seen: what a broken or hostile CA would sign. */
export const unchecked = async (issuer: Issuer, profile: Profile, changes: Partial<Contents> = {}): Promise<{ certificate: Certificate; signer: Signer }> => {
  const signer = await aSigner();
  return { certificate: await signedBy(issuer, toBeSigned({ ...contentsFor(issuer, profile, signer), ...changes })), signer };
};

/** A service leaf with one more extension. */
export const withExtension = async (issuer: Issuer, oid: string, critical: boolean): Promise<Certificate> =>
  signedBy(issuer, edited(toBeSigned(contentsFor(issuer, profiles.service, await aSigner())), (extensions) => [...extensions, strange(oid, critical)]));

/** To-be-signed bytes with other extensions. */
export const edited = (bytes: Uint8Array, edit: (extensions: Uint8Array[]) => Uint8Array[]): Uint8Array => {
  const parts = members(readElement(bytes, 'bytes'), 'bytes');
  const extensions = members(readElement(parts.at(-1)!.content, 'bytes'), 'bytes').map(({ der }) => der);
  return element(0x30, ...parts.slice(0, -1).map(({ der }) => der), explicit(3, sequence(...edit(extensions))));
};

export const strange = (oid: string, critical: boolean): Uint8Array => sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(integer(1)));

const signedBy = async (issuer: Issuer, bytes: Uint8Array): Promise<Certificate> =>
  readCertificate(sequence(bytes, signatureAlgorithm(issuer.signer.algorithm), bitString(await issuer.signer.sign([bytes]))));

/** Contents that pass, to change one thing of. */
export const contentsFor = (issuer: Issuer, profile: Profile, signer: Signer): Contents => ({
  profile, serial: newSerial(), publicKey: signer.publicKey, notBefore: later(-300), notAfter: later(profiles.service.lifetime),
  subject: profile.ca ? { commonName: `A ${profile.name}` } : { commonName: 'scanner.svc.plimsoll.internal' },
  names: profile.ca ? [] : scannerNames, issuerName: issuer.certificate.subject.der, issuerKeyId: keyIdOf(issuer.signer.publicKey), signWith: issuer.signer.algorithm,
});
