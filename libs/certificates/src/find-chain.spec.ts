import { beforeAll, describe, expect, it } from 'vitest';
import { aLeaf, anAuthority, aSigner, later, now, scannerNames, unchecked, withExtension } from './authority.spec-helper.ts';
import type { Certificate } from './certificate.ts';
import { crlBytes, type CrlRequest } from './crl.ts';
import { type ChainSearch, findChain } from './find-chain.ts';
import { dns, ip } from './general-names.ts';
import { issueRoot, type Issuer } from './issue.ts';
import { type Profile, profiles } from './profiles.ts';
import { readCrl } from './read-crl.ts';
import type { Contents } from './to-be-signed.ts';

let root: Issuer, services: Issuer, leaf: Certificate;
beforeAll(async () => {
  ({ root, services } = await anAuthority());
  leaf = await aLeaf(services);
});

const ask = (changes: Partial<ChainSearch> = {}) => findChain({ leaf, intermediates: [services.certificate], roots: [root.certificate], at: now, ...changes });
const codeOf = (changes: Partial<ChainSearch> = {}) => { const answer = ask(changes); return answer.valid ? 'valid' : answer.refusal.code; };

/** An intermediate under `issuer` that no lint has seen. */
const aCa = async (issuer: Issuer, profile: Partial<Profile> = {}, changes: Partial<Contents> = {}): Promise<Issuer> =>
  unchecked(issuer, { ...profiles['services-intermediate'], ...profile }, { notAfter: later(5 * 365 * 86_400), ...changes });

describe('a chain', () => {
  it('is found from leaf to root, whatever order it came in and whatever lies beside it', async () => {
    const { root: other, services: stranger } = await anAuthority();
    const answer = ask({ intermediates: [stranger.certificate, leaf, services.certificate], roots: [other.certificate, root.certificate], purpose: 'serverAuth', name: { type: 'dns', value: 'Scanner.svc.plimsoll.internal' } });
    expect(answer).toMatchObject({ valid: true });
    expect(answer.valid && answer.chain.map(({ subject }) => subject.text)).toEqual(['CN=scanner.svc.plimsoll.internal', 'CN=Plimsoll Services,O=Plimsoll', 'CN=Plimsoll Root,O=Plimsoll']);
  });

  it('is found when the first way leads nowhere (cross-signed intermediate)', async () => {
    const { root: other } = await anAuthority();
    const cross = await unchecked(other, profiles['services-intermediate'], { publicKey: services.signer.publicKey, subject: { organization: 'Plimsoll', commonName: 'Plimsoll Services' }, notAfter: later(86_400) });
    expect(codeOf({ intermediates: [cross.certificate, services.certificate] })).toBe('valid');
    expect(codeOf({ intermediates: [services.certificate, cross.certificate], roots: [other.certificate] })).toBe('valid');
  });

  it.each<[string, Partial<ChainSearch>, string]>([
    ['before its time', { at: later(-400) }, 'not-yet-valid'],
    ['after its time', { at: later(86_401) }, 'expired'],
    ['for another purpose', { purpose: 'codeSigning' }, 'extended-key-usage'],
    ['for another name', { name: { type: 'dns', value: 'feeds.svc.plimsoll.internal' } }, 'name-mismatch'],
    ['for its common name alone', { name: { type: 'uri', value: 'spiffe://plimsoll.internal/svc/feeds' } }, 'name-mismatch'],
    ['for a name that is no address', { name: { type: 'ip', value: 'scanner' } }, 'name-mismatch'],
    ['without its intermediate', { intermediates: [] }, 'no-issuer'],
    ['under no root', { roots: [] }, 'no-issuer'],
    ['deeper than allowed', { maxDepth: 0 }, 'limit-depth'],
    ['beyond the number of signatures', { maxSignatures: 1 }, 'limit-signatures'],
  ])('is refused %s', (_, changes, code) => { expect(codeOf(changes)).toBe(code); });

  it('is refused under another root of the same name', async () => {
    const { root: other } = await anAuthority();
    expect(ask({ roots: [other.certificate] })).toMatchObject({ valid: false, refusal: { code: 'no-issuer', detail: expect.stringContaining('not signed by CN=Plimsoll Root') } });
  });

  it('is refused outside the permitted DNS zone, in an excluded network, and through the subject\'s mailbox', async () => {
    for (const names of [[dns('evil.example')], [ip('10.0.0.1')], [...scannerNames, { type: 'email' as const, value: 'a@evil.example' }]]) {
      const { certificate } = await unchecked(services, profiles.service, { names });
      expect(codeOf({ leaf: certificate })).toBe('name-constraint');
    }
  });

  it('is refused with one CA more than the path length allows', async () => {
    const sub = await aCa(services), below = await unchecked(sub, profiles.service);
    expect(codeOf({ leaf: below.certificate, intermediates: [sub.certificate, services.certificate] })).toBe('path-length');
  });

  it('does not count a CA that certified itself anew', async () => {
    const again = await unchecked(services, profiles['services-intermediate'], { subject: { organization: 'Plimsoll', commonName: 'Plimsoll Services' }, notAfter: later(86_400) });
    const below = await unchecked(again, profiles.service);
    expect(codeOf({ leaf: below.certificate, intermediates: [again.certificate, services.certificate] })).toBe('valid');
  });

  it('is refused through a leaf that plays CA, a CA that may not sign, and a CA for other purposes', async () => {
    const leafAsCa = await unchecked(services, profiles.service), below = await unchecked(leafAsCa, profiles.service);
    expect(codeOf({ leaf: below.certificate, intermediates: [leafAsCa.certificate, services.certificate] })).toBe('not-a-ca');
    const mute = await aCa(root, { keyUsage: ['cRLSign'] });
    expect(codeOf({ leaf: (await unchecked(mute, profiles.service)).certificate, intermediates: [mute.certificate] })).toBe('key-usage');
    const mailOnly = await aCa(root, { extendedKeyUsage: ['emailProtection'] });
    expect(codeOf({ leaf: (await unchecked(mailOnly, profiles.service)).certificate, intermediates: [mailOnly.certificate], purpose: 'serverAuth' })).toBe('extended-key-usage');
  });

  it('is refused where a CA stands in for a peer', () => {
    expect(codeOf({ leaf: services.certificate, intermediates: [], purpose: 'serverAuth' })).toBe('key-usage');
    expect(codeOf({ leaf: services.certificate, intermediates: [] })).toBe('valid');
  });

  it('is refused with a critical extension nobody understands', async () => {
    expect(codeOf({ leaf: await withExtension(services, '1.2.3.4', true) })).toBe('critical-extension');
    expect(codeOf({ leaf: await withExtension(services, '1.2.3.4', false) })).toBe('valid');
  });

  it('is refused when its root is over', async () => {
    const signer = await aSigner('P-384'), long = later(21 * 365 * 86_400);
    const short = { signer, certificate: await issueRoot({ signer, subject: { commonName: 'Short' }, now }) };
    const below = await unchecked(short, profiles.service, { notAfter: later(30 * 365 * 86_400) });
    expect(codeOf({ leaf: below.certificate, intermediates: [], roots: [short.certificate], at: long })).toBe('expired');
  });

  it('answers soon in a mesh of CAs that certify each other', async () => {
    const signers = await Promise.all(Array.from({ length: 6 }, () => aSigner()));
    const issuers = await Promise.all(signers.map(async (signer, at) => ({ signer, certificate: await issueRoot({ signer: await aSigner('P-384'), subject: { commonName: `M${at}` }, now }) })));
    const mesh = await Promise.all(issuers.flatMap((issuer) => signers.map((signer, at) => unchecked(issuer, profiles['services-intermediate'], { publicKey: signer.publicKey, subject: { commonName: `M${at}` } }))));
    const below = await unchecked(issuers[0]!, profiles.service);
    expect(codeOf({ leaf: below.certificate, intermediates: mesh.map(({ certificate }) => certificate) })).toBe('limit-signatures');
  });
});

