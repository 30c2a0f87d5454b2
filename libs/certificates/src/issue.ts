import { Problem } from '@plimsoll/problem';
import { type Certificate, readCertificate } from './certificate.ts';
import { bitString, sequence } from './der.ts';
import { type Subject, writeName } from './distinguished-name.ts';
import { dns, type GeneralName, generalNameText, sameGeneralName, uri } from './general-names.ts';
import { keyAlgorithmOf, keyIdOf, spkiOf } from './keys.ts';
import { lint } from './lint.ts';
import { type Profile, profiles } from './profiles.ts';
import { signatureAlgorithm } from './signatures.ts';
import type { Signer } from './signer.ts';
import { readSigningRequest } from './signing-request.ts';
import { newSerial, toBeSigned } from './to-be-signed.ts';

/** A CA: its certificate and the key of that certificate. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly signer: Signer;
}

export interface RootRequest {
  readonly signer: Signer;
  readonly subject: Subject;
  readonly now: Date;
}

/** A CA below another: its own signer made `request`, only the request travels. */
export interface IntermediateRequest {
  readonly issuer: Issuer;
  /** PKCS#10, DER or PEM. */
  readonly request: Uint8Array | string;
  readonly subject: Subject;
  readonly now: Date;
  readonly profile?: Profile;
  readonly crlUrl?: string | undefined;
  readonly issuerUrl?: string | undefined;
}

export interface LeafRequest {
  readonly issuer: Issuer;
  readonly request: Uint8Array | string;
  /** Whether the one who asks may have this name. There is no default: an issuer that does not ask this certifies anybody. */
  readonly mayHave: (name: GeneralName) => boolean;
  readonly now: Date;
  readonly profile?: Profile;
  readonly crlUrl?: string | undefined;
  readonly issuerUrl?: string | undefined;
}

/** A self-signed root, by default a P-384 key for 20 years. */
export const issueRoot = async ({ signer, subject, now }: RootRequest): Promise<Certificate> => {
  const profile = profiles.root;
  return signed(signer, undefined, profile, toBeSigned({
    profile, subject, names: [], serial: newSerial(), publicKey: signer.publicKey, ...validity(profile, now),
    issuerName: writeName(subject), issuerKeyId: keyIdOf(signer.publicKey), signWith: signer.algorithm,
  }));
};

/** An intermediate from its signing request, of which only the key is used. */
export const issueIntermediate = async ({ profile = profiles['services-intermediate'], ...asked }: IntermediateRequest): Promise<Certificate> =>
  issue({ ...asked, profile, names: () => [], subject: () => asked.subject });

/**
 * A leaf from a signing request. Used of it are the key and the names, and those only if the profile knows their form
 * and `mayHave` says yes; its subject and other extensions are ignored. Problems: those of `readSigningRequest`,
 * `key-not-allowed`, `name-not-allowed`, `issuer-expired`, `issuer-key-mismatch`, `lint-failed`.
 */
export const issueLeaf = async ({ profile = profiles.service, mayHave, ...asked }: LeafRequest): Promise<Certificate> =>
  issue({ ...asked, profile, names: (requested) => allowedNames(requested, profile, mayHave), subject: commonNameOf });

interface Issuance {
  readonly issuer: Issuer;
  readonly request: Uint8Array | string;
  readonly now: Date;
  readonly profile: Profile;
  readonly names: (requested: readonly GeneralName[]) => readonly GeneralName[];
  readonly subject: (names: readonly GeneralName[]) => Subject;
  readonly crlUrl?: string | undefined;
  readonly issuerUrl?: string | undefined;
}

