import { X509Certificate } from 'node:crypto';
import { Problem, type ProblemDetail } from '@plimsoll/problem';
import { type Certificate, readCertificate } from './certificate.ts';
import { bitString, sequence } from './der.ts';
import { constraintBrokenBy } from './name-constraints.ts';
import { generalNameText } from './general-names.ts';
import { generateKey, keyAlgorithmOf, type KeyAlgorithm, keyIdOf } from './keys.ts';
import { oids } from './oids.ts';
import type { Profile } from './profiles.ts';
import { signatureAlgorithm } from './signatures.ts';
import { type Signer, signerOf } from './signer.ts';

/** What a certificate is held against. A root is its own issuer: leave `issuer` out. */
export interface Against {
  readonly profile: Profile;
  readonly issuer?: Certificate | undefined;
}

/**
 * Refuses to-be-signed bytes that break a rule, before the real key has touched them: they are signed by a throw-away
 * key, read back as a stranger would read them, and held against every rule (the way of letsencrypt/boulder `linter/`).
 * Problem `lint-failed`, kind bug, lists all that is wrong: our own code wrote those bytes.
 */
export const lint = async (bytes: Uint8Array, signWith: KeyAlgorithm, { profile, issuer }: Against): Promise<void> => {
  const errors = await lintFindings(bytes, signWith, { profile, issuer });
  if (errors.length > 0) throw new Problem('bug', `a ${profile.name} certificate breaks ${errors.length} rules: ${errors.map(({ where, what }) => `${where}: ${what}`).join('; ')}`, { code: 'lint-failed', errors });
};

/** The same as a list; empty when all is well. */
export const lintFindings = async (bytes: Uint8Array, signWith: KeyAlgorithm, { profile, issuer }: Against): Promise<ProblemDetail[]> => {
  const copy = sequence(bytes, signatureAlgorithm(signWith), bitString(await (await throwAway(signWith)).sign([bytes])));
  let certificate: Certificate, openssl: X509Certificate;
  try {
    certificate = readCertificate(copy);
    openssl = new X509Certificate(copy);
  } catch (error) {
    return [{ where: 'encoding', what: error instanceof Error ? error.message : 'unreadable' }];
  }
  const view = { certificate, openssl, profile, issuer: issuer ?? certificate };
  return Object.entries(rules).flatMap(([where, rule]) => {
    const what = rule(view);
    return what ? [{ where, what }] : [];
  });
};

interface View {
  readonly certificate: Certificate;
  /** A second reading by other code. */
  readonly openssl: X509Certificate;
  readonly profile: Profile;
  readonly issuer: Certificate;
}

/** What is wrong, in words; anything falsy is fine. */
type Rule = (view: View) => string | false | undefined;

