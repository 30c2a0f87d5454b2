import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signatureHolds } from '@plimsoll/tools/webhook-receiver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, eventually, startBench, type Bench } from './bench.ts';
import { osv, startImages, type Images } from './images.ts';

let bench: Bench, images: Images, secret: string;
beforeAll(async () => {
  [bench, images] = await Promise.all([startBench(), startImages()]);
  const made = await bench.api.post('/v1/projects/default/subscriptions', { name: 'all', channel: { kind: 'webhook', url: bench.webhooks.url } });
  expect(made.status).toBe(201);
  secret = made.body.secret;
}, 120_000);
afterAll(async () => { await images?.close(); await bench?.close(); });

const feed = (name: string, records: object[]): string => {
  mkdirSync(join(bench.home, 'feeds', name), { recursive: true });
  records.forEach((record, i) => writeFileSync(join(bench.home, 'feeds', name, `${i}.json`), JSON.stringify(record)));
  return name;
};
const push = async (target: string) => {
  const submitted = await bench.api.post('/v1/projects/default/images', { target });
  expect(submitted.status).toBe(202);
  return eventually(async () => {
    const { body } = await bench.api.get(submitted.headers.get('location')!);
    expect(body.done).toBe(true);
    return body;
  });
};

describe('a push', () => {
  it('becomes an inventory, findings, a verdict and a notification', async () => {
    expect((await bench.api.post('/v1/feeds/private/ingest', { file: feed('one', [osv('GHSA-left', 'left', '2.0.0')]) })).body).toMatchObject({ revision: 1, advisories: 1 });
    const image = await images.add('team/app:1', { left: '1.0.0', right: '1.0.0' });
    const operation = await push(image.target);
    expect(operation).toMatchObject({ state: 'judged', digest: image.digest, decision: 'deny', trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });

    const path = `/v1/projects/default/images/${image.digest}`;
    const inventory = await bench.api.get(`${path}/inventory`);
    expect(inventory.body.packages.map(({ name }: { name: string }) => name).sort()).toEqual(['left', 'libc6', 'libssl3', 'right', 'zlib1g']);
    const findings = await bench.api.get(`${path}/findings`);
    expect(findings.body).toMatchObject({ revision: 1, total: { count: 1, relation: 'EXACT' }, items: [{ id: 'GHSA-left', severity: 'critical', fixed_version: '2.0.0', package: { purl: 'pkg:npm/left@1.0.0', layer: image.layers[1]!.digest } }] });
    const verdict = await bench.api.get(`${path}/verdict`);
    expect(verdict.body).toMatchObject({ decision: 'deny', trace_id: operation.trace_id, reasons: expect.arrayContaining([expect.objectContaining({ rule: 'critical-with-fix', findings: ['GHSA-left'] })]) });

    const webhook = await bench.webhooks.next(({ body }) => body.includes(image.digest));
    expect(signatureHolds(webhook, secret)).toBe(true);
    expect(signatureHolds({ ...webhook, body: webhook.body.replace('deny', 'allow') }, secret)).toBe(false);
    expect(JSON.parse(webhook.body)).toMatchObject({ specversion: '1.0', type: expect.stringContaining('verdict.changed'), data: { decision: 'deny' } });
    const deliveries = await bench.api.get('/v1/projects/default/deliveries');
    expect(deliveries.body.items).toMatchObject([{ state: 'delivered', attempts: 1, image: { digest: image.digest } }]);
    const [listed] = (await bench.api.get('/v1/projects/default/images?decision=deny')).body.items;
    expect(listed).toMatchObject({ digest: image.digest, decision: 'deny', summary: { total: 1 } });
  });

  it('is judged again when a revision touches it, without being pulled again, and only then', async () => {
    const touched = await images.add('team/touched:1', { middle: '1.0.0' }), spared = await images.add('team/spared:1', { other: '1.0.0' });
    expect((await push(touched.target)).decision).not.toBe('deny');
    expect((await push(spared.target)).decision).not.toBe('deny');
    const pulls = images.registry.requests.length, told = bench.webhooks.received.length;
    await bench.api.post('/v1/feeds/private/ingest', { file: feed('two', [osv('GHSA-left', 'left', '2.0.0'), osv('GHSA-middle', 'middle', '2.0.0')]) });
    await eventually(async () => expect((await bench.api.get(`/v1/projects/default/images/${touched.digest}/verdict`)).body.decision).toBe('deny'));
    await bench.webhooks.next(({ body, at }) => body.includes(touched.digest) && at > 0 && JSON.parse(body).data.decision === 'deny');
    expect(images.registry.requests.length).toBe(pulls);
    expect((await bench.api.get(`/v1/projects/default/images/${spared.digest}/verdict`)).body.revision).toBe(1);
    expect(bench.webhooks.received.slice(told).filter(({ body }) => body.includes(spared.digest))).toEqual([]);
  });

  it('answers why, why not, who else, and what changed', async () => {
    const [image] = (await bench.api.get('/v1/projects/default/images?search=team/touched')).body.items, path = `/v1/projects/default/images/${image.digest}`;
    expect((await bench.api.get(`${path}/findings/GHSA-middle/explain`)).body).toMatchObject({ revision: 2, findings: [{ id: 'GHSA-middle', proof: { because: 'in-range', range: { fixed: '2.0.0' } } }], text: expect.stringContaining('until 2.0.0 repairs it') });
    expect((await bench.api.get(`${path}/findings/GHSA-left/explain`)).status).toBe(404);
    expect((await bench.api.get(`${path}/why-not/CVE-2024-3094`)).body).toMatchObject({ answer: 'not-mentioned' });
    expect((await bench.api.get(`${path}/findings?as_of=1`)).body).toMatchObject({ revision: 1, items: [] });
    expect((await bench.api.get(`/v1/projects/default/diff?from=${image.digest}@1&to=${image.digest}`)).body).toMatchObject({ added: [{ id: 'GHSA-middle' }], removed: [], packages: [] });
    expect((await bench.api.get('/v1/vulnerabilities/GHSA-middle')).body).toMatchObject({ total: { count: 1 }, items: [{ project: 'default', digest: image.digest, packages: [{ purl: 'pkg:npm/middle@1.0.0', fixed_version: '2.0.0' }] }] });
    expect((await bench.api.get('/v1/revisions/2')).body).toMatchObject({ revision: 2, blast_radius: { images: 1, added: 1, removed: 0, vulnerabilities: [{ id: 'GHSA-middle', images: 1 }] }, items: [{ digest: image.digest, added: ['GHSA-middle'] }] });
  });

  it('is denied no more once a supplier says that it is not affected, and again when that is taken back', async () => {
    const [image] = (await bench.api.get('/v1/projects/default/images?search=team/touched')).body.items, path = `/v1/projects/default/images/${image.digest}`;
    const document = JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://acme.example/vex/1', author: 'Acme', timestamp: '2026-01-01T00:00:00Z', version: 1, statements: [{ vulnerability: { name: 'GHSA-middle' }, products: [{ '@id': 'pkg:npm/middle@1.0.0' }], status: 'not_affected', justification: 'vulnerable_code_not_present' }] });
    const added = await bench.api.post('/v1/projects/default/vex', { name: 'acme.json', document });
    expect(added.status).toBe(201);
    await eventually(async () => expect((await bench.api.get(`${path}/verdict`)).body.decision).not.toBe('deny'));
    expect((await bench.api.get(`${path}/findings`)).body).toMatchObject({ summary: { total: 0, suppressed: 1 }, items: [{ id: 'GHSA-middle', suppressed: 'vex', vex: [{ status: 'not_affected', source: 'Acme' }] }] });
    expect((await bench.api.get('/v1/projects/default/vex')).body.items).toMatchObject([{ id: added.body.id, name: 'acme.json', statements: 1 }]);
    expect((await bench.api.delete(`/v1/projects/default/vex/${added.body.id}`)).status).toBe(200);
    await eventually(async () => expect((await bench.api.get(`${path}/verdict`)).body.decision).toBe('deny'));
  });

  it('that cannot be read is rejected, denied and told, never clean', async () => {
    const target = `${images.registry.host}/team/nowhere:1`;
    const operation = await push(target);
    expect(operation).toMatchObject({ state: 'rejected', problem: { kind: 'missing' } });
    const webhook = await bench.webhooks.next(({ body }) => body.includes('team/nowhere'));
    expect(JSON.parse(webhook.body).data.decision).toBe('deny');
    await eventually(async () => expect((await bench.api.get('/v1/projects/default/images?search=nowhere')).body.items).toMatchObject([{ state: 'rejected', decision: 'deny' }]));
  });

  it('repeated under one idempotency key is one push', async () => {
    const image = await images.add('team/twice:1', { right: '1.0.0' });
    const once = await bench.api.post('/v1/projects/default/images', { target: image.target }, { 'idempotency-key': 'k1' });
    const again = await bench.api.post('/v1/projects/default/images', { target: image.target }, { 'idempotency-key': 'k1' });
    expect(again.body.id).toBe(once.body.id);
    expect((await bench.api.post('/v1/projects/default/images', { target: 'other' }, { 'idempotency-key': 'k1' })).status).toBe(422);
  });

  it('by a registry\'s webhook goes the same way', async () => {
    const image = await images.add('team/hooked:1', { right: '1.0.0' });
    const events = [{ id: 'event-1', timestamp: '2026-01-01T00:00:00Z', action: 'push', target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: image.digest, repository: 'team/hooked', tag: '1', url: `${images.registry.url}/v2/team/hooked/manifests/${image.digest}` }, request: { host: images.registry.host } }];
    const hook = await bench.api.post('/v1/projects/default/webhooks/registry', { events }, { 'content-type': 'application/vnd.docker.distribution.events.v1+json' });
    expect(hook.status).toBe(202);
    await eventually(async () => expect((await bench.api.get(`/v1/projects/default/images/${image.digest}`)).body.state).toBe('judged'));
  });

  it('can be cancelled while it is read, and leaves nothing', async () => {
    const image = await images.add('team/stopped:1', { stopped: '1.0.0' });
    const release = images.hold(image.layers[1]!.digest);
    const { body: { id } } = await bench.api.post('/v1/projects/default/images', { target: image.target, priority: 'scheduled' });
    const operation = `/v1/projects/default/operations/${id}`;
    await eventually(async () => expect((await bench.api.get(operation)).body).toMatchObject({ state: 'indexing', priority: 'scheduled', scan: { state: 'running', attempt: 1 } }));
    expect((await bench.api.post(`${operation}/cancel`)).body).toMatchObject({ state: 'cancelled', done: true });
    await eventually(async () => expect((await bench.api.get(operation)).body).toMatchObject({ state: 'cancelled', why: 'somebody cancelled it' }));
    release();
    expect((await bench.api.get(`/v1/projects/default/images/${image.digest}`)).status).toBe(404);
    expect((await bench.api.get('/v1/projects/default/operations?open=true')).body.items.map((one: { id: string }) => one.id)).not.toContain(id);
    expect((await push(image.target)).state).toBe('judged');
  });
});

