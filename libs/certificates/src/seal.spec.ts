import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kekId, kekOf, seal, unseal } from './seal.ts';
import { newSealedKey, openSealedKey } from './signer.ts';

const kek = randomBytes(32), row = ['identity', 'ca_key', 'root-1'] as const;

describe('a sealed secret', () => {
  it('opens in its own row with its own key, whatever it is', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (secret) => { expect(unseal(seal(secret, kek, row), kek, row).equals(secret)).toBe(true); }));
  });

  it('shows nothing and never looks the same', () => {
    const secret = Buffer.from('a private key of some length');
    const [a, b] = [seal(secret, kek, row), seal(secret, kek, row)];
    expect(Buffer.from(a).includes(secret.subarray(0, 8))).toBe(false);
    expect(Buffer.compare(a, b)).not.toBe(0);
  });

  it('refuses another key-encryption key, and says which it wants', () => {
    const sealed = seal(Buffer.from('x'), kek, row), other = randomBytes(32);
    expect(kekOf(sealed)).toBe(kekId(kek));
    expect(() => unseal(sealed, other, row)).toThrow(expect.objectContaining({ kind: 'denied', code: 'kek-mismatch', detail: expect.stringContaining(kekId(kek)) }));
  });

  it('refuses another key-encryption key even under the right name', () => {
    const sealed = Buffer.from(seal(Buffer.from('x'), kek, row)), other = randomBytes(32);
    Buffer.from(kekId(other), 'hex').copy(sealed, 1);
    expect(() => unseal(sealed, other, row)).toThrow(expect.objectContaining({ code: 'seal-broken' }));
  });

  it.each([
    ['another row', ['identity', 'ca_key', 'root-2']],
    ['another table', ['identity', 'jwt_key', 'root-1']],
    ['another schema', ['policy', 'ca_key', 'root-1']],
    ['the same letters cut elsewhere', ['identity', 'ca_keyroot', '-1']],
    ['a shorter name', ['identity', 'ca_key']],
  ] as const)('does not open in %s', (_, elsewhere) => {
    expect(() => unseal(seal(Buffer.from('x'), kek, row), kek, elsewhere as never)).toThrow(expect.objectContaining({ code: 'seal-broken' }));
  });

  it('does not open with any byte changed, or cut', () => {
    const sealed = seal(Buffer.from('secret'), kek, row);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => unseal(changed, kek, row)).toThrow(expect.objectContaining({ code: at >= 1 && at < 9 ? 'kek-mismatch' : 'seal-broken' }));
      expect(() => unseal(sealed.subarray(0, at), kek, row)).toThrow(expect.objectContaining({ code: 'seal-broken' }));
    }
  });

  it('wants a key of 32 bytes', () => {
    expect(() => seal(Buffer.from('x'), randomBytes(16), row)).toThrow(expect.objectContaining({ code: 'kek-length' }));
  });
});

describe('a sealed key', () => {
  it.each(['P-256', 'P-384'] as const)('of %s signs after it was opened as it did before', async (algorithm) => {
    const { sealed, signer } = await newSealedKey(algorithm, kek, row);
    const opened = openSealedKey(sealed, kek, row);
    expect(opened.algorithm).toBe(algorithm);
    expect(opened.publicKey.equals(signer.publicKey)).toBe(true);
    expect(() => openSealedKey(sealed, kek, ['identity', 'ca_key', 'other'])).toThrow(expect.objectContaining({ code: 'seal-broken' }));
    expect(() => openSealedKey(sealed, randomBytes(32), row)).toThrow(expect.objectContaining({ code: 'kek-mismatch' }));
  });
});
