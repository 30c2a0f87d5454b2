import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aLeaf, anAuthority, later, now, scannerNames, unchecked } from './authority.spec-helper.ts';
import { type Certificate } from './certificate.ts';
import { crlBytes, type Revocation } from './crl.ts';
import { findChain } from './find-chain.ts';
import { dns, ip, uri } from './general-names.ts';
import { issueLeaf, type Issuer } from './issue.ts';
import { generateKey } from './keys.ts';
import { fromPem, toPem } from './pem.ts';
import { profiles } from './profiles.ts';
import { readCrl } from './read-crl.ts';
import { readSigningRequest, requestCertificate } from './signing-request.ts';
import { signerOf } from './signer.ts';

// What we make must satisfy the implementation the world uses, and it must refuse what we refuse.
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const given = hasOpenssl ? it : it.skip;
const why = hasOpenssl ? '' : ' (skipped: openssl is not on the PATH)';

let folder: string, root: Issuer, services: Issuer, leaf: Certificate;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-openssl-'));
  ({ root, services } = await anAuthority());
  leaf = await aLeaf(services);
});
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const openssl = (...args: string[]): { ok: boolean; says: string } => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return { ok: status === 0, says: stdout + stderr };
};

const pems = (...certificates: Certificate[]): string => certificates.map(({ der }) => toPem('CERTIFICATE', der)).join('');

const verify = (of: Certificate, { intermediates = [services.certificate], at = now, more = [] as string[] } = {}) =>
  openssl('verify', '-x509_strict', '-attime', String(at.getTime() / 1000), '-CAfile', file('root.pem', pems(root.certificate)),
    ...(intermediates.length === 0 ? [] : ['-untrusted', file('intermediates.pem', pems(...intermediates))]), ...more, file('leaf.pem', pems(of)));

describe(`openssl verify -x509_strict and our own search agree${why}`, () => {
  const both = (of: Certificate, more: { intermediates?: Certificate[]; at?: Date } = {}) => {
    const theirs = verify(of, more), ours = findChain({ leaf: of, intermediates: more.intermediates ?? [services.certificate], roots: [root.certificate], at: more.at ?? now });
    return { theirs: theirs.ok ? 'OK' : theirs.says, ours: ours.valid ? 'OK' : ours.refusal.code };
  };

  given('on a good chain', () => {
    expect(both(leaf)).toEqual({ theirs: 'OK', ours: 'OK' });
    expect(verify(leaf, { more: ['-purpose', 'sslserver', '-verify_hostname', 'scanner.svc.plimsoll.internal'] }).says).toContain('OK');
    expect(verify(leaf, { more: ['-purpose', 'sslclient'] }).ok).toBe(true);
    expect(verify(leaf, { more: ['-purpose', 'smimesign'] }).ok).toBe(false);
    expect(verify(root.certificate, { intermediates: [] }).ok).toBe(true);
  });

  given('on names with no room for a common name', async () => {
    const long = `${'a'.repeat(60)}.svc.plimsoll.internal`, nameless = await aLeaf(services, [dns(long), uri('spiffe://plimsoll.internal/svc/a')]);
    expect(nameless.subject.text).toBe('');
    expect(both(nameless)).toEqual({ theirs: 'OK', ours: 'OK' });
  });

  given.each([
    ['outside the permitted DNS zone', [dns('evil.example')], 'permitted subtree violation'],
    ['with an URI outside the trust domain', [uri('spiffe://evil.example/svc/a')], 'permitted subtree violation'],
    ['with an address, all of which are excluded', [ip('10.0.0.1')], 'excluded subtree violation'],
    ['with an IPv6 address', [ip('fd00::1')], 'excluded subtree violation'],
    ['with a mailbox elsewhere', [{ type: 'email', value: 'a@evil.example' }], 'permitted subtree violation'],
  ] as const)('on a leaf %s', async (_, names, theirs) => {
    const { certificate } = await unchecked(services, profiles.service, { names });
    expect(both(certificate)).toEqual({ theirs: expect.stringContaining(theirs), ours: 'name-constraint' });
  });

  given('on a path length exceeded', async () => {
    const sub = await unchecked(services, profiles['services-intermediate']), below = await unchecked(sub, profiles.service);
    expect(both(below.certificate, { intermediates: [sub.certificate, services.certificate] })).toEqual({ theirs: expect.stringContaining('path length constraint exceeded'), ours: 'path-length' });
  });

  given('on a leaf that signs', async () => {
    const playing = await unchecked(services, profiles.service), below = await unchecked(playing, profiles.service);
    expect(both(below.certificate, { intermediates: [playing.certificate, services.certificate] })).toEqual({ theirs: expect.stringMatching(/invalid CA certificate/), ours: 'not-a-ca' });
  });

  given('on one that is over, and one that has not begun', () => {
    expect(both(leaf, { at: later(86_401) })).toEqual({ theirs: expect.stringContaining('certificate has expired'), ours: 'expired' });
    expect(both(leaf, { at: later(-301) })).toEqual({ theirs: expect.stringContaining('not yet valid'), ours: 'not-yet-valid' });
  });

  given('on another root of the same name, and no intermediate', async () => {
    const other = await anAuthority();
    expect(both(await aLeaf(other.services))).toEqual({ theirs: expect.stringContaining('error'), ours: 'no-issuer' });
    expect(both(leaf, { intermediates: [] })).toEqual({ theirs: expect.stringContaining('unable to get local issuer'), ours: 'no-issuer' });
  });
});

