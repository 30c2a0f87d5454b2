import { connect } from 'node:net';
import { GetFeedsStatus, GetJwks, Login, operations, ProblemDocument, TokenRevoked } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Controller, Get, Module } from '@nestjs/common';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startService } from '@plimsoll/service';
import { gatewayBench, grant, signingKey, type GatewayBench } from '../testing/gateway-bench.ts';
import { gateway } from './gateway.ts';
import { GatewayModule } from './gateway.module.ts';

let gate: GatewayBench;
let reader: string;
beforeAll(async () => {
  gate = await gatewayBench({ PLIMSOLL_GATEWAY_ANONYMOUS_RATE: '1000', PLIMSOLL_GATEWAY_ANONYMOUS_BURST: '1000', PLIMSOLL_GATEWAY_BODY_BYTES: '4096' });
  reader = await gate.token('ada', [grant('team-a', 'images:read')]);
});
afterAll(async () => { await gate?.close(); });

const get = (path: string, token?: string) => {
  const call = request(gate.url).get(path);
  return token === undefined ? call : call.set('authorization', `Bearer ${token}`);
};
/** What every refusal must look like. */
const refused = (answer: request.Response, status: number, code: string): void => {
  expect([answer.status, answer.type, answer.body.code]).toEqual([status, 'application/problem+json', code]);
  expect(ProblemDocument.strict().parse(answer.body)).toMatchObject({ status, type: `urn:plimsoll:problem:${code}` });
};

