import { beforeAll, describe, expect, it } from 'vitest';
import { anAuthority, aSigner, contentsFor, edited, later, scannerNames, strange } from './authority.spec-helper.ts';
import { objectIdentifier, octetString, sequence } from './der.ts';
import { subjectKeyIdentifier } from './extensions.ts';
import { dns, ip, uri } from './general-names.ts';
import type { Issuer } from './issue.ts';
import { keyIdOf } from './keys.ts';
import { lint, lintFindings } from './lint.ts';
import { type Profile, profiles } from './profiles.ts';
import type { Signer } from './signer.ts';
import { type Contents, toBeSigned } from './to-be-signed.ts';

let root: Issuer, services: Issuer, subject: Signer, big: Signer;
beforeAll(async () => {
  ({ root, services } = await anAuthority());
  [subject, big] = await Promise.all([aSigner(), aSigner('P-384')]);
});

/** Writes a service certificate with one thing changed, and holds it against the service profile. */
const findingsOf = (changes: (made: Contents) => Partial<Contents>, profile: Profile = profiles.service, issuer = services) => {
  const made = contentsFor(issuer, profile, subject);
  return lintFindings(toBeSigned({ ...made, ...changes(made) }), issuer.signer.algorithm, { profile, issuer: issuer.certificate });
};

