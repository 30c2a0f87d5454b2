import { generateKey, signerOf } from '@plimsoll/certificates';
import { compactVerify } from 'jose';
import { expect, it } from 'vitest';
import { compactJws } from './compact-jws.ts';

it('verifies elsewhere, whatever the lengths of r and s', async () => {
  const { privateKey, publicKey } = await generateKey('P-256');
  const signer = signerOf(privateKey), lengths = new Set<number>();
  const counting = { ...signer, sign: async (parts: Iterable<Uint8Array>) => { const der = await signer.sign(parts); lengths.add(der.length); return der; } };
  for (let i = 0; i < 1_500; i++) {
    const { payload, protectedHeader } = await compactVerify(await compactJws(counting, { alg: 'ES256', kid: 'a' }, { i }), publicKey, { algorithms: ['ES256'] });
    expect([JSON.parse(new TextDecoder().decode(payload)), protectedHeader]).toEqual([{ i }, { alg: 'ES256', kid: 'a' }]);
  }
  expect(Math.min(...lengths)).toBeLessThan(70);   // an integer with a leading zero was among them
});
