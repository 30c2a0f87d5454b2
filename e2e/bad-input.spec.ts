import { createHmac } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobFile, buildImage, type LayerPlan, type TarSource } from '@plimsoll/oci/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, eventually, startBench, type Bench } from './bench.ts';
import { base, npm, startImages, type Images } from './images.ts';

/** Hostile and broken input ends with a named error and a denial, never with "no findings", and the services live on. */
const secret = 'a-secret-of-this-test';
let bench: Bench, images: Images;
beforeAll(async () => {
  [bench, images] = await Promise.all([startBench({ env: { gateway: { PLIMSOLL_GATEWAY_WEBHOOK_SECRET: secret } } }), startImages()]);
}, 120_000);
afterAll(async () => { await images?.close(); await bench?.close(); });

const pids = () => bench.platform.processes.map(({ name, child }) => `${name} ${child.pid} ${child.exitCode ?? 'alive'}`);
const push = async (name: string) => {
  const { body } = await bench.api.post('/v1/projects/default/images', { target: `${images.registry.host}/${name}` });
  return eventually(async () => { const operation = (await bench.api.get(`/v1/projects/default/operations/${body.id}`)).body; expect(operation.done).toBe(true); return operation; }, 120_000);
};
const build = (name: string, ...layers: LayerPlan[]) => buildImage({ layout: images.layout, reference: name, config: { User: '1000' }, layers: [{ entries: base }, ...layers] });
function* million(): Generator<TarSource> { for (let i = 0; i < 1_000_000; i++) yield { path: `f/${i.toString(36)}`, content: '' }; yield npm('last', '1.0.0'); }

describe('an image', () => {
  it.each<[string, RegExp, (name: string) => Promise<unknown>]>([
    ['a layer cut short', /size-mismatch|layer-truncated|digest-mismatch/, async (name) => { const { layers } = await build(name, { entries: [npm('a', '1')] }); truncateSync(blobFile(images.layout, layers[1]!.digest), 60); }],
    ['a layer of another digest', /digest-mismatch|layer-corrupt/, async (name) => { const { layers } = await build(name, { entries: [npm('b', '1')] }); writeFileSync(blobFile(images.layout, layers[1]!.digest), Buffer.alloc(layers[1]!.size, 7)); }],
    ['a tar cut off inside its gzip', /tar-truncated|tar-corrupt|layer-truncated/, (name) => build(name, { tar: Buffer.concat([Buffer.from('a'.repeat(0)), tarHead()]) })],
    ['a gzip bomb', /limit-ratio|limit-layer-bytes/, (name) => build(name, { entries: [{ path: 'zeros', content: Buffer.alloc(1_600_000_000) }], level: 9 })],
    ['a layer of an unknown kind', /layer-unsupported/, (name) => build(name, { entries: [npm('d', '1')], claims: { mediaType: 'application/x-surprise' } })],
  ])('with %s is rejected by name and denied', async (what, code, make) => {
    const name = `bad/${what.replace(/\W+/g, '-')}:1`, before = pids();
    await make(name);
    const operation = await push(name);
    expect(operation).toMatchObject({ state: 'rejected', problem: { detail: expect.any(String) } });
    expect(operation.problem.code).toMatch(code);
    await eventually(async () => expect((await bench.api.get(`/v1/projects/default/images?search=${encodeURIComponent(name)}`)).body.items).toMatchObject([{ decision: 'deny', state: 'rejected' }]));
    expect(pids()).toEqual(before);
  }, 180_000);

  it('with names that climb out is partial and denied, and nothing is written', async () => {
    await build('bad/traversal:1', { entries: [{ path: '../../../../tmp/plimsoll-was-here', content: 'x' }, { path: '../evil/package.json', content: JSON.stringify({ name: 'evil', version: '1.0.0' }) }, npm('honest', '1.0.0')] });
    const operation = await push('bad/traversal:1');
    expect(operation).toMatchObject({ state: 'judged', decision: 'deny' });
    const { body } = await bench.api.get(`/v1/projects/default/images/${operation.digest}/inventory`);
    expect(body.problems.map(({ code }: { code: string }) => code)).toEqual(expect.arrayContaining([expect.stringMatching(/^name-/)]));
    expect(body.packages.map(({ name }: { name: string }) => name)).toContain('honest');
    expect(body.packages.map(({ name }: { name: string }) => name)).not.toContain('evil');
  });

  it('with a million entries is read whole, in bounded memory', async () => {
    await build('bad/million:1', { entries: million() });
    const operation = await push('bad/million:1');
    expect(operation.state).toBe('judged');
    const { body } = await bench.api.get(`/v1/projects/default/images/${operation.digest}/inventory`);
    expect(body.packages.map(({ name }: { name: string }) => name)).toContain('last');
  }, 180_000);

  it('with a package database nobody can read is partial and denied, not empty and clean', async () => {
    await build('bad/rpmdb:1', { entries: [{ path: 'var/lib/rpm/rpmdb.sqlite', content: 'SQLite format 3\0 and then nothing of the kind' }] });
    const operation = await push('bad/rpmdb:1');
    expect(operation).toMatchObject({ state: 'judged', decision: 'deny' });
    const { body } = await bench.api.get(`/v1/projects/default/images/${operation.digest}/verdict`);
    expect(JSON.stringify(body.reasons)).toMatch(/partial/);
  });
});

