import { createPrivateKey, createPublicKey, createSign, type KeyObject } from 'node:crypto';
import { invalid } from '@plimsoll/problem';
import { type KeyAlgorithm, keyAlgorithmOf, keyAlgorithms, generateKey } from './keys.ts';
import { type Binding, seal, unseal } from './seal.ts';

/**
 * A private key seen from outside: it signs, and nothing gets it out. Today it lives unsealed in this process;
 * a PKCS#11 token or a cloud KMS hashes the parts itself and keeps the key where it is.
 */
export interface Signer {
  readonly algorithm: KeyAlgorithm;
  readonly publicKey: KeyObject;
  /** ECDSA over the parts joined, with the algorithm's hash: DER Ecdsa-Sig-Value (RFC 5480 appendix A). */
  sign(parts: Iterable<Uint8Array>): Promise<Uint8Array>;
}

/** A signer over a key in memory. Problem `key-algorithm` unless it is P-256 or P-384. */
export const signerOf = (privateKey: KeyObject): Signer => {
  const algorithm = keyAlgorithmOf(privateKey);
  if (algorithm === undefined) throw invalid('key-algorithm', `a signing key must be ${Object.keys(keyAlgorithms).join(' or ')}`);
  return {
    algorithm,
    publicKey: createPublicKey(privateKey),
    async sign(parts) {
      const signing = createSign(keyAlgorithms[algorithm].hash);
      for (const part of parts) signing.update(part);
      return signing.sign(privateKey);
    },
  };
};

/** Makes a key that is only ever stored sealed: keep `sealed` in the row that `binding` names. */
export const newSealedKey = async (algorithm: KeyAlgorithm, kek: Uint8Array, binding: Binding): Promise<{ readonly sealed: Uint8Array; readonly signer: Signer }> => {
  const { privateKey } = await generateKey(algorithm);
  return { sealed: sealKey(privateKey, kek, binding), signer: signerOf(privateKey) };
};

/** Opens a sealed key. Problems as `unseal`: `kek-mismatch`, `seal-broken`. */
export const openSealedKey = (sealed: Uint8Array, kek: Uint8Array, binding: Binding): Signer => {
  const pkcs8 = unseal(sealed, kek, binding);
  try {
    return signerOf(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  } finally {
    pkcs8.fill(0);
  }
};

const sealKey = (privateKey: KeyObject, kek: Uint8Array, binding: Binding): Uint8Array => {
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  try {
    return seal(pkcs8, kek, binding);
  } finally {
    pkcs8.fill(0);
  }
};
