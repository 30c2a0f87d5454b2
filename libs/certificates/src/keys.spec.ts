import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { element, objectIdentifier, sequence } from './der.ts';
import { readElement } from './der-reader.ts';
import { generateKey, keyAlgorithmOf, keyIdOf, spkiOf, weaknessOf } from './keys.ts';
import { oids } from './oids.ts';
import { algorithmName, isSignedBy } from './signatures.ts';
import { signerOf } from './signer.ts';

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number, publicExponent = 65537) => generateKeyPairSync('rsa', { modulusLength, publicExponent });

describe('keys', () => {
  it.each<[string, () => { publicKey: KeyObject }, string | undefined]>([
    ['P-256', () => ec('prime256v1'), undefined],
    ['P-384', () => ec('secp384r1'), undefined],
    ['P-521', () => ec('secp521r1'), undefined],
    ['Ed25519', () => generateKeyPairSync('ed25519'), undefined],
    ['RSA 2048', () => rsa(2048), undefined],
    ['secp256k1', () => ec('secp256k1'), 'curve secp256k1'],
    ['P-224', () => ec('secp224r1'), 'curve secp224r1'],
    ['RSA 1024', () => rsa(1024), 'RSA of 1024 bits'],
    ['RSA with exponent 3', () => rsa(2048, 3), 'exponent 3'],
    ['X25519', () => generateKeyPairSync('x25519'), 'type x25519'],
    ['Ed448', () => generateKeyPairSync('ed448'), 'type ed448'],
  ])('%s: is met in a chain or not', (_, make, weakness) => {
    expect(weaknessOf(make().publicKey)).toEqual(weakness === undefined ? undefined : expect.stringContaining(weakness));
  });

  it('of ours are P-256 and P-384 and no others', async () => {
    for (const algorithm of ['P-256', 'P-384'] as const) expect(keyAlgorithmOf((await generateKey(algorithm)).publicKey)).toBe(algorithm);
    expect(keyAlgorithmOf(ec('secp521r1').publicKey)).toBeUndefined();
    expect(() => signerOf(rsa(2048).privateKey)).toThrow(expect.objectContaining({ code: 'key-algorithm' }));
  });

  it('are identified by the bits of the key (RFC 7093 method 1)', async () => {
    const { publicKey } = await generateKey('P-256');
    expect(keyIdOf(publicKey)).toEqual(createHash('sha256').update(spkiOf(publicKey).subarray(-65)).digest().subarray(0, 20));
  });
});

describe('signatures', () => {
  const algorithm = (oid: string, ...parameters: Uint8Array[]) => readElement(sequence(objectIdentifier(oid), ...parameters), 'here');
  const nothing = element(5), data = Buffer.from('data');

  it('are checked by the algorithm named and with a key of its kind only', () => {
    const { privateKey, publicKey } = rsa(2048), signature = sign('sha256', data, privateKey);
    expect(isSignedBy(publicKey, algorithm(oids.rsaWithSha256, nothing), data, signature)).toBe(true);
    expect(isSignedBy(publicKey, algorithm(oids.rsaWithSha384, nothing), data, signature)).toBe(false);
    expect(isSignedBy(publicKey, algorithm(oids.ecdsaWithSha256), data, signature)).toBe(false);
    expect(isSignedBy(publicKey, algorithm(oids.rsaWithSha256, nothing), Buffer.from('other'), signature)).toBe(false);
    const edwards = generateKeyPairSync('ed25519');
    expect(isSignedBy(edwards.publicKey, algorithm(oids.ed25519), data, sign(null, data, edwards.privateKey))).toBe(true);
  });

  it.each([['SHA-1', '1.2.840.113549.1.1.5', 'sha1'], ['MD5', '1.2.840.113549.1.1.4', 'md5']])('with RSA and %s are false, though they fit', (_, oid, hash) => {
    const { privateKey, publicKey } = rsa(2048);
    expect(isSignedBy(publicKey, algorithm(oid, nothing), data, sign(hash, data, privateKey))).toBe(false);
  });

  it('name their algorithm with the parameters its RFC wants', () => {
    expect(algorithmName(algorithm(oids.ecdsaWithSha256))).toBe(oids.ecdsaWithSha256);
    expect(algorithmName(algorithm(oids.ecdsaWithSha256, nothing))).toBe('unknown');
    expect(algorithmName(algorithm(oids.rsaWithSha256))).toBe('unknown');
  });
});