describe(`revocation lists${why}`, () => {
  const aList = (issuer: Issuer, revoked: Revocation[] = [], shardUrl?: string) => crlBytes({ issuer, revoked, shardUrl, number: 4097n, thisUpdate: later(-60), nextUpdate: later(86_400) });
  const withLists = (lists: Uint8Array[]) => verify(leaf, { more: ['-crl_check_all', ...lists.flatMap((list, at) => ['-CRLfile', file(`${at}.crl`, toPem('X509 CRL', list))])] });

  given('are good, say revoked, and are missed', async () => {
    const rootList = await aList(root);
    expect(withLists([await aList(services), rootList]).says).toContain('OK');
    expect(withLists([await aList(services, [{ serial: leaf.serial, at: now, reason: 'keyCompromise' }]), rootList]).says).toContain('certificate revoked');
    expect(withLists([await aList(services), await aList(root, [{ serial: services.certificate.serial, at: now }])]).says).toContain('certificate revoked');
    expect(withLists([await aList(services)]).says).toContain('unable to get certificate CRL');
    expect(withLists([await aList({ ...services, signer: root.signer }), rootList]).says).toMatch(/CRL signature failure|signature/);
  });

  given('read in OpenSSL as we wrote them', async () => {
    const list = await aList(services, [{ serial: 'ff01', at: new Date('2051-01-01T00:00:00Z'), reason: 'superseded' }, { serial: '01', at: now }], 'http://identity/crl/3.crl');
    const { ok, says } = openssl('crl', '-inform', 'DER', '-in', file('x.crl', list), '-noout', '-text', '-CAfile', file('services.pem', pems(services.certificate)));
    expect(ok).toBe(true);
    for (const part of ['verify OK', 'Serial Number: FF01', 'Jan  1 00:00:00 2051 GMT', 'Superseded', 'Serial Number: 01', 'http://identity/crl/3.crl', '4097', 'Issuing Distribution Point: critical']) expect(says).toContain(part);
  });

  given('of 100,000 entries verify', async () => {
    function* many() { for (let at = 0; at < 100_000; at++) yield { serial: (0x4000_0000 + at).toString(16), at: now, reason: 'superseded' } as const; }
    const list = await crlBytes({ issuer: services, revoked: many(), number: 1n, thisUpdate: now, nextUpdate: later(60) });
    expect(openssl('crl', '-inform', 'DER', '-in', file('big.crl', list), '-noout', '-CAfile', file('services.pem', pems(services.certificate))).says).toContain('verify OK');
    expect(readCrl(list).revoked.size).toBe(100_000);
  });
});

