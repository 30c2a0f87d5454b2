import { AsnConvert } from '@peculiar/asn1-schema';
import { CertificateList } from '@peculiar/asn1-x509';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aLeaf, anAuthority, later, now } from './authority.spec-helper.ts';
import { crlBytes, type CrlRequest, type Revocation, revocationReasons, writeCrl } from './crl.ts';
import type { Issuer } from './issue.ts';
import { toPem } from './pem.ts';
import { readCrl } from './read-crl.ts';

let services: Issuer;
beforeAll(async () => { ({ services } = await anAuthority()); });

const aCrl = (changes: Partial<CrlRequest> = {}): CrlRequest => ({ issuer: services, number: 7n, thisUpdate: now, nextUpdate: later(86_400), revoked: [], ...changes });

const revocations: fc.Arbitrary<Revocation[]> = fc.uniqueArray(fc.record({
  serial: fc.bigInt({ min: 1n, max: (1n << 160n) - 1n }).map((value) => { const hex = value.toString(16); return hex.length % 2 === 0 ? hex : `0${hex}`; }),
  at: fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }).map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
  reason: fc.constantFrom(...Object.keys(revocationReasons) as (keyof typeof revocationReasons)[]),
}), { selector: ({ serial }) => serial, maxLength: 40 });

describe('a revocation list', () => {
  it('says to its reader, and to a stranger, what was written', async () => {
    await fc.assert(fc.asyncProperty(revocations, fc.bigInt({ min: 0n, max: 1n << 100n }), async (revoked, number) => {
      const bytes = await crlBytes(aCrl({ revoked, number })), crl = readCrl(bytes);
      expect([...crl.revoked]).toEqual(revoked.map(({ serial, at, reason }) => [serial, { at, reason }]));
      expect(crl).toMatchObject({ number, thisUpdate: now, nextUpdate: later(86_400), notUnderstood: [], issuer: { text: 'CN=Plimsoll Services,O=Plimsoll' } });
      expect(crl.isSignedBy(services.signer.publicKey)).toBe(true);
      const stranger = AsnConvert.parse(bytes, CertificateList).tbsCertList;
      expect((stranger.revokedCertificates ?? []).map(({ userCertificate, revocationDate }) => [BigInt(`0x${Buffer.from(userCertificate).toString('hex')}`), revocationDate.getTime()]))
        .toEqual(revoked.map(({ serial, at }) => [BigInt(`0x${serial}`), at]));
    }), { numRuns: 60 });
  });

  it('leaves the list out when nothing is revoked (RFC 5280 5.1.2.6)', async () => {
    expect(AsnConvert.parse(await crlBytes(aCrl()), CertificateList).tbsCertList.revokedCertificates).toBeUndefined();
  });

  it('reads its entries one at a time and yields itself in pieces', async () => {
    async function* cursor() { for (let at = 0; at < 5000; at++) yield { serial: (2 ** 40 + at).toString(16).padStart(12, '0'), at: now, reason: 'superseded' } as const; }
    const pieces: Uint8Array[] = [];
    for await (const piece of writeCrl(aCrl({ revoked: cursor() }))) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(4);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
    const crl = readCrl(Buffer.concat(pieces));
    expect(crl.revoked.size).toBe(5000);
    expect(crl.isSignedBy(services.signer.publicKey)).toBe(true);
  });

  it('names its shard, and a changed byte breaks its signature', async () => {
    const leaf = await aLeaf(services), bytes = Buffer.from(await crlBytes(aCrl({ shardUrl: 'http://identity/crl/services/3.crl', revoked: [{ serial: leaf.serial, at: now }] })));
    expect(readCrl(bytes)).toMatchObject({ shardUrls: ['http://identity/crl/services/3.crl'], notUnderstood: [] });
    expect(readCrl(toPem('X509 CRL', bytes)).revoked.get(leaf.serial)).toEqual({ at: now, reason: 'unspecified' });
    bytes[bytes.indexOf(Buffer.from(leaf.serial, 'hex'))]! ^= 1;
    expect(readCrl(bytes).isSignedBy(services.signer.publicKey)).toBe(false);
  });

  it.each<[string, () => Promise<Partial<CrlRequest>>, string]>([
    ['ends before it begins', async () => ({ nextUpdate: now }), 'crl-times'],
    ['is by a leaf', async () => ({ issuer: { ...services, certificate: await aLeaf(services) } }), 'crl-issuer'],
    ['names a serial that is none', async () => ({ revoked: [{ serial: 'zz', at: now }] }), 'crl-serial'],
    ['names a serial of 21 bytes', async () => ({ revoked: [{ serial: '11'.repeat(21), at: now }] }), 'crl-serial'],
    ['names a serial padded with zeros', async () => ({ revoked: [{ serial: '0011', at: now }] }), 'crl-serial'],
    ['grows past its limit', async () => ({ maxBytes: 1000, revoked: Array.from({ length: 3000 }, (_, at) => ({ serial: (0x10000 + at).toString(16).padStart(6, '0').replace(/^00/, '01'), at: now })) }), 'limit-crl'],
  ])('is not written when it %s', async (_, changes, code) => {
    await expect(changes().then((changed) => crlBytes(aCrl(changed)))).rejects.toMatchObject({ code });
  });

  it('damaged in any way ends in a Problem or a signature that fails', async () => {
    const bytes = await crlBytes(aCrl({ revoked: [{ serial: '1234', at: now, reason: 'keyCompromise' }] }));
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
      const copy = Buffer.from(bytes);
      copy[at] = byte;
      try {
        expect(readCrl(copy).isSignedBy(services.signer.publicKey)).toBe(copy.equals(bytes));
      } catch (error) { expect(error).toMatchObject({ name: 'Problem' }); }
    }), { numRuns: 1500 });
  });
});
