import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { askOver, type Ask } from '@plimsoll/bus';
import { fromPem, findChain, issueLeaf, newSealedKey, readCertificate, readCrl, requestCertificate, dns, uri, kekOf } from '@plimsoll/certificates';
import { GetJwks, GetTrustBundle, ListProjects, RedeemBootstrap } from '@plimsoll/contracts';
import type { RunningService } from '@plimsoll/service';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { identityBench, type IdentityBench } from '../testing/identity-bench.ts';
import { verifyAudit } from './audit.ts';
import { authority, publishLists } from './authorities.ts';
import { SigningKeys } from './signing-keys.ts';

let id: IdentityBench;
const started: RunningService[] = [];
const start = async (more: Record<string, string | undefined> = {}): Promise<RunningService> => { const service = await id.start(more); started.push(service); return service; };
beforeAll(async () => { id = await identityBench({ PLIMSOLL_IDENTITY_UPKEEP_MS: '600000' }); });
afterAll(async () => { await id?.close(); });
afterEach(async () => { for (const service of started.splice(0)) await service.stop(); });

const tables = 'users, password_credentials, projects, role_bindings, api_tokens, bootstrap_tokens, login_throttles, known_clients, signing_keys, authorities, revocations, revocation_lists, audit';
const empty = (): Promise<unknown> => id.postgres.query(`truncate ${tables.split(', ').map((table) => `identity.${table}`).join(', ')}`);
/** The door does not offer it: an operator with a NATS connection of his own. */
const operator: Ask = (contract, body) => askOver(id.bench.admin)(contract, body);
const count = async (what: string): Promise<number> => (await id.postgres.query<{ n: number }>(`select count(*)::int as n from identity.${what}`)).rows[0]!.n;
const acts = async (): Promise<string[]> => (await id.postgres.query<{ act: string }>(`select body::jsonb->>'act' as act from identity.audit order by seq`)).rows.map(({ act }) => act);
const db = (): DataSource => id.service.get(DataSource);
const kekOfBench = (): Buffer => Buffer.from(id.bench.secrets.kek, 'base64');

describe('the first start', () => {
  it('of three replicas at once makes everything once', async () => {
    await empty();
    await Promise.all([start(), start(), start()]);
    for (const [table, rows] of [['users', 1], ['password_credentials', 1], ['projects', 1], ['signing_keys', 1], ['authorities', 2], ['revocation_lists', 2]] as const) expect(await count(table), table).toBe(rows);
    expect((await acts()).sort()).toEqual(['authority.made', 'authority.made', 'key.made', 'project.made', 'user.made']);
    expect(await verifyAudit(db())).toMatchObject({ intact: true });
    const admin = await id.principalOf(await id.logIn('admin', id.adminPassword));
    expect((await id.ask(ListProjects, { principal: admin })).items.map(({ name }) => name)).toEqual(['default']);
    expect((await id.ask(GetJwks, {})).keys).toHaveLength(1);
  });

  it('changes nothing at the second', async () => {
    const before = [await id.ask(GetJwks, {}), await id.ask(GetTrustBundle, {}), await acts()];
    await start({ PLIMSOLL_ADMIN_PASSWORD_FILE: id.file('other', 'another password altogether') });
    expect([await id.ask(GetJwks, {}), await id.ask(GetTrustBundle, {}), await acts()]).toEqual(before);
    await expect(id.logIn('admin', id.adminPassword)).resolves.toBeTypeOf('string');
    await expect(id.logIn('admin', 'another password altogether')).rejects.toMatchObject({ code: 'login-refused' });
  });

  it.each<[string, () => Record<string, string | undefined>, RegExp]>([
    ['without a key-encryption key, and says how to make one', () => ({ PLIMSOLL_IDENTITY_KEK_FILE: undefined }), /PLIMSOLL_IDENTITY_KEK_FILE is needed.*openssl rand -base64 32/],
    ['with a key-encryption key file that is not there', () => ({ PLIMSOLL_IDENTITY_KEK_FILE: '/nonexistent/kek' }), /\/nonexistent\/kek cannot be read \(ENOENT\)/],
    ['with a key-encryption key that is too short', () => ({ PLIMSOLL_IDENTITY_KEK_FILE: id.file('short', randomBytes(16).toString('base64')) }), /does not hold 32 bytes.*openssl rand/],
    ['with a key-encryption key that is no base64', () => ({ PLIMSOLL_IDENTITY_KEK_FILE: id.file('text', 'a'.repeat(42) + '!!') }), /does not hold 32 bytes/],
    ['with another key-encryption key than yesterday\'s', () => ({ PLIMSOLL_IDENTITY_KEK_FILE: id.file('wrong', randomBytes(32).toString('base64')) }), /is sealed under key [0-9a-f]{16}, not [0-9a-f]{16}/],
    ['with a short pepper', () => ({ PLIMSOLL_IDENTITY_PEPPER_FILE: id.file('pepper', 'salt') }), /has 4 bytes; it needs 16/],
  ])('is refused %s', async (_name, change, message) => { await expect(start(change())).rejects.toThrow(message); });

  it('is refused without a way to an administrator, and with a weak password', async () => {
    await empty();
    await expect(start({ PLIMSOLL_ADMIN_PASSWORD_FILE: undefined })).rejects.toThrow(/no default password.*PLIMSOLL_ADMIN_PASSWORD_FILE.*PLIMSOLL_BOOTSTRAP_TOKEN_FILE/);
    await expect(start({ PLIMSOLL_ADMIN_PASSWORD_FILE: id.file('weak', 'admin\n') })).rejects.toThrow(/has 5 characters; it needs 12/);
    expect(await count('authorities')).toBe(0);   // all of it or nothing
  });
});

