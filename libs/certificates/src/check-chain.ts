import { isIP } from 'node:net';
import type { Certificate } from './certificate.ts';
import { constraintBrokenBy } from './name-constraints.ts';
import { type DistinguishedName, sameName } from './distinguished-name.ts';
import { type GeneralName, generalNameText, ipBytes } from './general-names.ts';
import { weaknessOf } from './keys.ts';
import { oids } from './oids.ts';
import type { Crl } from './read-crl.ts';
import { isAcceptedAlgorithm } from './signatures.ts';

/** What the leaf is wanted for. */
export type Purpose = 'serverAuth' | 'clientAuth' | 'codeSigning' | 'emailProtection' | 'timeStamping' | 'OCSPSigning';

export interface ChainQuestion {
  readonly at: Date;
  readonly purpose?: Purpose | undefined;
  /** The name the peer must have, found in the SAN only: a host name, an address, or a URI. */
  readonly name?: { readonly type: 'dns' | 'uri' | 'ip' | 'email'; readonly value: string } | undefined;
  /** When given, every certificate below the anchor must be covered by a current list that does not name it. */
  readonly crls?: readonly Crl[] | undefined;
}

/** Why a chain is refused. */
export interface Refusal {
  readonly code: 'not-yet-valid' | 'expired' | 'weak-algorithm' | 'weak-key' | 'critical-extension' | 'not-a-ca' | 'path-length' | 'name-constraint'
    | 'key-usage' | 'extended-key-usage' | 'name-mismatch' | 'revoked' | 'revocation-unknown' | 'malformed' | 'no-issuer' | 'limit-depth' | 'limit-signatures';
  /** Subject of the certificate at fault. */
  readonly subject: string;
  readonly detail: string;
}

/**
 * RFC 5280 section 6.1 over one chain, leaf first and anchor last, whose names and signatures already fit.
 * The anchor's own limits count too (RFC 5937). Certificate policies are not processed: constraints on them,
 * being critical, refuse the chain.
 */
export const refusalOf = (chain: readonly Certificate[], question: ChainQuestion): Refusal | undefined => {
  let pathLength = Infinity;
  const constraints: NonNullable<Certificate['extensions']['nameConstraints']>[] = [];
  for (let at = chain.length - 1; at >= 0; at--) {
    const certificate = chain[at]!, isLeaf = at === 0, isAnchor = at === chain.length - 1;
    const refuse = (code: Refusal['code'], detail: string): Refusal => ({ code, detail, subject: certificate.subject.text });
    const { basicConstraints, nameConstraints } = certificate.extensions;

    const own = formRefusal(certificate, question, isAnchor);
    if (own !== undefined) return refuse(...own);
    // 6.1.3 (b, c): self-issued certificates in the middle (key rollover) are not judged by name nor counted
    const selfIssued = sameName(certificate.subject, certificate.issuer);
    if ((!selfIssued || isLeaf) && !isAnchor) {
      for (const one of constraints) {
        const broken = namesOf(certificate).map((name) => constraintBrokenBy(name, one)).find((reason) => reason !== undefined);
        if (broken !== undefined) return refuse('name-constraint', broken);
      }
    }
    if (!isAnchor && question.crls !== undefined) {
      const revocation = revocationRefusal(certificate, chain[at + 1]!, question.crls, question.at);
      if (revocation !== undefined) return refuse(...revocation);
    }
    if (isLeaf) break;
    // 6.1.4 (k to n)
    const notCa = caRefusal(certificate);
    if (notCa !== undefined) return refuse(...notCa);
    if (!selfIssued && !isAnchor && pathLength-- <= 0) return refuse('path-length', 'more CAs stand in the chain than one above allows');
    pathLength = Math.min(pathLength, basicConstraints?.pathLength ?? Infinity);
    if (nameConstraints !== undefined) constraints.push(nameConstraints);
  }
  return leafRefusal(chain[0]!, question);
};

type Reason = [code: Refusal['code'], detail: string];

const formRefusal = (certificate: Certificate, { at, purpose }: ChainQuestion, isAnchor: boolean): Reason | undefined => {
  const { extensions, version } = certificate;
  if (at < certificate.notBefore) return ['not-yet-valid', `it begins ${certificate.notBefore.toISOString()}`];
  if (at > certificate.notAfter) return ['expired', `it ended ${certificate.notAfter.toISOString()}`];
  if (version !== 3 || !/^[0-9a-f]{2,40}$/.test(certificate.serial) || /^0+$/.test(certificate.serial)) return ['malformed', `version ${version}, serial ${certificate.serial}`];
  if (!isAnchor && !isAcceptedAlgorithm(certificate.signatureAlgorithm)) return ['weak-algorithm', `signed with ${certificate.signatureAlgorithm}`];
  const weakness = weaknessOf(certificate.publicKey);
  if (weakness !== undefined) return ['weak-key', weakness];
  const strange = extensions.present.find(({ oid, critical }) => critical && !processed.has(oid));
  if (strange !== undefined) return ['critical-extension', `${strange.oid} is critical and not understood`];
  const usages = extensions.extendedKeyUsage;
  if (purpose !== undefined && usages !== undefined && !usages.includes(purpose) && !usages.includes('anyExtendedKeyUsage')) return ['extended-key-usage', `it is for ${usages.join(', ')}, not ${purpose}`];
  return undefined;
};

