import { createHmac } from 'node:crypto';
import { ImagePushed, Login } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { gatewayBench, grant, type GatewayBench } from '../testing/gateway-bench.ts';
import { digestOf } from '../testing/happenings.ts';

let gate: GatewayBench;
let ada: string;
beforeAll(async () => {
  gate = await gatewayBench({
    PLIMSOLL_GATEWAY_RATE: '0.001', PLIMSOLL_GATEWAY_BURST: '30', PLIMSOLL_GATEWAY_ANONYMOUS_RATE: '0.001', PLIMSOLL_GATEWAY_ANONYMOUS_BURST: '12',
    PLIMSOLL_GATEWAY_WEBHOOK_SECRET: '{"team-b":"s3cret"}',
  });
  ada = await gate.token('ada', [grant('team-a', 'images:write'), grant('team-b', 'images:write')]);
});
afterAll(async () => { await gate?.close(); });

const envelope = (id = 'e1', digest = digestOf('a')) => ({ events: [
  { id, action: 'push', target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, repository: 'team/app', tag: '1' }, request: { host: 'registry.example' } },
  { id: `${id}-pull`, action: 'pull', target: { mediaType: 'x' } },
] });
const hook = (project: string, body: object, headers: Record<string, string> = {}) =>
  request(gate.url).post(`/v1/projects/${project}/webhooks/registry`).set({ authorization: `Bearer ${ada}`, 'content-type': 'application/vnd.docker.distribution.events.v1+json', ...headers }).send(JSON.stringify(body));

describe('a registry\'s webhook', () => {
  it('becomes one push of the digest, however often it comes', async () => {
    const first = await hook('team-a', envelope()), again = await hook('team-a', envelope());
    expect([first.status, first.body.ignored, first.body.accepted[0].target]).toEqual([202, 1, `registry.example/team/app:1@${digestOf('a')}`]);
    expect(again.body).toEqual(first.body);
    await vi.waitFor(async () => expect(await gate.bench.said(ImagePushed)).toEqual([{ push: first.body.accepted[0].push, project: 'team-a', target: `registry.example/team/app:1@${digestOf('a')}`, digest: digestOf('a'), priority: 'push' }]), 5_000);
  });

  it('needs a token with the scope', async () => {
    const reader = await gate.token('eve', [grant('team-a', 'images:read')]);
    expect((await hook('team-a', envelope(), { authorization: `Bearer ${reader}` })).status).toBe(403);
  });

  it('must be signed where a secret is set, over the bytes that came', async () => {
    const body = envelope('e2', digestOf('b')), sign = (text: string) => `sha256=${createHmac('sha256', 's3cret').update(text).digest('hex')}`;
    expect((await hook('team-b', body)).body).toMatchObject({ status: 401, code: 'webhook-signature-missing' });
    expect((await hook('team-b', body, { 'x-hub-signature-256': sign('other') })).body).toMatchObject({ status: 401, code: 'webhook-signature-invalid' });
    expect((await hook('team-b', body, { 'x-hub-signature-256': sign(JSON.stringify(body)) })).status).toBe(202);
  });

  it('that nobody knows is refused by name', async () => { expect((await hook('team-a', { hello: 1 })).body).toMatchObject({ status: 400, code: 'webhook-unknown' }); });
});

describe('limits', () => {
  it('are told with every answer, and stop a caller by himself', async () => {
    const bob = await gate.token('bob', [grant('team-a', 'images:write')]), cleo = await gate.token('cleo', [grant('team-a', 'images:write')]);
    const call = (token: string) => request(gate.url).get('/v1/projects').set('authorization', `Bearer ${token}`);
    const first = await call(bob);
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '30', 'ratelimit-remaining': '29' });
    for (let n = 0; n < 29; n++) await call(bob);
    const stopped = await call(bob);
    expect([stopped.status, stopped.body.code, Number(stopped.headers['retry-after']) > 0]).toEqual([429, 'rate-limited', true]);
    expect((await call(cleo)).status).toBe(200);
  });

  it('stop an address that guesses, before identity is asked, but not a neighbour who is known', async () => {
    gate.answer(Login, () => { throw new Problem('unauthenticated', 'wrong', { code: 'login-failed' }); });
    const guesses: number[] = [];
    for (let n = 0; n < 14; n++) guesses.push((await request(gate.url).post('/v1/login').send({ identifier: 'root', password: String(n) })).status);
    expect(guesses.filter((status) => status === 429).length).toBeGreaterThan(0);
    const asked = gate.asked.length;
    expect((await request(gate.url).post('/v1/login').send({ identifier: 'root', password: 'x' })).status).toBe(429);
    expect((await request(gate.url).get('/v1/projects').set('authorization', 'Bearer plt_guess')).status).toBe(429);
    expect(gate.asked.length).toBe(asked);
    expect((await hook('team-a', envelope('e3'))).status).toBe(202);
  });
});