describe('a bootstrap token', () => {
  const password = 'correct horse battery';

  it('is written for its owner alone, makes one administrator, and works once', async () => {
    await empty();
    const file = join(id.bench.home, 'bootstrap'), withToken = { PLIMSOLL_ADMIN_PASSWORD_FILE: undefined, PLIMSOLL_BOOTSTRAP_TOKEN_FILE: file };
    await Promise.all([start(withToken), start(withToken)]);
    const token = readFileSync(file, 'utf8').trim();
    expect([token.length, statSync(file).mode & 0o777, await count('bootstrap_tokens'), await count('users')]).toEqual([43, 0o600, 1, 0]);
    expect(JSON.stringify((await id.postgres.query('select t::text from identity.bootstrap_tokens t')).rows)).not.toContain(token);

    await expect(operator(RedeemBootstrap, { token: 'x', password })).rejects.toMatchObject({ kind: 'unauthenticated', code: 'token-invalid' });
    await expect(operator(RedeemBootstrap, { token, password: 'short' })).rejects.toMatchObject({ kind: 'invalid' });
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => operator(RedeemBootstrap, { token, password })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await id.principalOf(await id.logIn('admin', password))).grants).toMatchObject([{ project: '*' }]);
    expect(await acts()).toEqual(expect.arrayContaining(['bootstrap.written', 'bootstrap.redeemed']));
  });

  it('is worth nothing after its hour; the next start writes another', async () => {
    await empty();
    const file = join(id.bench.home, 'bootstrap-2'), withToken = { PLIMSOLL_ADMIN_PASSWORD_FILE: undefined, PLIMSOLL_BOOTSTRAP_TOKEN_FILE: file };
    await start(withToken);
    const token = readFileSync(file, 'utf8').trim();
    await id.postgres.query('update identity.bootstrap_tokens set expires_at = now()');
    await expect(operator(RedeemBootstrap, { token, password })).rejects.toMatchObject({ code: 'token-invalid' });
    await start(withToken);
    expect(readFileSync(file, 'utf8').trim()).not.toBe(token);
    expect(existsSync(`${file}.new`)).toBe(false);
  });
});

describe('the trust bundle', () => {
  it('holds a root, an intermediate it signed, and their revocation lists; a service\'s certificate chains to it', async () => {
    await empty();
    await start();
    const { root, intermediates, crl } = await id.ask(GetTrustBundle, {});
    const [top, services] = [readCertificate(root), readCertificate(intermediates[0]!)];
    const lists = fromPem('X509 CRL', crl!).map((der) => readCrl(der));
    expect([intermediates.length, lists.length, services.isSignedBy(top.publicKey), top.isSignedBy(top.publicKey)]).toEqual([1, 2, true, true]);
    expect(services.notAfter <= top.notAfter).toBe(true);

    const issuer = await authority(db().manager, kekOfBench(), 'services');
    const { signer } = await newSealedKey('P-256', kekOfBench(), ['test']);
    const names = [dns('scanner.svc.plimsoll.internal'), uri('spiffe://plimsoll.internal/svc/scanner')];
    const leaf = await issueLeaf({ issuer, request: await requestCertificate(signer, {}, names), mayHave: () => true, now: new Date() });
    expect(findChain({ leaf, intermediates: [services], roots: [top], at: new Date(), purpose: 'serverAuth', crls: lists })).toMatchObject({ valid: true });
  });

  it('has its lists written anew after an hour, with the next number and what was revoked', async () => {
    const numbers = async () => (await id.postgres.query<{ number: string }>('select number from identity.revocation_lists order by authority')).rows.map(({ number }) => number);
    await db().transaction((tx) => publishLists(tx, kekOfBench(), new Date()));
    expect(await numbers()).toEqual(['1', '1']);
    await id.postgres.query(`insert into identity.revocations (authority, serial, revoked_at, reason) values ('services', '4d2a', now(), 'keyCompromise')`);
    await db().transaction((tx) => publishLists(tx, kekOfBench(), new Date(Date.now() + 61 * 60_000)));
    expect(await numbers()).toEqual(['2', '2']);
    const { crl } = await id.ask(GetTrustBundle, {});
    expect(fromPem('X509 CRL', crl!).map((der) => Buffer.from(der).includes(Buffer.from('4d2a', 'hex')))).toContain(true);
  });

  it('never holds a private key, nor does the table', async () => {
    expect(JSON.stringify(await id.ask(GetTrustBundle, {}))).not.toContain('PRIVATE');
    const sealed = (await id.postgres.query<{ sealed: Buffer }>('select sealed from identity.authorities')).rows;
    const pkcs8Start = Buffer.from('3081', 'hex');
    for (const row of sealed) expect(row.sealed.indexOf(pkcs8Start, 0)).not.toBe(0);
    expect(new Set(sealed.map((row) => kekOf(row.sealed))).size).toBe(1);
  });
});

