import { type KeyObject, verify } from 'node:crypto';
import { objectIdentifier, sequence } from './der.ts';
import { type Element, fieldsOf, identifierText } from './der-reader.ts';
import { type KeyAlgorithm, keyAlgorithms } from './keys.ts';
import { oids } from './oids.ts';

/** The AlgorithmIdentifier our keys sign with: ECDSA has no parameters (RFC 5758 3.2). */
export const signatureAlgorithm = (algorithm: KeyAlgorithm): Uint8Array => sequence(objectIdentifier(keyAlgorithms[algorithm].signature));

/** Checks a signature, and says false for hashes below SHA-256, unknown algorithms and keys of another kind. */
export const isSignedBy = (key: KeyObject, algorithm: Element, parts: Uint8Array, signature: Uint8Array): boolean => {
  const known = accepted.get(algorithmName(algorithm));
  if (known === undefined || key.asymmetricKeyType !== known.key) return false;
  try {
    return verify(known.hash, parts, key, signature);
  } catch {
    return false;
  }
};

/** The dotted name of an AlgorithmIdentifier whose parameters are what its RFC says; anything else is `unknown`. */
export const algorithmName = (algorithm: Element): string => {
  const fields = fieldsOf(algorithm, 'signature algorithm');
  const name = identifierText(fields.take(6, 'algorithm'), 'signature algorithm'), parameters = fields.maybe(5);
  fields.end();
  const wantsNull = accepted.get(name)?.key === 'rsa';
  return wantsNull === (parameters !== undefined) && (parameters?.content.length ?? 0) === 0 ? name : 'unknown';
};

export const isAcceptedAlgorithm = (name: string): boolean => accepted.has(name);

const accepted = new Map<string, { readonly key: string; readonly hash: string | null }>([
  [oids.ecdsaWithSha256, { key: 'ec', hash: 'sha256' }], [oids.ecdsaWithSha384, { key: 'ec', hash: 'sha384' }], [oids.ecdsaWithSha512, { key: 'ec', hash: 'sha512' }],
  [oids.rsaWithSha256, { key: 'rsa', hash: 'sha256' }], [oids.rsaWithSha384, { key: 'rsa', hash: 'sha384' }], [oids.rsaWithSha512, { key: 'rsa', hash: 'sha512' }],
  [oids.ed25519, { key: 'ed25519', hash: null }],
]);
