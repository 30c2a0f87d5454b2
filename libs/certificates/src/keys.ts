import { createHash, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { oids } from './oids.ts';

/** The kinds of key this authority makes and certifies, each with its curve, and the hash of the same strength (RFC 5480 section 4). */
export const keyAlgorithms = {
  'P-256': { curve: 'prime256v1', hash: 'sha256', signature: oids.ecdsaWithSha256 },
  'P-384': { curve: 'secp384r1', hash: 'sha384', signature: oids.ecdsaWithSha384 },
} as const;
export type KeyAlgorithm = keyof typeof keyAlgorithms;

/** A fresh key pair from the machine's random source. */
export const generateKey = async (algorithm: KeyAlgorithm): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> =>
  promisify(generateKeyPair)('ec', { namedCurve: keyAlgorithms[algorithm].curve });

/** Which of them a key is; undefined for every other kind. */
export const keyAlgorithmOf = (key: KeyObject): KeyAlgorithm | undefined =>
  key.asymmetricKeyType === 'ec' ? names.find((name) => keyAlgorithms[name].curve === key.asymmetricKeyDetails?.namedCurve) : undefined;

/** SubjectPublicKeyInfo in the one form OpenSSL writes, whatever the form it was read from. */
export const spkiOf = (publicKey: KeyObject): Buffer => publicKey.export({ type: 'spki', format: 'der' });

/** Key identifier, RFC 7093 method 1: the first 160 bits of the SHA-256 of the public key's bits. */
export const keyIdOf = (publicKey: KeyObject): Buffer => {
  const { x, y } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Uint8Array.of(4), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')]);
  return createHash('sha256').update(point).digest().subarray(0, 20);
};

/** What is wrong with a key met in somebody's chain, or undefined: RSA of 2048 to 8192 bits, the NIST curves, Ed25519. */
export const weaknessOf = (key: KeyObject): string | undefined => {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519': return undefined;
    case 'ec': return ['prime256v1', 'secp384r1', 'secp521r1'].includes(namedCurve) ? undefined : `curve ${namedCurve} is not accepted`;
    case 'rsa':
      if (modulusLength < 2048 || modulusLength > 8192) return `RSA of ${modulusLength} bits is not accepted`;
      return publicExponent < 65537n || publicExponent % 2n === 0n || publicExponent >= 1n << 32n ? `RSA exponent ${publicExponent} is not accepted` : undefined;
    default: return `keys of type ${key.asymmetricKeyType} are not accepted`;
  }
};

const names = Object.keys(keyAlgorithms) as KeyAlgorithm[];