describe('a feed', () => {
  it.each([
    ['private', 'truncated', '{"id":"GHSA-1","affected":[', /feed-malformed|feed-truncated/],
    ['debian-tracker', 'not JSON', 'this is not json', /feed-/],
    ['debian-tracker', 'cut off', '{"zlib":{"CVE-2018-25032":{"releases":{"bookworm":{"status":"resolved"', /feed-/],
    ['alpine-v3.20', 'not JSON', '<html>maintenance</html>', /feed-/],
    ['osv-npm', 'empty', '', /feed-empty|feed-malformed/],
  ])('%s that is %s is refused by name, and the revision stays', async (source, what, content, code) => {
    const name = `${source}-${what.replace(/\W+/g, '-')}`, before = pids();
    mkdirSync(join(bench.home, 'feeds', name), { recursive: true });
    writeFileSync(join(bench.home, 'feeds', name, 'feed.json'), content);
    const revision = (await bench.api.get('/v1/feeds')).body.revision;
    const answer = await bench.api.post(`/v1/feeds/${source}/ingest`, { file: name });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toMatch(code);
    const status = (await bench.api.get('/v1/feeds')).body;
    expect(status.revision).toBe(revision);
    expect(status.sources.find((one: { source: string }) => one.source === source)).toMatchObject({ state: 'refused', problem: expect.any(String) });
    expect(pids()).toEqual(before);
  });
});

describe('a registry\'s webhook', () => {
  const body = JSON.stringify({ events: [{ id: 'e1', action: 'push', target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'1'.repeat(64)}`, repository: 'x/y', tag: '1' }, request: { host: '127.0.0.1:1' } }] });
  const send = (headers: Record<string, string>) => fetch(`${bench.platform.url}/v1/projects/default/webhooks/registry`, { method: 'POST', headers: { authorization: `Bearer ${bench.api.token}`, 'content-type': 'application/json', ...headers }, body });

  it.each([
    ['without a signature', {}],
    ['with a wrong signature', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
    ['with a signature of another body', { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update('other').digest('hex')}` }],
  ])('%s is refused by name', async (_, headers) => {
    const response = await send(headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect((await response.json() as { code: string }).code).toMatch(/signature/);
  });

  it('with the right one is taken', async () => {
    expect((await send({ 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` })).status).toBe(202);
  });
});

it('a body that is no JSON, too large, or of wrong fields is refused with a pointer to what is wrong', async () => {
  const post = (content: string) => fetch(`${bench.platform.url}/v1/projects/default/images`, { method: 'POST', headers: { authorization: `Bearer ${bench.api.token}`, 'content-type': 'application/json' }, body: content });
  expect((await post('{"target":')).status).toBe(400);
  // The door answers before the body is through, so a client that only writes may see the connection end instead of the 413.
  const tooLarge = await post(JSON.stringify({ target: 'x'.repeat(20_000_000) })).then(({ status }) => status, () => 413);
  expect(tooLarge).toBe(413);
  const wrong = await post(JSON.stringify({ target: 7 }));
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ errors: [{ pointer: expect.stringContaining('target') }], trace_id: expect.any(String) });
  expect((await call(bench.platform.url, bench.api.token, 'GET', '/v1/no/such/route')).body).toMatchObject({ status: 404, code: expect.any(String) });
});

/** One header that promises more than comes. */
function tarHead(): Buffer {
  const header = Buffer.alloc(512);
  header.write('app/node_modules/cut/package.json', 0);
  header.write('0000644\0', 100); header.write('0000000\0', 108); header.write('0000000\0', 116);
  header.write('00000010000\0', 124); header.write('00000000000\0', 136); header.write('        ', 148); header.write('0', 156); header.write('ustar\u000000', 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.from('{"name":"cut"')]);
}