describe('signing keys', () => {
  it('change over without a token that nobody can check', async () => {
    await empty();
    await start();
    const keys = id.service.get(SigningKeys), day = 24 * 60 * 60_000, now = Date.now();
    const rotateAt = (ms: number) => db().transaction((tx) => keys.rotate(tx, new Date(now + ms)));
    const kids = async (ms: number) => (await keys.published(new Date(now + ms))).map(({ kid }) => kid as string);
    const first = (await keys.current()).kid, token = await id.logIn('admin', id.adminPassword);

    await rotateAt(30 * day - 20 * 60_000);
    const [, second] = await kids(30 * day - 20 * 60_000);
    expect(await kids(30 * day - 20 * 60_000)).toEqual([first, second]);              // published …
    expect((await keys.current(new Date(now + 30 * day - 20 * 60_000))).kid).toBe(first);   // … before it signs
    await expect(id.principalOf(token)).resolves.toBeDefined();

    const after = 30 * day + 11 * 60_000;
    expect((await keys.current(new Date(now + after))).kid).toBe(second);
    await rotateAt(after);
    expect(await kids(after)).toEqual([first, second]);
    await expect(id.principalOf(token)).resolves.toBeDefined();
    expect((await id.postgres.query('select 1 from identity.signing_keys where kid = $1 and sealed is null', [first])).rowCount).toBe(1);   // verifies, never signs again
    await rotateAt(after + 15 * 60_000);
    expect(await kids(after + 15 * 60_000)).toEqual([second]);
    await expect(id.principalOf(token)).rejects.toThrow();
    expect((await acts()).filter((act) => act.startsWith('key.'))).toEqual(['key.made', 'key.made', 'key.destroyed']);
  });

  it('are made once when two replicas find them due', async () => {
    await empty();
    await start();
    const keys = id.service.get(SigningKeys), due = new Date(Date.now() + 31 * 24 * 60 * 60_000);
    await Promise.all([1, 2, 3].map(() => db().transaction((tx) => keys.rotate(tx, due))));
    expect(await count('signing_keys')).toBe(2);
  });

  it('and authorities are sealed again under a new key-encryption key', async () => {
    await empty();
    await start();
    const before = await id.ask(GetTrustBundle, {}), fresh = randomBytes(32).toString('base64');
    const renewed = { PLIMSOLL_IDENTITY_KEK_FILE: id.file('new-kek', fresh), PLIMSOLL_IDENTITY_OLD_KEK_FILE: id.file('old-kek', id.bench.secrets.kek) };
    await start(renewed);
    await start({ ...renewed, PLIMSOLL_IDENTITY_OLD_KEK_FILE: undefined });
    await expect(start()).rejects.toThrow(/is sealed under key/);
    expect(await id.ask(GetTrustBundle, {})).toEqual(before);
    expect((await acts()).filter((act) => act === 'key.resealed')).toHaveLength(3);
    expect((await authority(db().manager, Buffer.from(fresh, 'base64'), 'root')).certificate.subject.text).toMatch(/^CN=Plimsoll root [0-9a-f]{8},O=Plimsoll$/);
  });
});

describe('a pepper', () => {
  it('goes into hashes at the next login, and without it they are worth nothing', async () => {
    await empty();
    const pepper = { PLIMSOLL_IDENTITY_PEPPER_FILE: id.file('pepper', randomBytes(32).toString('base64')) };
    await id.service.stop();
    const plain = await start();
    await id.logIn('admin', id.adminPassword);
    await plain.stop();
    const peppered = await start(pepper);
    await id.logIn('admin', id.adminPassword);
    const kept = (await id.postgres.query<{ pepper: string }>('select pepper from identity.password_credentials')).rows[0]!;
    expect(kept.pepper).toMatch(/^[0-9a-f]{16}$/);
    await id.logIn('admin', id.adminPassword);
    await peppered.stop();
    await start();
    await expect(id.logIn('admin', id.adminPassword)).rejects.toMatchObject({ code: 'login-refused' });
  });
});