describe(`signing requests${why}`, () => {
  const theirs = (algorithm: string[], san = 'DNS:scanner.svc.plimsoll.internal,URI:spiffe://plimsoll.internal/svc/scanner') =>
    openssl('req', '-new', ...algorithm, '-nodes', '-keyout', join(folder, 'key.pem'), '-subj', '/CN=whatever', '-addext', `subjectAltName=${san}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-out', join(folder, 'request.pem'));
  const text = () => readFileSync(join(folder, 'request.pem'), 'utf8');
  const issue = () => issueLeaf({ issuer: services, request: text(), mayHave: () => true, now });

  given.each(['P-256', 'P-384'])('from openssl with %s become leaves, their wish to be a CA ignored', async (curve) => {
    expect(theirs(['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`]).ok).toBe(true);
    const made = await issue();
    expect(made.extensions).toMatchObject({ basicConstraints: { ca: false }, names: scannerNames });
    expect(verify(made).says).toContain('OK');
  });

  given.each([['RSA', ['-newkey', 'rsa:2048']], ['Ed25519', ['-newkey', 'ed25519']], ['P-521', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521']]])('from openssl with %s are read and refused', async (_, algorithm) => {
    expect(theirs(algorithm).ok).toBe(true);
    expect(readSigningRequest(text()).names).toEqual(scannerNames);
    await expect(issue()).rejects.toMatchObject({ code: 'key-not-allowed' });
  });

  given('from openssl with a broken signature are refused', () => {
    theirs(['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']);
    const broken = Buffer.from(fromPem('CERTIFICATE REQUEST', text())[0]!);
    broken[broken.length - 5]! ^= 1;
    expect(openssl('req', '-verify', '-noout', '-inform', 'DER', '-in', file('broken.der', broken)).says).toMatch(/failure/);
    expect(() => readSigningRequest(broken)).toThrow(expect.objectContaining({ code: 'request-signature' }));
  });

  given('of ours satisfy openssl', async () => {
    const request = await requestCertificate(signerOf((await generateKey('P-384')).privateKey), { commonName: 'scanner' }, scannerNames);
    const { ok, says } = openssl('req', '-verify', '-text', '-noout', '-inform', 'DER', '-in', file('ours.der', request));
    expect(ok).toBe(true);
    expect(says).toMatch(/verify OK/);
    expect(says).toContain('URI:spiffe://plimsoll.internal/svc/scanner');
  });
});

describe('node:tls', () => {
  it('lets two of our leaves meet, and refuses one of another authority', async () => {
    const identity = async (issuer: Issuer) => {
      const { privateKey } = await generateKey('P-256'), at = new Date();
      const made = await issueLeaf({ issuer, request: await requestCertificate(signerOf(privateKey), {}, scannerNames), mayHave: () => true, now: at });
      return { cert: pems(made, issuer.certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
    };
    const ours = await anAuthority(new Date()), stranger = await anAuthority(new Date());
    const server = createServer({ ...await identity(ours.services), ca: pems(ours.root.certificate), requestCert: true, rejectUnauthorized: false },
      (socket) => { socket.end(socket.authorized ? socket.getPeerCertificate().subjectaltname ?? '' : `refused: ${String(socket.authorizationError)}`); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const meet = async (issuer: Issuer) => {
      const me = await identity(issuer);
      return new Promise<string>((resolve, reject) => {
        const socket: TLSSocket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, servername: 'scanner.svc.plimsoll.internal', ca: pems(ours.root.certificate), ...me });
        let heard = '';
        socket.on('data', (bytes) => { heard += String(bytes); }).on('end', () => { resolve(heard); }).on('error', reject);
      });
    };
    try {
      expect(await meet(ours.services)).toBe('DNS:scanner.svc.plimsoll.internal, URI:spiffe://plimsoll.internal/svc/scanner');
      expect(await meet(stranger.services)).toMatch(/^refused: .*(UNABLE_TO|SELF_SIGNED|SIGNATURE)/);
    } finally {
      server.close();
    }
  });
});