describe('who calls', () => {
  it('is asked of everybody, on every operation that is not public', async () => {
    for (const { method, path, scope, query } of Object.values(operations)) {
      if (scope === 'public') continue;
      const filled = path.replace('{project}', 'team-a').replace('{digest}', `sha256:${'a'.repeat(64)}`).replaceAll(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000');
      const answer = await request(gate.url)[method.toLowerCase() as 'get'](filled).query('reference' in query.shape ? { reference: 'x' } : {}).set('content-type', 'application/json').send(method === 'GET' ? undefined : '{}');
      refused(answer, 401, 'token-missing');
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="plimsoll"');
    }
  });

  it('is known by an access token', async () => { expect((await get('/v1/projects/team-a/images', reader)).status).toBe(200); });

  it.each<[string, () => Promise<string>, string]>([
    ['expired', () => gate.token('ada', [], { expiresIn: '-1s' }), 'token-expired'],
    ['by another issuer', () => gate.token('ada', [], { issuer: 'somebody' }), 'token-invalid'],
    ['for another audience', () => gate.token('ada', [], { audience: 'other' }), 'token-invalid'],
    ['of another type', () => gate.token('ada', [], { header: { typ: 'JWT' } }), 'token-invalid'],
    ['signed by a stranger under our key id', async () => gate.token('ada', [grant('*', 'admin')], { key: await signingKey('first') }), 'token-invalid'],
    ['of an unknown key', async () => gate.token('ada', [grant('*', 'admin')], { key: await signingKey('stranger') }), 'token-invalid'],
    ['without a signature', async () => [{ alg: 'none', typ: 'at+jwt' }, { iss: 'plimsoll-identity', aud: 'plimsoll', sub: 'x', exp: 9e9, iat: 1, jti: 'x', kind: 'user', grants: [] }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.', 'token-invalid'],
    ['with an embedded key', async () => { const own = await signingKey('first'); return gate.token('ada', [], { key: own, header: { jwk: own.jwk } }); }, 'token-invalid'],
    ['with grants that are none', () => gate.token('ada', [], { claims: { grants: 'all' } }), 'token-invalid'],
    ['that is none', async () => 'x', 'token-invalid'],
  ])('is nobody with a token %s', async (_name, make, code) => {
    const answer = await get('/v1/projects/team-a/images', await make());
    refused(answer, 401, code);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="plimsoll", error="invalid_token"');
  });

  it('is nobody with another scheme', async () => refused(await request(gate.url).get('/v1/projects').set('authorization', 'Basic YTpi'), 401, 'token-invalid'));

  it('asks identity for keys once, whatever number of unknown key ids come', async () => {
    const before = gate.asked.filter(({ subject }) => subject === GetJwks.subject).length;
    await Promise.all(Array.from({ length: 20 }, async (_, n) => get('/v1/projects', await gate.token('ada', [], { key: await signingKey(`unknown-${n}`) }))));
    expect(gate.asked.filter(({ subject }) => subject === GetJwks.subject).length - before).toBeLessThanOrEqual(1);
  });

  it('is known by an API token until it is revoked', async () => {
    gate.apiTokens.set('plt_one', { subject: 'token:1', kind: 'token', grants: [grant('team-a', 'images:read')], expires_at: '2099-01-01T00:00:00Z' });
    expect((await get('/v1/projects/team-a/images', 'plt_one')).status).toBe(200);
    refused(await get('/v1/projects/team-a/images', 'plt_two'), 401, 'token-invalid');
    gate.apiTokens.delete('plt_one');
    expect((await get('/v1/projects/team-a/images', 'plt_one')).status).toBe(200);   // remembered for seconds
    await gate.bench.say(TokenRevoked, { id: '1', project: 'team-a' });
    await vi.waitFor(async () => refused(await get('/v1/projects/team-a/images', 'plt_one'), 401, 'token-invalid'), 5_000);
  });
});

describe('what he may', () => {
  it('lacks a scope: 403, and says which', async () => {
    const answer = await request(gate.url).post('/v1/projects/team-a/images').set('authorization', `Bearer ${reader}`).send({ target: 'x' });
    refused(answer, 403, 'scope-missing');
    expect(answer.body.detail).toContain('images:write');
    expect(answer.headers['www-authenticate']).toContain('insufficient_scope');
  });

  it('does not see a project: 404, the same whether it exists or not', async () => {
    const foreign = await get('/v1/projects/team-b/images', reader), absent = await get('/v1/projects/nowhere/images', reader);
    refused(foreign, 404, 'project-missing');
    refused(absent, 404, 'project-missing');
  });

  it('sees all projects, but only those that exist', async () => {
    const admin = await gate.token('root', [grant('*', 'admin')]);
    expect((await get('/v1/projects/team-b/images', admin)).status).toBe(200);
    refused(await get('/v1/projects/nowhere/images', admin), 404, 'project-missing');
  });

  it('is told so before anything is said of his input', async () => {
    refused(await request(gate.url).post('/v1/projects/team-b/images').set('authorization', `Bearer ${reader}`).send({ nonsense: 1 }), 404, 'project-missing');
  });
});

describe('what he sends', () => {
  const writer = () => gate.token('ada', [grant('team-a', 'images:read', 'images:write', 'subscriptions:write')]);
  const post = async (body: string | object, type = 'application/json') => request(gate.url).post('/v1/projects/team-a/images').set('authorization', `Bearer ${await writer()}`).set('content-type', type).send(body);

  it('is checked whole, with a pointer to each fault', async () => {
    const answer = await request(gate.url).post('/v1/projects/team-a/subscriptions').set('authorization', `Bearer ${await writer()}`).send({ name: '', channel: { kind: 'webhook', url: 'ftp://x' }, 'a/b': 1 });
    refused(answer, 400, 'input-invalid');
    expect((answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual(['#/a~1b', '#/channel/url', '#/name']);
    const query = await get('/v1/projects/team-a/images?severty=critical&limit=0', reader);
    refused(query, 400, 'input-invalid');
    expect((query.body.errors as { where: string }[]).map(({ where }) => where).sort()).toEqual(['query limit', 'query severty']);
  });

  it.each([
    ['malformed JSON', '{"target":', 'application/json', 400, 'json-malformed'],
    ['an empty body', '', 'application/json', 400, 'input-invalid'],
    ['another media type', '<a/>', 'application/xml', 415, 'media-type-unsupported'],
    ['a form', 'target=x', 'application/x-www-form-urlencoded', 415, 'media-type-unsupported'],
    ['a body too large', JSON.stringify({ target: 'x'.repeat(5000) }), 'application/json', 413, 'body-too-large'],
    ['a list', '[1]', 'application/json', 400, 'input-invalid'],
  ])('is refused as %s', async (_name, body, type, status, code) => { refused(await post(body, type), status, code); });

  it.each([
    ['a path that is none', 'get', '/v1/nothing', 404, 'route-missing'],
    ['the root', 'get', '/', 404, 'route-missing'],
    ['a method that is none', 'delete', '/v1/projects', 405, 'method-not-allowed'],
    ['a preflight', 'options', '/v1/projects', 405, 'method-not-allowed'],
    ['a path that cannot be decoded', 'get', '/v1/projects/%zz/images', 400, 'url-malformed'],
    ['an absurd path', 'get', `/v1/projects/${'a'.repeat(300)}/images`, 414, 'url-too-long'],
  ] as const)('is refused at %s', async (_name, method, path, status, code) => {
    const answer = await request(gate.url)[method](path);
    refused(answer, status, code);
    if (status === 405) expect(answer.headers['allow']).toBe('POST, GET');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is refused by Node itself when it is not HTTP', async () => {
    const { port } = new URL(gate.url);
    const text = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.end('NONSENSE\r\n\r\n'));
      let read = '';
      socket.on('data', (chunk) => { read += String(chunk); }).on('close', () => resolve(read));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get('/v1/version')).status).toBe(200);
  });
});

describe('what he gets', () => {
  it('is guarded by headers, also when refused', async () => {
    for (const answer of [await get('/v1/version'), await get('/nowhere')]) {
      expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
      expect(answer.headers['x-powered-by']).toBeUndefined();
    }
  });

  it('is a problem of another service as that service put it', async () => {
    gate.answer(Login, () => { throw new Problem('unauthenticated', 'identifier or password is wrong', { code: 'login-failed' }); });
    refused(await request(gate.url).post('/v1/login').send({ identifier: 'ada', password: 'x' }), 401, 'login-failed');
    expect(gate.asked.at(-1)!.body).toMatchObject({ client: '127.0.0.1' });
  });

  it('is open to everybody whatever token he holds', async () => { expect((await get('/v1/version', 'expired')).status).toBe(200); });

  it('is 503 while a service is away, and when to come back', async () => {
    const answer = await get('/v1/trust-bundle');
    refused(answer, 503, 'service-away');
    expect(answer.headers['retry-after']).toBe('5');
  });

  it('is 500 without a word of what went wrong inside', async () => {
    gate.answer(GetFeedsStatus, () => ({ secret: 'password=hunter2' }) as never);
    const answer = await get('/v1/feeds', await gate.token('ada', [grant('team-a', 'feeds:read')]));
    refused(answer, 500, 'bug');
    expect([answer.body.detail, answer.body.errors]).toEqual(['unexpected failure', undefined]);
  });

  it('is the public documents for anybody', async () => {
    expect((await get('/v1/openapi.json')).body.openapi).toBe('3.1.0');
    expect((await get('/.well-known/jwks.json')).body.keys[0].kid).toBe('first');
    const docs = await get('/docs');
    expect([docs.type, docs.text.includes('submitImage') || docs.text.includes('SubmitImage')]).toEqual(['text/html', true]);
  });

  it('is nothing new under the same ETag', async () => {
    const { headers: { etag } } = await get('/v1/openapi.json');
    expect((await get('/v1/openapi.json').set('if-none-match', etag!)).status).toBe(304);
    expect((await get('/v1/openapi.json').set('if-none-match', '"other"')).status).toBe(200);
  });

  it('is counted by route, never by path', async () => {
    await get('/v1/projects/team-a/images', reader);
    const metrics = await (await fetch(`http://127.0.0.1:${gate.service.managementPort}/metrics`)).text();
    const counted = metrics.split('\n').filter((line) => line.startsWith('plimsoll_http_request_seconds_count'));
    expect(counted.find((line) => line.includes('route="/v1/projects/:project/images"') && line.includes('method="GET"') && line.includes('status_class="2xx"'))).toBeDefined();
    expect(counted.filter((line) => line.includes('team-a'))).toEqual([]);
  });
});

describe('a route', () => {
  @Controller()
  class Forgotten { @Get('/forgotten') secret() { return 'secret'; } }
  @Module({ imports: [GatewayModule], controllers: [Forgotten] })
  class Careless {}

  it('that declares no operation is closed, to everybody', async () => {
    const { FrontDoor } = await import('./front-door.ts');
    const careless = await startService({ ...gateway(gate.bench.env('gateway', { PLIMSOLL_HTTP_PORT: '0', PLIMSOLL_GRPC_PORT: '0' })), module: Careless });
    try {
      const url = `http://127.0.0.1:${careless.get(FrontDoor).port}`;
      refused(await request(url).get('/forgotten').set('authorization', `Bearer ${await gate.token('root', [grant('*', 'admin')])}`), 403, 'undeclared');
    } finally {
      await careless.stop();
    }
  });
});