describe('revocation', () => {
  const aList = async (issuer: Issuer, changes: Partial<CrlRequest> = {}) => readCrl(await crlBytes({ issuer, number: 1n, thisUpdate: later(-60), nextUpdate: later(3600), revoked: [], ...changes }));

  it('lets pass what current lists cover and do not name', async () => {
    expect(codeOf({ crls: [await aList(services), await aList(root)] })).toBe('valid');
  });

  it('refuses the leaf, or the intermediate, that a list names', async () => {
    expect(ask({ crls: [await aList(services, { revoked: [{ serial: leaf.serial, at: now, reason: 'keyCompromise' }] }), await aList(root)] }))
      .toMatchObject({ refusal: { code: 'revoked', subject: 'CN=scanner.svc.plimsoll.internal', detail: expect.stringContaining('keyCompromise') } });
    expect(ask({ crls: [await aList(services), await aList(root, { revoked: [{ serial: services.certificate.serial, at: now }] })] })).toMatchObject({ refusal: { code: 'revoked', subject: 'CN=Plimsoll Services,O=Plimsoll' } });
  });

  it('cannot tell, and so refuses, without a list, with an old one, a forged one, or another shard\'s', async () => {
    const good = await aList(root), forger = { ...services, signer: await aSigner() };
    for (const crls of [[good], [await aList(services)], [good, await aList(services, { thisUpdate: later(-7200), nextUpdate: later(-3600) })], [good, await aList(services, { thisUpdate: later(60) })],
      [good, { ...await aList(services), notUnderstood: ['2.5.29.29'] }], [good, await aList(forger)], [good, await aList(services, { shardUrl: 'http://identity/crl/services/9.crl' })]]) {
      expect(codeOf({ crls })).toBe('revocation-unknown');
    }
  });

  it('counts the shard that the certificate points to', async () => {
    const shardUrl = 'http://identity/crl/services/9.crl', { certificate } = await unchecked(services, profiles.service, { crlUrl: shardUrl });
    expect(codeOf({ leaf: certificate, crls: [await aList(root), await aList(services, { shardUrl })] })).toBe('valid');
  });
});