describe('the lint', () => {
  it('lets pass what is right', async () => {
    expect(await findingsOf(() => ({}))).toEqual([]);
    expect(await findingsOf(() => ({ crlUrl: 'http://identity/crl/services.crl', issuerUrl: 'http://identity/services.cer' }))).toEqual([]);
    expect(await findingsOf(() => ({ subject: {} }))).toEqual([]);
    expect(await findingsOf(() => ({}), profiles['services-intermediate'], root)).toEqual([]);
  });

  it.each<[string, (made: Contents) => Partial<Contents>]>([
    ['serial', () => ({ serial: Uint8Array.of(1, 2, 3, 4, 5, 6, 7) })],
    ['serial', () => ({ serial: new Uint8Array(21).fill(0x55) })],
    ['issuer-name', () => ({ issuerName: root.certificate.subject.der })],
    ['validity-order', ({ notBefore }) => ({ notAfter: notBefore })],
    ['validity-length', ({ notAfter }) => ({ notAfter: new Date(notAfter.getTime() + 1000) })],
    ['validity-inside', () => ({ notBefore: later(-301) })],
    ['validity-inside', () => ({ notBefore: later(6 * 365 * 86_400), notAfter: later(6 * 365 * 86_400 + 60) })],
    ['key-not-issuers', () => ({ publicKey: services.signer.publicKey })],
    ['authority-key-id', () => ({ issuerKeyId: keyIdOf(root.signer.publicKey) })],
    ['basic-constraints', ({ profile }) => ({ profile: { ...profile, ca: true } })],
    ['basic-constraints', ({ profile }) => ({ profile: { ...profile, pathLength: 0 } })],
    ['key-usage', ({ profile }) => ({ profile: { ...profile, keyUsage: ['digitalSignature', 'keyCertSign'] } })],
    ['extended-key-usage', ({ profile }) => ({ profile: { ...profile, extendedKeyUsage: ['serverAuth'] } })],
    ['extended-key-usage-inside', ({ profile }) => ({ profile: { ...profile, extendedKeyUsage: ['serverAuth', 'codeSigning'] } })],
    ['extended-key-usage-inside', ({ profile }) => ({ profile: { ...profile, extendedKeyUsage: [] } })],
    ['name-constraints', ({ profile }) => ({ profile: { ...profile, constraints: { permitted: [dns('x.example')], excluded: [] } } })],
    ['names', () => ({ names: [scannerNames[0]!] })],
    ['names', () => ({ names: [...scannerNames, ip('10.0.0.1')] })],
    ['names', () => ({ names: [...scannerNames, dns('UPPER.svc.plimsoll.internal')] })],
    ['names-inside', () => ({ names: [...scannerNames, dns('evil.example')] })],
    ['names-inside', () => ({ names: [scannerNames[0]!, uri('spiffe://evil.example/a')] })],
    ['names-inside', () => ({ names: [...scannerNames, ip('10.0.0.1')] })],
    ['common-name', () => ({ subject: { commonName: 'admin' } })],
    ['second-reading', () => ({ names: [...scannerNames, dns('a.svc.plimsoll.internal, DNS:evil.example')] })],  // CVE-2021-44532
    ['urls', () => ({ crlUrl: 'ldap://directory/cn=crl' })],
  ])('%s: finds what breaks it', async (rule, changes) => {
    expect((await findingsOf(changes)).map(({ where }) => where)).toContain(rule);
  });

  it('finds a key too strange for the profile, and a CA without a name', async () => {
    const ca = profiles['services-intermediate'];
    expect((await findingsOf(() => ({ publicKey: big.publicKey }), ca, root)).map(({ where }) => where)).toEqual(['key']);
    expect((await findingsOf(() => ({ subject: {} }), ca, root)).map(({ where }) => where)).toEqual(['subject']);
    expect((await findingsOf(() => ({ subject: { commonName: 'Sub' } }), ca, services)).map(({ where }) => where)).toContain('path-length-inside');
    expect((await findingsOf(({ profile }) => ({ profile: { ...profile, constraints: undefined } as unknown as Profile }), ca, root)).map(({ where }) => where)).toEqual(['name-constraints']);
  });

  it.each<[string, string, (extensions: Uint8Array[]) => Uint8Array[]]>([
    ['extensions', 'an extension nobody writes', (extensions) => [...extensions, strange('1.2.3.4', false)]],
    ['extensions', 'one that should be critical', ([, ...rest]) => [basicConstraintsNotCritical, ...rest]],
    ['basic-constraints', 'basic constraints missing', ([, ...rest]) => rest],
    ['subject-key-id', 'the identifier of another key', (extensions) => extensions.map((one) => Buffer.from(one).includes(Buffer.from('0603551d0e', 'hex')) ? subjectKeyIdentifier(new Uint8Array(20)) : one)],
    ['encoding', 'an extension that appears twice', (extensions) => [...extensions, extensions[0]!]],
  ])('%s: finds %s', async (rule, _, edit) => {
    const bytes = edited(toBeSigned(contentsFor(services, profiles.service, subject)), edit);
    expect((await lintFindings(bytes, 'P-256', { profile: profiles.service, issuer: services.certificate })).map(({ where }) => where)).toContain(rule);
  });

  it('finds another version', async () => {
    const bytes = Buffer.from(toBeSigned(contentsFor(services, profiles.service, subject)));
    bytes[bytes.indexOf(Buffer.from('a003020102', 'hex')) + 4] = 1;
    expect((await lintFindings(bytes, 'P-256', { profile: profiles.service, issuer: services.certificate })).map(({ where }) => where)).toContain('version');
  });

  it('finds a signature algorithm that is not the signer\'s', async () => {
    const made = contentsFor(services, profiles.service, subject);
    expect(await lintFindings(toBeSigned({ ...made, signWith: 'P-384' }), 'P-256', { profile: profiles.service, issuer: services.certificate })).toMatchObject([{ where: 'encoding', what: expect.stringContaining('algorithms differ') }]);
  });

  it('finds an issuer that may not sign', async () => {
    const leaf = { ...services, certificate: { ...services.certificate, extensions: { ...services.certificate.extensions, keyUsage: ['cRLSign' as const] } } };
    expect((await findingsOf(() => ({}), profiles.service, leaf)).map(({ where }) => where)).toEqual(['issuer-is-ca']);
  });

  it('finds bytes that are no certificate', async () => {
    expect(await lintFindings(Uint8Array.of(0x30, 0), 'P-256', { profile: profiles.service, issuer: services.certificate })).toMatchObject([{ where: 'encoding' }]);
  });

  it('stops the signing with all it found', async () => {
    const made = contentsFor(services, profiles.service, subject);
    await expect(lint(toBeSigned({ ...made, serial: Uint8Array.of(1), subject: { commonName: 'x' } }), 'P-256', { profile: profiles.service, issuer: services.certificate }))
      .rejects.toMatchObject({ kind: 'bug', code: 'lint-failed', errors: [{ where: 'serial' }, { where: 'common-name' }] });
  });
});

const basicConstraintsNotCritical = sequence(objectIdentifier('2.5.29.19'), octetString(sequence()));
