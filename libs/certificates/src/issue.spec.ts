import { randomBytes } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate as Stranger } from '@peculiar/asn1-x509';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aLeaf, anAuthority, aSigner, later, now, scannerNames } from './authority.spec-helper.ts';
import { readCertificate } from './certificate.ts';
import { dns, type GeneralName, ip, uri } from './general-names.ts';
import { issueIntermediate, issueLeaf, type Issuer } from './issue.ts';
import { fromPem, toPem } from './pem.ts';
import { readSigningRequest, requestCertificate } from './signing-request.ts';

let root: Issuer, services: Issuer;
beforeAll(async () => { ({ root, services } = await anAuthority()); });

describe('what is issued', () => {
  it('is a root, an intermediate and a leaf as their profiles say', async () => {
    const leaf = await aLeaf(services);
    expect(root.certificate).toMatchObject({ version: 3, subject: { text: 'CN=Plimsoll Root,O=Plimsoll' }, extensions: { basicConstraints: { ca: true, pathLength: 1 }, keyUsage: ['keyCertSign', 'cRLSign'] } });
    expect(root.certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
    expect(services.certificate).toMatchObject({ extensions: { basicConstraints: { ca: true, pathLength: 0 }, extendedKeyUsage: ['serverAuth', 'clientAuth'], crlUrls: ['http://identity/crl/root.crl'] } });
    expect(services.certificate.extensions.present).toContainEqual({ oid: '2.5.29.30', critical: true });
    expect(leaf).toMatchObject({ subject: { text: 'CN=scanner.svc.plimsoll.internal' }, extensions: { names: scannerNames, keyUsage: ['digitalSignature'], extendedKeyUsage: ['serverAuth', 'clientAuth'], basicConstraints: { ca: false } } });
    expect((leaf.notAfter.getTime() - now.getTime()) / 1000).toBe(86_400);
    expect(leaf.isSignedBy(services.signer.publicKey)).toBe(true);
    expect(leaf.isSignedBy(root.signer.publicKey)).toBe(false);
  });

  it('reads the same to a stranger (@peculiar/asn1-x509)', async () => {
    const leaf = await aLeaf(services), stranger = AsnConvert.parse(leaf.der, Stranger);
    expect(Buffer.from(stranger.tbsCertificate.serialNumber).toString('hex')).toBe(leaf.serial);
    expect(stranger.tbsCertificate.validity.notAfter.getTime()).toEqual(leaf.notAfter);
    expect(stranger.tbsCertificate.extensions?.map(({ extnID, critical }) => ({ oid: extnID, critical }))).toEqual(leaf.extensions.present);
    expect(Buffer.from(AsnConvert.serialize(stranger))).toEqual(Buffer.from(leaf.der));
  });

  it('has a serial of its own each time, positive and of 16 bytes', async () => {
    const request = await requestCertificate(await aSigner(), {}, scannerNames);
    const serials = await Promise.all(Array.from({ length: 50 }, () => issueLeaf({ issuer: services, request, mayHave: () => true, now }).then(({ serial }) => serial)));
    expect(new Set(serials).size).toBe(50);
    expect(serials.every((serial) => /^[4-7][0-9a-f]{31}$/.test(serial))).toBe(true);
  });

  it('never outlives its issuer, and nothing comes from an issuer that is over', async () => {
    const end = services.certificate.notAfter;
    const last = await aLeaf(services, scannerNames, new Date(end.getTime() - 3_600_000));
    expect(last.notAfter).toEqual(end);
    await expect(aLeaf(services, scannerNames, end)).rejects.toMatchObject({ kind: 'unavailable', code: 'issuer-expired' });
    await expect(aLeaf(services, scannerNames, later(-3600))).rejects.toMatchObject({ code: 'issuer-expired' });
  });

  it('survives a journey as PEM', async () => {
    const leaf = await aLeaf(services), text = toPem('CERTIFICATE', leaf.der) + toPem('CERTIFICATE', services.certificate.der);
    expect(readCertificate(text).serial).toBe(leaf.serial);
    expect(fromPem('CERTIFICATE', text).map((der) => readCertificate(der).subject.text)).toEqual(['CN=scanner.svc.plimsoll.internal', 'CN=Plimsoll Services,O=Plimsoll']);
  });
});

describe('what is refused', () => {
  const ask = async (names: readonly GeneralName[], mayHave: (name: GeneralName) => boolean = () => true) =>
    issueLeaf({ issuer: services, request: await requestCertificate(await aSigner(), { commonName: 'ignored' }, names), mayHave, now });
  const [, spiffe] = scannerNames as [GeneralName, GeneralName];

  it.each<[string, GeneralName[]]>([
    ['no name', []],
    ['no URI', [dns('scanner.svc.plimsoll.internal')]],
    ['two URIs', [...scannerNames, uri('spiffe://plimsoll.internal/svc/feeds')]],
    ['nine DNS names', [...scannerNames, ...Array.from({ length: 8 }, (_, at) => dns(`s${at}.svc.plimsoll.internal`))]],
    ['an address', [...scannerNames, ip('10.0.0.1')]],
    ['a mailbox', [...scannerNames, { type: 'email', value: 'a@svc.plimsoll.internal' }]],
    ['a wildcard', [dns('*.svc.plimsoll.internal'), spiffe]],
    ['a NUL in a name', [dns('scanner.svc.plimsoll.internal\0.evil.example'), spiffe]],
    ['a trailing dot', [dns('scanner.svc.plimsoll.internal.'), spiffe]],
    ['an underscore', [dns('a_b.svc.plimsoll.internal'), spiffe]],
    ['a URI that climbs', [dns('scanner.svc.plimsoll.internal'), uri('spiffe://plimsoll.internal/svc/../admin')]],
    ['a web URI', [dns('scanner.svc.plimsoll.internal'), uri('https://plimsoll.internal/svc/scanner')]],
  ])('%s', async (_, names) => {
    await expect(ask(names)).rejects.toMatchObject({ kind: 'denied', code: 'name-not-allowed' });
  });

  it('a name the caller says is not the sender\'s, by its name', async () => {
    await expect(ask(scannerNames, (name) => name.type !== 'uri')).rejects.toMatchObject({ code: 'name-not-allowed', errors: [{ where: 'URI:spiffe://plimsoll.internal/svc/scanner', what: 'not a name of the one who asks' }] });
  });

  it.each([
    ['DNS', [dns('evil.example'), spiffe], 'DNS:evil.example'],
    ['DNS that only ends alike', [dns('evilsvc.plimsoll.internal'), spiffe], 'DNS:evilsvc.plimsoll.internal'],
    ['URI', [dns('a.svc.plimsoll.internal'), uri('spiffe://evil.example/svc/a')], 'URI:spiffe://evil.example/svc/a'],
  ])('a %s outside the issuer\'s constraints, though everybody said yes', async (_, names, which) => {
    await expect(ask(names)).rejects.toMatchObject({ kind: 'bug', code: 'lint-failed', errors: [{ where: 'names-inside', what: expect.stringContaining(which) }] });
  });

  it('the sender\'s subject and its other wishes are ignored', async () => {
    expect((await ask(scannerNames)).subject.text).toBe('CN=scanner.svc.plimsoll.internal');
  });

  it('a request whose signature is broken', async () => {
    const request = Buffer.from(await requestCertificate(await aSigner(), {}, scannerNames));
    request[request.length - 3]! ^= 1;
    await expect(issueLeaf({ issuer: services, request, mayHave: () => true, now })).rejects.toMatchObject({ kind: 'invalid', code: 'request-signature' });
  });

  it('a request for somebody else\'s key', async () => {
    const mine = await aSigner(), theirs = await aSigner();
    const request = await requestCertificate({ ...mine, publicKey: theirs.publicKey }, {}, scannerNames);
    expect(() => readSigningRequest(request)).toThrow(expect.objectContaining({ code: 'request-signature' }));
  });

  it('a key of a kind the profile does not know', async () => {
    await expect(issueIntermediate({ issuer: root, request: await requestCertificate(await aSigner('P-384'), {}, []), subject: { commonName: 'x' }, now }))
      .rejects.toMatchObject({ code: 'key-not-allowed' });
  });

  it('the issuer\'s own key in a request', async () => {
    await expect(issueLeaf({ issuer: services, request: await requestCertificate(services.signer, {}, scannerNames), mayHave: () => true, now }))
      .rejects.toMatchObject({ code: 'lint-failed', errors: [{ where: 'key-not-issuers' }] });
  });

  it('a CA below a CA that may have none, and a leaf from a signer that is not the issuer', async () => {
    const request = await requestCertificate(await aSigner(), {}, []);
    await expect(issueIntermediate({ issuer: services, request, subject: { commonName: 'Sub' }, now })).rejects.toMatchObject({ code: 'lint-failed', errors: [{ where: 'path-length-inside' }] });
    await expect(aLeaf({ ...services, signer: await aSigner() })).rejects.toMatchObject({ code: 'issuer-key-mismatch' });
    await expect(aLeaf({ ...services, signer: { ...services.signer, sign: async () => randomBytes(70) } })).rejects.toMatchObject({ code: 'signer-broken' });
  });

  it('an over-long request and a damaged PEM', () => {
    expect(() => readSigningRequest(Buffer.alloc(16 * 1024 + 1))).toThrow(expect.objectContaining({ code: 'limit-request' }));
    expect(() => readSigningRequest('-----BEGIN CERTIFICATE REQUEST-----\nMII*\n-----END CERTIFICATE REQUEST-----')).toThrow(expect.objectContaining({ code: 'pem-malformed' }));
    expect(() => readSigningRequest('-----BEGIN CERTIFICATE REQUEST-----\nMIIB')).toThrow(expect.objectContaining({ code: 'pem-malformed' }));
    expect(() => readSigningRequest('hello')).toThrow(expect.objectContaining({ code: 'pem-malformed' }));
  });
});

describe('hostile bytes', () => {
  it('end in a value or a Problem, never in anything else, and never in a request that was not signed', async () => {
    const request = await requestCertificate(await aSigner(), {}, scannerNames), certificate = (await aLeaf(services)).der;
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    const damaged = (bytes: Uint8Array, changes: [number, number][]) => { const copy = Buffer.from(bytes); for (const [at, byte] of changes) copy[at % copy.length] = byte; return copy; };
    fc.assert(fc.property(damage, (changes) => {
      const bytes = damaged(request, changes);
      try { readSigningRequest(bytes); expect(bytes).toEqual(Buffer.from(request)); } catch (error) { expect(error).toMatchObject({ name: expect.stringMatching(/^Problem$/) }); }
    }), { numRuns: 1500 });
    fc.assert(fc.property(damage, (changes) => {
      const bytes = damaged(certificate, changes);
      try {
        const read = readCertificate(bytes);
        if (!bytes.equals(certificate)) expect(read.isSignedBy(services.signer.publicKey)).toBe(false);
      } catch (error) { expect(error).toMatchObject({ name: 'Problem' }); }
    }), { numRuns: 1500 });
  });
});