const issue = async ({ issuer, profile, now, ...asked }: Issuance): Promise<Certificate> => {
  // 1. The sender holds the key, and the key is of a kind we certify.
  const { publicKey, names: requested } = readSigningRequest(asked.request);
  if (!profile.keys.some((name) => name === keyAlgorithmOf(publicKey))) throw new Problem('invalid', `a ${profile.name} key must be ${profile.keys.join(' or ')}`, { code: 'key-not-allowed' });
  // 2. The names are of the profile, and the sender's own.
  const names = asked.names(requested), subject = asked.subject(names);
  // 3. What we would sign.
  const bytes = toBeSigned({
    profile, subject, names, publicKey, serial: newSerial(), ...validity(profile, now, issuer.certificate),
    issuerName: issuer.certificate.subject.der, issuerKeyId: issuer.certificate.extensions.subjectKeyId ?? keyIdOf(issuer.signer.publicKey),
    signWith: issuer.signer.algorithm, crlUrl: asked.crlUrl, issuerUrl: asked.issuerUrl,
  });
  // 4. and 5. Checked as a whole, then signed.
  return signed(issuer.signer, issuer.certificate, profile, bytes);
};

/** After this returns, the certificate has passed the lint and its signature verifies under the issuer's certificate. */
const signed = async (signer: Signer, issuer: Certificate | undefined, profile: Profile, bytes: Uint8Array): Promise<Certificate> => {
  if (issuer !== undefined && !spkiOf(signer.publicKey).equals(spkiOf(issuer.publicKey))) throw new Problem('bug', 'the signer does not hold the key of the issuing certificate', { code: 'issuer-key-mismatch' });
  await lint(bytes, signer.algorithm, { profile, issuer });
  const certificate = readCertificate(sequence(bytes, signatureAlgorithm(signer.algorithm), bitString(await signer.sign([bytes]))));
  if (!certificate.isSignedBy(signer.publicKey)) throw new Problem('bug', 'the signer returned a signature that does not verify', { code: 'signer-broken' });
  return certificate;
};

/** From a little before now, in whole seconds, and never outside the issuer's own time. Problem `issuer-expired`. */
const validity = ({ lifetime, backdate }: Profile, now: Date, issuer?: Certificate): { notBefore: Date; notAfter: Date } => {
  const second = Math.floor(now.getTime() / 1000) * 1000;
  if (issuer !== undefined && (now < issuer.notBefore || now >= issuer.notAfter)) throw new Problem('unavailable', `the issuing certificate is valid from ${issuer.notBefore.toISOString()} to ${issuer.notAfter.toISOString()}`, { code: 'issuer-expired' });
  return {
    notBefore: new Date(Math.max(second - backdate * 1000, issuer?.notBefore.getTime() ?? -Infinity)),
    notAfter: new Date(Math.min(second + lifetime * 1000, issuer?.notAfter.getTime() ?? Infinity)),
  };
};

/** All requested names or a refusal: a certificate that silently lacks one fails later and elsewhere. */
const allowedNames = (requested: readonly GeneralName[], profile: Profile, mayHave: LeafRequest['mayHave']): GeneralName[] => {
  const names = requested.map(folded).filter((name, at, all) => all.findIndex((other) => sameGeneralName(other, name)) === at);
  const errors = names.flatMap((name) => {
    const rule = profile.names[name.type];
    if (rule === undefined || !('value' in name) || !rule.isValid(name.value)) return [{ where: generalNameText(name), what: `not a name for a ${profile.name} certificate` }];
    return mayHave(name) ? [] : [{ where: generalNameText(name), what: 'not a name of the one who asks' }];
  });
  for (const [type, { min, max }] of Object.entries(profile.names)) {
    const count = names.filter((name) => name.type === type).length;
    if (count < min || count > max) errors.push({ where: type, what: `${count} names where ${min} to ${max} belong` });
  }
  if (errors.length > 0) throw new Problem('denied', `the requested names are refused: ${errors.map(({ where, what }) => `${where} (${what})`).join(', ')}`, { code: 'name-not-allowed', errors });
  return names;
};

/** DNS names compare without case (RFC 4343), and everything after this compares bytes. */
const folded = (name: GeneralName): GeneralName => name.type === 'dns' ? dns(name.value.toLowerCase()) : name.type === 'uri' ? uri(name.value) : name;

/** PostgreSQL maps client certificates by common name, so leaves have one where it fits (64 characters). */
const commonNameOf = (names: readonly GeneralName[]): Subject => {
  const first = names.find((name) => name.type === 'dns');
  return first?.type === 'dns' && first.value.length <= 64 ? { commonName: first.value } : {};
};