/** What this file and `find-chain.ts` take into account. Policies are: with no policy asked for, any is fine (6.1.1 c, d). */
const processed = new Set<string>([oids.basicConstraints, oids.keyUsage, oids.extendedKeyUsage, oids.subjectAltName, oids.nameConstraints, oids.certificatePolicies]);

const caRefusal = ({ extensions: { basicConstraints, keyUsage, present } }: Certificate): Reason | undefined => {
  if (!basicConstraints?.ca) return ['not-a-ca', 'it is not a CA and yet issued a certificate'];
  if (!present.some(({ oid, critical }) => oid === oids.basicConstraints && critical)) return ['not-a-ca', 'its basic constraints are not critical'];
  return keyUsage?.includes('keyCertSign') ? undefined : ['key-usage', 'its key may not sign certificates'];
};

const leafRefusal = (leaf: Certificate, { purpose, name }: ChainQuestion): Refusal | undefined => {
  const refuse = (code: Refusal['code'], detail: string): Refusal => ({ code, detail, subject: leaf.subject.text });
  const { basicConstraints, keyUsage, names = [] } = leaf.extensions;
  if (basicConstraints?.pathLength !== undefined && !basicConstraints.ca) return refuse('malformed', 'a path length on a certificate that is no CA');
  if (purpose !== undefined && basicConstraints?.ca) return refuse('key-usage', 'a CA certificate is no end entity');
  if (purpose !== undefined && keyUsage !== undefined && !keyUsage.includes('digitalSignature')) return refuse('key-usage', 'its key may not make signatures');
  if (name !== undefined && !names.some((has) => answersTo(has, name))) return refuse('name-mismatch', `${name.type}:${name.value} is not among ${names.map(generalNameText).join(', ') || 'its names, of which there are none'}`);
  return undefined;
};

/** Names a constraint judges: the SAN, the subject, and an address in the subject when the SAN has none (4.2.1.10). */
const namesOf = ({ subject, extensions: { names = [] } }: Certificate): GeneralName[] => [
  ...names,
  ...(subject.rdns.length > 0 ? [{ type: 'directory', name: subject } as const] : []),
  ...(names.some(({ type }) => type === 'email') ? [] : emailsOf(subject)),
];

const emailsOf = ({ attributes }: DistinguishedName): GeneralName[] =>
  attributes.flatMap(({ type, value }) => type === oids.emailAddress && value !== undefined ? [{ type: 'email', value }] : []);

/** RFC 9525: one wildcard, the whole leftmost label, for exactly one label. */
const answersTo = (has: GeneralName, wanted: NonNullable<ChainQuestion['name']>): boolean => {
  if (has.type !== wanted.type) return false;
  if (has.type === 'ip') return isIP(wanted.value) !== 0 && Buffer.compare(has.bytes, ipBytes(wanted.value)) === 0;
  if (!('value' in has)) return false;
  if (has.type !== 'dns') return has.value === wanted.value;
  const pattern = has.value.toLowerCase(), host = wanted.value.toLowerCase().replace(/\.$/, '');
  if (!pattern.startsWith('*.')) return pattern === host && !pattern.includes('*');
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === pattern.slice(1) && pattern.indexOf('.', 2) !== -1 && !pattern.slice(1).includes('*');
};

const revocationRefusal = (certificate: Certificate, issuer: Certificate, crls: readonly Crl[], at: Date): Reason | undefined => {
  const covering = crls.filter((crl) => sameName(crl.issuer, certificate.issuer) && crl.notUnderstood.length === 0 && at >= crl.thisUpdate && at < crl.nextUpdate
    && (crl.shardUrls === undefined || crl.shardUrls.some((url) => certificate.extensions.crlUrls?.includes(url)))
    && issuer.extensions.keyUsage?.includes('cRLSign') && crl.isSignedBy(issuer.publicKey));
  const revocation = covering.map((crl) => crl.revoked.get(certificate.serial)).find((entry) => entry !== undefined);
  if (revocation !== undefined) return ['revoked', `serial ${certificate.serial} was revoked ${revocation.at.toISOString()} (${revocation.reason})`];
  return covering.length === 0 ? ['revocation-unknown', `no current revocation list of ${certificate.issuer.text} covers it`] : undefined;
};