describe('an image that is deleted', () => {
  it('is forgotten by every service, and a push brings it back', async () => {
    const image = await images.add('team/forgotten:1', { left: '1.0.0' });
    await push(image.target);
    await bench.webhooks.next(({ body }) => body.includes(image.digest));
    const db = await bench.platform.postgres.admin();
    const traces = async (): Promise<Record<string, number>> => {
      const { rows: [row] } = await db.query(`select
        (select count(*)::int from gateway.images where digest = $1) as gateway, (select count(*)::int from scanner.image_uses where digest = $1) as scanner,
        (select count(*)::int from feeds.images where digest = $1) as feeds, (select count(*)::int from policy.verdicts where digest = $1) as policy,
        (select count(*)::int from policy.verdict_history where image = $1) as history, (select count(*)::int from notifier.deliveries where digest = $1) as notifier`, [image.digest]);
      return row as Record<string, number>;
    };
    try {
      await eventually(async () => expect(await traces()).toEqual({ gateway: 1, scanner: 1, feeds: 1, policy: 1, history: 1, notifier: 1 }));
      expect((await bench.api.delete(`/v1/projects/default/images/${image.digest}`)).status).toBe(204);
      await eventually(async () => expect(await traces()).toEqual({ gateway: 0, scanner: 0, feeds: 0, policy: 0, history: 0, notifier: 0 }));
      expect((await bench.api.get(`/v1/projects/default/images/${image.digest}/findings`)).status).toBe(404);
      expect(await push(image.target)).toMatchObject({ state: 'judged', decision: 'deny' });
      await eventually(async () => expect(await traces()).toMatchObject({ gateway: 1, scanner: 1, feeds: 1, policy: 1 }));
    } finally {
      await db.end();
    }
  });
});

describe('a call', () => {
  it.each(['/v1/projects/default/images', '/v1/feeds', '/v1/projects', '/v1/projects/default/policy'])('without a token is 401: %s', async (path) => {
    const answer = await call(bench.platform.url, undefined, 'GET', path);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('with a wrong scope is 403, and in a foreign project 404', async () => {
    const { body } = await bench.api.post('/v1/projects/default/tokens', { name: 'reader', scopes: ['images:read'], expires_in_days: 1 });
    const reader = bench.as(body.token);
    expect((await reader.get('/v1/projects/default/images')).status).toBe(200);
    expect((await reader.post('/v1/projects/default/images', { target: 'x' })).status).toBe(403);
    expect((await reader.get('/v1/projects/default/policy')).status).toBe(403);
    expect((await bench.api.post('/v1/projects', { name: 'elsewhere' })).status).toBe(201);
    expect((await reader.get('/v1/projects/elsewhere/images')).status).toBe(404);
    await bench.api.delete(`/v1/projects/default/tokens/${body.id}`);
    await eventually(async () => expect((await reader.get('/v1/projects/default/images')).status).toBe(401));
  });
});