/** Each rule by its name, with the section it comes from. */
const rules: Record<string, Rule> = {
  // RFC 5280 4.1
  version: ({ certificate }) => certificate.version !== 3 && `version ${certificate.version}`,
  serial: ({ certificate: { serial } }) => !/^[0-9a-f]{16,40}$/.test(serial) && `${serial} is not a positive number of 8 to 20 bytes`,
  'issuer-name': ({ certificate, issuer }) => !bytesEqual(certificate.issuer.der, issuer.subject.der) && 'differs from the subject of the issuer',
  'issuer-is-ca': ({ issuer }) => !(issuer.extensions.basicConstraints?.ca && issuer.extensions.keyUsage?.includes('keyCertSign')) && 'the issuer may not sign certificates',
  'validity-order': ({ certificate }) => certificate.notBefore >= certificate.notAfter && 'it ends before it begins',
  'validity-length': ({ certificate, profile }) => seconds(certificate) > profile.lifetime + profile.backdate && `${seconds(certificate)} s are longer than the profile's ${profile.lifetime} s`,
  'validity-inside': ({ certificate, issuer }) => (certificate.notBefore < issuer.notBefore || certificate.notAfter > issuer.notAfter) && 'outside the validity of the issuer',
  subject: ({ certificate, profile }) => profile.ca && certificate.subject.rdns.length === 0 && 'a CA must have a name',
  key: ({ certificate, profile }) => !profile.keys.some((name) => name === keyAlgorithmOf(certificate.publicKey)) && `a ${profile.name} key must be ${profile.keys.join(' or ')}`,
  'key-not-issuers': ({ certificate, issuer }) => issuer !== certificate && bytesEqual(certificate.spki, issuer.spki) && 'the key is the key of the issuer',

  // RFC 5280 4.2.1
  'subject-key-id': ({ certificate }) => !bytesEqual(certificate.extensions.subjectKeyId, keyIdOf(certificate.publicKey)) && 'it is not the identifier of the key',
  'authority-key-id': ({ certificate, issuer }) => !bytesEqual(certificate.extensions.authorityKeyId, issuer.extensions.subjectKeyId) && 'it is not the identifier of the key of the issuer',
  'key-usage': ({ certificate: { extensions }, profile }) => !sameSet(extensions.keyUsage ?? [], profile.keyUsage) && `${extensions.keyUsage?.join(', ')} is not the profile's`,
  'extended-key-usage': ({ certificate: { extensions }, profile }) => !sameSet(extensions.extendedKeyUsage ?? [], profile.extendedKeyUsage) && `${extensions.extendedKeyUsage?.join(', ')} is not the profile's`,
  'extended-key-usage-inside': ({ certificate, issuer }) => {
    const allowed = issuer.extensions.extendedKeyUsage, wanted = certificate.extensions.extendedKeyUsage;
    return allowed !== undefined && !wanted?.every((usage) => allowed.includes(usage)) && 'more than the issuer may grant';
  },
  'basic-constraints': ({ certificate: { extensions }, profile }) => {
    const found = extensions.basicConstraints;
    return (found?.ca !== profile.ca || found.pathLength !== profile.pathLength) && `ca ${found?.ca}, path length ${found?.pathLength} are not the profile's`;
  },
  'path-length-inside': ({ certificate, issuer, profile }) => {
    const above = issuer.extensions.basicConstraints?.pathLength;
    return profile.ca && issuer !== certificate && above !== undefined && (profile.pathLength ?? Infinity) >= above && `the issuer allows ${above} CAs below it`;
  },
  'name-constraints': ({ certificate: { extensions }, profile }) => constraintText(extensions.nameConstraints) !== constraintText(profile.constraints) && 'they are not the profile\'s',
  names: ({ certificate: { extensions: { names = [] } }, profile }) => {
    const counts = Object.entries(profile.names).find(([type, { min, max }]) => { const count = names.filter((name) => name.type === type).length; return count < min || count > max; });
    if (counts !== undefined) return `${counts[1].min} to ${counts[1].max} ${counts[0]} names belong here`;
    const bad = names.find((name) => !('value' in name && profile.names[name.type]?.isValid(name.value)));
    return bad && `${generalNameText(bad)} is not a name of this profile`;
  },
  'names-inside': ({ certificate: { extensions: { names = [] } }, issuer }) => {
    const constraints = issuer.extensions.nameConstraints;
    return constraints && names.map((name) => constraintBrokenBy(name, constraints)).find((broken) => broken !== undefined);
  },
  // CA/Browser Forum BR 7.1.4.3: a common name repeats one of the names
  'common-name': ({ certificate: { subject, extensions }, profile }) => {
    const stray = subject.attributes.find(({ type, value }) => type === oids.commonName && !extensions.names?.some((name) => name.type === 'dns' && name.value === value));
    return !profile.ca && stray !== undefined && `${stray.value} is not among the DNS names`;
  },
  extensions: ({ certificate: { extensions, subject } }) => {
    const critical = new Set<string>([oids.basicConstraints, oids.keyUsage, oids.nameConstraints, ...(subject.rdns.length === 0 ? [oids.subjectAltName] : [])]);
    const wrong = extensions.present.find((found) => !written.has(found.oid) || found.critical !== critical.has(found.oid));
    return wrong && `${wrong.oid} is unknown or wrongly ${wrong.critical ? 'critical' : 'not critical'}`;
  },
  urls: ({ certificate: { extensions } }) => {
    const bad = [...extensions.crlUrls ?? [], ...extensions.issuerUrls ?? []].find((url) => !/^https?:\/\/[^\s]+$/.test(url));
    return bad && `${bad} is not an HTTP address`;
  },

  // OpenSSL must see what we see
  'second-reading': ({ certificate, openssl, profile }) =>
    (openssl.serialNumber.toLowerCase() !== certificate.serial || openssl.ca !== profile.ca
      || Date.parse(openssl.validFrom) !== certificate.notBefore.getTime() || Date.parse(openssl.validTo) !== certificate.notAfter.getTime()
      || (openssl.subjectAltName ?? '') !== (certificate.extensions.names ?? []).map(generalNameText).join(', ')) && 'OpenSSL reads other values',
};

/** All we ever write; anything else got in by mistake. */
const written = new Set<string>([
  oids.basicConstraints, oids.keyUsage, oids.extendedKeyUsage, oids.subjectKeyIdentifier, oids.authorityKeyIdentifier,
  oids.subjectAltName, oids.nameConstraints, oids.crlDistributionPoints, oids.authorityInformationAccess,
]);

const throwAwayKeys = new Map<KeyAlgorithm, Promise<Signer>>();

/** One per kind and process; nobody trusts it, so it need not be kept. */
const throwAway = (algorithm: KeyAlgorithm): Promise<Signer> => {
  const known = throwAwayKeys.get(algorithm) ?? generateKey(algorithm).then(({ privateKey }) => signerOf(privateKey));
  throwAwayKeys.set(algorithm, known);
  return known;
};

const seconds = ({ notBefore, notAfter }: Certificate): number => (notAfter.getTime() - notBefore.getTime()) / 1000;

const bytesEqual = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean => a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

const sameSet = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((one) => b.includes(one));

const constraintText = (constraints: Profile['constraints']): string =>
  constraints === undefined ? '' : `${constraints.permitted.map(generalNameText).join()} not ${constraints.excluded.map(generalNameText).join()}`;
