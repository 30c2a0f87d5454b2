import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { invalid, Problem } from '@plimsoll/problem';

/**
 * Which row a secret belongs to, from wide to narrow: `['identity', 'ca_key', id]`. It is authenticated, not stored:
 * a sealed value moved to another row, column or schema does not open there.
 */
export type Binding = readonly [string, ...string[]];

const version = 1, idBytes = 8, ivBytes = 12, tagBytes = 16, headBytes = 1 + idBytes + ivBytes;

/**
 * Seals a secret with AES-256-GCM under a key-encryption key of 32 bytes (NIST SP 800-38D; random 96-bit IV, so at most 2^32 seals per key).
 * Layout: version 1 · key id 8 · IV 12 · ciphertext · tag 16.
 */
export const seal = (secret: Uint8Array, kek: Uint8Array, binding: Binding): Uint8Array => {
  const head = Buffer.concat([Uint8Array.of(version), idOf(kek), randomBytes(ivBytes)]);
  const cipher = createCipheriv('aes-256-gcm', kek, head.subarray(1 + idBytes)).setAAD(authenticated(head, binding));
  return Buffer.concat([head, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
};

/**
 * Opens a sealed secret. Problem `kek-mismatch` when it was sealed under another key, `seal-broken` when it was changed
 * or belongs to another row. The caller wipes the result when done with it.
 */
export const unseal = (sealed: Uint8Array, kek: Uint8Array, binding: Binding): Buffer => {
  if (sealed.length < headBytes + tagBytes || sealed[0] !== version) throw invalid('seal-broken', `the sealed secret of ${binding.join('/')} is not in a known form`);
  if (!timingSafeEqual(sealed.subarray(1, 1 + idBytes), idOf(kek))) throw new Problem('denied', `the secret of ${binding.join('/')} is sealed under key ${kekOf(sealed)}, not ${kekId(kek)}`, { code: 'kek-mismatch' });
  const head = sealed.subarray(0, headBytes);
  const decipher = createDecipheriv('aes-256-gcm', kek, head.subarray(1 + idBytes), { authTagLength: tagBytes })
    .setAAD(authenticated(head, binding)).setAuthTag(sealed.subarray(-tagBytes));
  const secret = decipher.update(sealed.subarray(headBytes, -tagBytes));
  try {
    return Buffer.concat([secret, decipher.final()]);
  } catch (cause) {
    throw new Problem('denied', `the sealed secret of ${binding.join('/')} was changed or belongs elsewhere`, { code: 'seal-broken', cause });
  } finally {
    secret.fill(0);
  }
};

/** The public name of a key-encryption key: 16 hex digits that say nothing about it. Rows that still carry an old one are to be sealed again. */
export const kekId = (kek: Uint8Array): string => idOf(kek).toString('hex');

/** The name of the key a secret was sealed under. */
export const kekOf = (sealed: Uint8Array): string => Buffer.from(sealed.subarray(1, 1 + idBytes)).toString('hex');

const idOf = (kek: Uint8Array): Buffer => {
  if (kek.length !== 32) throw invalid('kek-length', `a key-encryption key has 32 bytes, this one has ${kek.length}`);
  return createHash('sha256').update('plimsoll key-encryption key id\0').update(kek).digest().subarray(0, idBytes);
};

/** JSON keeps ['a','bc'] and ['ab','c'] apart. */
const authenticated = (head: Uint8Array, binding: Binding): Buffer => Buffer.concat([head.subarray(0, 1 + idBytes), Buffer.from(JSON.stringify(binding))]);
