import { AsnConvert } from '@peculiar/asn1-schema';
import { CertificateList } from '@peculiar/asn1-x509';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aLeaf, anAuthority, later, now } from './authority.spec-helper.ts';
import { crlBytes, type CrlRequest, type Revocation, revocationReasons, writeCrl } from './crl.ts';
import { boolean, element, explicit, integer, objectIdentifier, octetString, sequence, time } from './der.ts';
import { members, readElement } from './der-reader.ts';
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
    const bytes = await crlBytes(aCrl());  // nextUpdate is followed by the extensions at once
    expect(Buffer.from(bytes).toString('latin1')).toMatch(/260302120000Z\xa0/);
    expect(() => readCrl(relist(bytes, ['3000']))).toThrow(expect.objectContaining({ code: 'der-malformed', detail: expect.stringContaining('empty list') }));
  });

  it('is not understood with critical extensions of another kind, in the list or in an entry', async () => {
    const bytes = Buffer.from(await crlBytes(aCrl({ shardUrl: 'http://identity/crl/1.crl' })));
    bytes[bytes.indexOf(Buffer.from('0603551d1c', 'hex')) + 4] = 0x63;
    expect(readCrl(bytes).notUnderstood).toEqual(['2.5.29.99']);
    const entry = (extension: string) => element(0x30, integer(5), time(now), Buffer.from(extension, 'hex'));
    const withEntry = async (extension: string) => readCrl(relist(await crlBytes(aCrl()), [Buffer.from(sequence(entry(extension))).toString('hex')])).notUnderstood;
    expect(await withEntry('300e300c0603551d1d0101ff04020500')).toEqual(['2.5.29.29']);  // certificateIssuer: an indirect list
    expect(await withEntry('300b30090603551d1d04020500')).toEqual([]);
  });

  it('is not understood when it covers some kinds of certificate only', async () => {
    const bytes = await crlBytes(aCrl({ shardUrl: 'http://identity/crl/1.crl' })), point = Buffer.from('http://identity/crl/1.crl');
    const name = element(0xa0, element(0xa0, element(0x86, point)));
    const value = (...more: Uint8Array[]) => sequence(objectIdentifier('2.5.29.28'), boolean(true), octetString(sequence(name, ...more)));
    const replaced = (by: Uint8Array) => relist(bytes, [], (extensions) => [...extensions.slice(0, -1), by]);
    expect(readCrl(replaced(value())).notUnderstood).toEqual([]);
    expect(readCrl(replaced(value(element(0x81, Uint8Array.of(255))))).notUnderstood).toEqual(['2.5.29.28']);
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

/** The same list with other entries (hex, put after nextUpdate) or extensions; its signature no longer fits. */
const relist = (bytes: Uint8Array, entries: string[], edit = (extensions: Uint8Array[]): Uint8Array[] => extensions): Uint8Array => {
  const [list, ...rest] = members(readElement(bytes, 'list'), 'list'), parts = members(list!, 'list');
  const extensions = members(readElement(parts.at(-1)!.content, 'list'), 'list').map(({ der }) => der);
  return sequence(sequence(...parts.slice(0, -1).map(({ der }) => der), ...entries.map((entry) => Buffer.from(entry, 'hex')), explicit(0, sequence(...edit(extensions)))), ...rest.map(({ der }) => der));
};
