import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { hash } from '@node-rs/argon2';
import { CreateToken, CreateUser, GetJwks, Login, ListTokens, RevokeToken, type Principal } from '@plimsoll/contracts';
import { Metrics } from '@plimsoll/telemetry';
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { decodeJwt, decodeProtectedHeader, exportSPKI, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { identityBench, type IdentityBench } from '../testing/identity-bench.ts';

let id: IdentityBench, admin: Principal;
beforeAll(async () => {
  id = await identityBench();
  admin = await id.principalOf(await id.logIn('admin', id.adminPassword));
});
afterAll(async () => { await id?.close(); });
afterEach(async () => { await id.postgres.query('delete from identity.login_throttles'); });

const checks = async (outcome: string): Promise<number> => {
  const { values } = await id.service.get(Metrics).registry.getSingleMetric('plimsoll_identity_password_checks_total')!.get();
  return values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
};
const aUser = async (identifier = `user-${randomBytes(4).toString('hex')}@example.org`, password = 'correct horse battery') => {
  const { id: userId } = await id.ask(CreateUser, { principal: admin, identifier, password });
  return { userId, identifier, password };
};
const refused = { kind: 'unauthenticated', code: 'login-refused', detail: 'the identifier or the password is wrong' };

describe('a login', () => {
  it('gives an access token with exactly these claims', async () => {
    const answer = await id.ask(Login, { identifier: 'admin', password: id.adminPassword });
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    const { keys } = await id.ask(GetJwks, {});
    expect(decodeProtectedHeader(answer.access_token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: keys[0]!['kid'] });
    const { sub, iat, exp, jti, grants, ...rest } = decodeJwt(answer.access_token);
    expect(rest).toEqual({ iss: 'plimsoll-identity', aud: 'plimsoll', kind: 'user' });
    expect(exp! - iat!).toBe(600);
    expect([sub, jti]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(grants).toMatchObject([{ project: '*', scopes: expect.arrayContaining(['admin', 'feeds:write', 'images:read']) as string[] }]);
    expect(Object.keys(keys[0]!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('knows a name however it is written, and a password only as it is', async () => {
    const { identifier, password } = await aUser(`Zoë-${randomBytes(3).toString('hex')}`, 'pässword with ﬁ');
    await expect(id.logIn(identifier.normalize('NFD').toUpperCase(), password.normalize('NFD'))).resolves.toBeTypeOf('string');
    for (const wrong of [password.toUpperCase(), `${password} `, password.slice(0, -1)]) await expect(id.logIn(identifier, wrong)).rejects.toMatchObject(refused);
  });

  it('answers a known and an unknown name alike, and does the same work for both', async () => {
    const { identifier } = await aUser();
    const before = { nobody: await checks('nobody'), wrong: await checks('wrong') };
    const known = await id.logIn(identifier, 'wrong').catch((error: unknown) => error), unknown = await id.logIn('nobody@example.org', 'wrong').catch((error: unknown) => error);
    expect(JSON.stringify(known)).toBe(JSON.stringify(unknown));
    expect(known).toMatchObject(refused);
    expect([await checks('wrong') - before.wrong, await checks('nobody') - before.nobody]).toEqual([1, 1]);
  });

  it('hashes with argon2id at OWASP\'s cost, and again when a hash was made cheaper', async () => {
    const { userId, identifier, password } = await aUser();
    const phc = async (): Promise<string> => (await id.postgres.query<{ phc: string }>('select phc from identity.password_credentials where user_id = $1', [userId])).rows[0]!.phc;
    expect(await phc()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await id.postgres.query('update identity.password_credentials set phc = $2 where user_id = $1', [userId, await hash(password, { memoryCost: 8192, timeCost: 1 })]);
    await id.logIn(identifier, password);
    expect(await phc()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await expect(id.logIn(identifier, password)).resolves.toBeTypeOf('string');
  });
});

describe('wrong passwords', () => {
  const fail = (identifier: string, client: string, times: number) => Promise.allSettled(Array.from({ length: times }, () => id.logIn(identifier, 'wrong', client)));
  /** A wait under way lasts an hour longer, so that a slow machine sees it too. */
  const lengthen = () => id.postgres.query(`update identity.login_throttles set blocked_until = now() + interval '1 hour' where blocked_until > 'epoch'`);
  const throttled = { kind: 'limited', code: 'login-throttled', detail: expect.stringMatching(/^too many attempts; try again in \d+ s$/) as string };

  it('from one place make the account wait there, also with the right one, whether the name exists or not', async () => {
    const { identifier, password } = await aUser();
    for (const name of [identifier, `no-${identifier}`]) {
      await fail(name, '192.0.2.1', 10);
      await lengthen();
      await expect(id.logIn(name, password, '192.0.2.1')).rejects.toMatchObject(throttled);
    }
    await expect(id.logIn(identifier, password, '192.0.2.2')).resolves.toBeTypeOf('string');
  });

  it('are counted before they are looked at: a hundred at once are not a hundred guesses', async () => {
    const { identifier } = await aUser();
    const before = await checks('wrong');
    const outcomes = await fail(identifier, '192.0.2.3', 100);
    const guesses = await checks('wrong') - before;
    expect(outcomes.filter((outcome) => outcome.status === 'rejected' && (outcome.reason as { code: string }).code === 'login-throttled')).toHaveLength(100 - guesses);
    expect(guesses).toBeGreaterThanOrEqual(10);
    expect(guesses).toBeLessThan(15);   // one more after a second, two more after three …
  });

  it('make waits that double, and attempts made while waiting do not lengthen them', async () => {
    const { identifier } = await aUser();
    const bucket = async () => (await id.postgres.query<{ failures: number; wait: number }>(`select failures, round(extract(epoch from blocked_until - touched_at))::int as wait from identity.login_throttles where bucket like 'both:%'`)).rows[0]!;
    const waits: number[] = [];
    await fail(identifier, '192.0.2.4', 10);
    for (let i = 0; i < 4; i++) {
      waits.push((await bucket()).wait);
      await lengthen();
      await fail(identifier, '192.0.2.4', 3);   // while waiting
      expect((await bucket()).failures).toBe(10 + i);
      await id.postgres.query(`update identity.login_throttles set blocked_until = 'epoch'`);
      await fail(identifier, '192.0.2.4', 1);
    }
    expect(waits).toEqual([1, 2, 4, 8]);
  });

  it('of strangers from everywhere do not keep the owner out, only places he never came from', async () => {
    const { identifier, password } = await aUser();
    await id.logIn(identifier, password, '192.0.2.10');
    for (let place = 0; place < 50; place += 5) await Promise.all([0, 1, 2, 3, 4].map((n) => fail(identifier, `198.51.100.${place + n}`, 1)));
    await lengthen();
    await expect(id.logIn(identifier, password, '203.0.113.9')).rejects.toMatchObject(throttled);
    await expect(id.logIn(identifier, password, '192.0.2.10')).resolves.toBeTypeOf('string');
  });

  it('from one place with many names make the place wait', async () => {
    for (let n = 0; n < 50; n += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => fail(`sprayed-${n + i}`, '2001:db8:1:2::1', 1)));
    await lengthen();
    await expect(id.logIn('another', 'x', '2001:db8:1:2:ffff::2')).rejects.toMatchObject(throttled);
    await expect(id.logIn('another', 'x', '2001:db8:1:3::1')).rejects.toMatchObject(refused);
  });

  it('are forgotten after the right one, which is not counted itself', async () => {
    const { identifier, password } = await aUser();
    await fail(identifier, '192.0.2.20', 9);
    await id.logIn(identifier, password, '192.0.2.20');
    for (let i = 0; i < 11; i++) await Promise.all([1, 2, 3, 4, 5].map(() => id.logIn(identifier, password, '192.0.2.20')));
    await fail(identifier, '192.0.2.20', 9);
    await expect(id.logIn(identifier, password, '192.0.2.20')).resolves.toBeTypeOf('string');
  });
});

describe('an access token', () => {
  const forged = async (header: object, { claims = {}, key }: { claims?: object; key?: Parameters<SignJWT['sign']>[0] } = {}): Promise<string> => {
    const token = await id.logIn('admin', id.adminPassword);
    const jwt = new SignJWT({ ...decodeJwt(token), ...claims }).setProtectedHeader({ ...decodeProtectedHeader(token), alg: 'ES256', ...header });
    return jwt.sign(key ?? (await generateKeyPair('ES256')).privateKey);
  };

  it('is accepted as it is', async () => { await expect(id.principalOf(await id.logIn('admin', id.adminPassword))).resolves.toMatchObject({ subject: admin.subject }); });

  it.each<[string, () => Promise<string>]>([
    ['with other claims under the old signature', async () => { const [head, , signature] = (await id.logIn('admin', id.adminPassword)).split('.'); return `${head}.${Buffer.from(JSON.stringify({ ...decodeJwt(await id.logIn('admin', id.adminPassword)), sub: 'x' })).toString('base64url')}.${signature}`; }],
    ['with alg none', async () => { const [, body] = (await id.logIn('admin', id.adminPassword)).split('.'); return `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`; }],
    ['signed by a stranger under our kid', () => forged({})],
    ['signed by a stranger whose key it brings along', async () => { const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true }); return forged({ jwk: await crypto.subtle.exportKey('jwk', publicKey) }, { key: privateKey }); }],
    ['that says where its key is', () => forged({ jku: 'https://attacker.example/jwks.json' })],
    ['signed with our public key as an HMAC secret', async () => {
      const jwk = (await id.ask(GetJwks, {})).keys[0] as JWK;
      return forged({ alg: 'HS256' }, { key: new TextEncoder().encode(await exportSPKI(await importJWK(jwk, 'ES256', { extractable: true }) as CryptoKey)) });
    }],
    ['of another type', () => forged({ typ: 'JWT' })],
    ['with a critical header nobody knows', async () => { const token = await id.logIn('admin', id.adminPassword); const [, body, signature] = token.split('.'); return `${Buffer.from(JSON.stringify({ ...decodeProtectedHeader(token), crit: ['x'], x: 1 })).toString('base64url')}.${body}.${signature}`; }],
  ])('is refused %s', async (_name, make) => { await expect(id.principalOf(await make())).rejects.toThrow(); });
});

describe('secrets', () => {
  it('are in no log line, no span, no event and no column', async () => {
    const lines: string[] = [], spans: unknown[] = [];
    const spy = vi.spyOn(fs, 'writeSync').mockImplementation(((_fd: number, text: string | Uint8Array) => { lines.push(String(text)); return text.length; }) as typeof fs.writeSync);
    const sdk = new NodeSDK({ autoDetectResources: false, spanProcessors: [{ onStart: () => undefined, onEnd: (span) => { spans.push({ ...span.attributes, name: span.name, events: span.events, status: span.status }); }, forceFlush: async () => undefined, shutdown: async () => undefined }] });
    sdk.start();
    const loud = await id.start({ PLIMSOLL_LOG_LEVEL: 'debug' });
    const secrets: string[] = [id.adminPassword, id.bench.secrets.kek, 'a-secret-nobody-typed', 'Secret-Identifier'];
    try {
      const { identifier, password } = await aUser(undefined, `secret ${randomBytes(12).toString('hex')}`);
      secrets.push(password, await id.logIn(identifier, password));
      for (let i = 0; i < 12; i++) await id.logIn('Secret-Identifier', 'a-secret-nobody-typed').catch(() => undefined);
      for (let i = 0; i < 6; i++) {
        const made = await id.ask(CreateToken, { principal: admin, name: 'x', project: 'default', scopes: ['images:read'], expires_in_days: 1 });
        secrets.push(made.token);
        await id.ask(CreateToken, { principal: { ...admin, grants: [] }, name: made.token, project: 'default', scopes: ['images:read'], expires_in_days: 1 }).catch(() => undefined);
        await id.ask(ListTokens, { principal: admin, project: 'default' });
        await id.ask(RevokeToken, { principal: admin, project: 'default', id: made.id });
        await id.ask(CreateUser, { principal: admin, identifier, password: made.token }).catch(() => undefined);
      }
    } finally {
      await loud.stop();
      spy.mockRestore();
      await sdk.shutdown();
      trace.disable();
    }
    let kept = '';
    for (const table of ['users', 'password_credentials', 'api_tokens', 'login_throttles', 'known_clients', 'signing_keys', 'audit', 'outbox']) kept += JSON.stringify((await id.postgres.query(`select t::text as row from identity.${table} t`)).rows);
    expect(lines.join('')).toContain('service started');
    expect(spans.length).toBeGreaterThan(50);
    expect(kept.length).toBeGreaterThan(1000);
    for (const secret of secrets) {
      expect(lines.join(''), 'log').not.toContain(secret);
      expect(JSON.stringify(spans), 'spans').not.toContain(secret);
      expect(kept, 'tables').not.toContain(secret);
    }
  });
});
