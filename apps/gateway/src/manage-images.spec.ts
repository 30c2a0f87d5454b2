import { CancelScan, FindScans, ImageForgotten, ImageIndexed, ImageMatched, ImageOutdated, ImagePushed, ImageRejected, PushJudged, ScanCancelled, type ImageEvent, type ImageItem, type Page, type PushOperation } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { gatewayBench, grant, type GatewayBench } from '../testing/gateway-bench.ts';
import { digestOf, indexed, judged, matched, verdict } from '../testing/happenings.ts';

let gate: GatewayBench, alice: string, viewer: string;
const running = new Set<string>();
beforeAll(async () => {
  gate = await gatewayBench({ PLIMSOLL_GATEWAY_UPKEEP_SECONDS: '0.2' });
  alice = await gate.token('alice', [grant('team-a', 'images:read', 'images:write')]);
  viewer = await gate.token('viewer', [grant('team-a', 'images:read')]);
  gate.answer(FindScans, ({ pushes }) => ({ scans: pushes.map((push) => ({ push, state: running.has(push) ? 'running' as const : 'queued' as const, priority: 'push' as const, attempt: 0, ahead: 3, queued_at: '2026-01-01T00:00:00Z' })) }));
  gate.answer(CancelScan, async ({ push, project, target, by }) => {
    await gate.bench.say(ScanCancelled, { push, project, target, by, why: 'somebody cancelled it' });
    return { was: 'queued' };
  });
});
afterAll(async () => { await gate?.close(); });

const path = '/v1/projects/team-a';
const call = (method: 'get' | 'post' | 'put' | 'delete', where: string, body?: object, token = alice) => request(gate.url)[method](`${path}${where}`).set('authorization', `Bearer ${token}`).send(body);
const submit = async (target: string, more: object = {}): Promise<PushOperation> => (await call('post', '/images', { target, ...more }).expect(202)).body as PushOperation;
const operation = async (id: string): Promise<PushOperation> => (await call('get', `/operations/${id}`).expect(200)).body as PushOperation;
const until = <T>(look: () => Promise<T>): Promise<T> => vi.waitFor(look, 8_000);
const forgotten = async (digest: string) => (await gate.bench.said(ImageForgotten)).filter((one) => one.digest === digest);
const bringTo = async (digest: string, target: string, more: object = {}): Promise<string> => {
  const { id } = await submit(target, more);
  const of = { push: id, digest, reference: target };
  await gate.bench.say(ImageIndexed, indexed(of));
  await gate.bench.say(ImageMatched, matched(of, 1));
  await gate.bench.say(PushJudged, judged(of, 'allow'));
  await until(async () => expect((await call('get', `/images/${digest}`)).body).toMatchObject({ state: 'judged' }));
  return id;
};

describe('an operation', () => {
  it('says how urgent it is, where it waits and whether it is read', async () => {
    const { id } = await submit('r.example/urgent:1', { priority: 'admission' });
    expect((await gate.bench.said(ImagePushed)).find(({ push }) => push === id)).toMatchObject({ priority: 'admission' });
    expect(await operation(id)).toMatchObject({ state: 'pushed', priority: 'admission', scan: { state: 'queued', ahead: 3, attempt: 0 } });
    running.add(id);
    expect(await operation(id)).toMatchObject({ state: 'indexing', scan: { state: 'running' } });
  });

  it('is answered without its place while the scanners do not answer', async () => {
    const { id } = await submit('r.example/quiet:1');
    gate.answer(FindScans, () => { throw new Problem('unavailable', 'away'); });
    const quiet = await operation(id);
    gate.answer(FindScans, ({ pushes }) => ({ scans: pushes.map((push) => ({ push, state: running.has(push) ? 'running' as const : 'queued' as const, priority: 'push' as const, attempt: 0, ahead: 3, queued_at: '2026-01-01T00:00:00Z' })) }));
    expect(quiet.state).toBe('pushed');
    expect(quiet.scan).toBeUndefined();
  });

  it('is listed, the newest first, page by page, open ones apart', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push((await submit(`r.example/listed:${i}`)).id);
    await gate.bench.say(ImageRejected, { push: made[1]!, project: 'team-a', target: 'r.example/listed:1', problem: { kind: 'invalid', detail: 'x' } });
    await until(async () => expect((await operation(made[1]!)).state).toBe('rejected'));
    const first = (await call('get', '/operations?limit=3').expect(200)).body as Page<PushOperation>;
    const second = (await call('get', `/operations?limit=3&page_token=${first.next_page_token}`).expect(200)).body as Page<PushOperation>;
    expect([...first.items, ...second.items].slice(0, 5).map(({ id }) => id)).toEqual(made.toReversed());
    const open = (await call('get', '/operations?open=true&limit=500').expect(200)).body as Page<PushOperation>;
    expect(open.items.map(({ id }) => id)).toEqual(expect.arrayContaining(made.filter((_, i) => i !== 1)));
    expect(open.items.map(({ id }) => id)).not.toContain(made[1]);
    const rejected = (await call('get', '/operations?state=rejected,cancelled').expect(200)).body as Page<PushOperation>;
    expect(rejected.items.map(({ id }) => id)).toEqual([made[1]]);
  });

  it('can be cancelled by who may submit, once; then it has ended', async () => {
    const { id } = await submit('r.example/cancelled:1');
    await call('post', `/operations/${id}/cancel`, {}, viewer).expect(403);
    expect((await call('post', `/operations/${id}/cancel`).expect(200)).body).toMatchObject({ id, state: 'cancelled', done: true });
    await until(async () => expect(await operation(id)).toMatchObject({ state: 'cancelled', done: true, why: 'somebody cancelled it' }));
    expect((await call('post', `/operations/${id}/cancel`).expect(200)).body).toMatchObject({ state: 'cancelled' });
    expect(gate.asked.filter(({ subject, body }) => subject === CancelScan.subject && (body as { push: string }).push === id)).toEqual([expect.objectContaining({ body: expect.objectContaining({ by: 'alice', target: 'r.example/cancelled:1' }) })]);
  });

  it('that has ended, or that the scanner has just ended, cannot', async () => {
    const done = await bringTo(digestOf('1'), 'r.example/done:1');
    expect((await call('post', `/operations/${done}/cancel`).expect(409)).body).toMatchObject({ code: 'scan-ended' });
    await call('post', '/operations/00000000-0000-4000-8000-000000000000/cancel').expect(404);
  });
});

describe('deleting an image', () => {
  it('forgets it here and tells everybody; a new push brings it back', async () => {
    const digest = digestOf('2');
    await bringTo(digest, 'r.example/gone:1');
    await call('delete', `/images/${digest}`, undefined, viewer).expect(403);
    await call('delete', `/images/${digest}`).expect(204);
    await call('get', `/images/${digest}`).expect(404);
    await call('delete', `/images/${digest}`).expect(404);
    await until(async () => expect(await forgotten(digest)).toEqual([{ project: 'team-a', digest, reference: 'r.example/gone:1', why: 'deleted', by: 'alice' }]));
    await bringTo(digest, 'r.example/gone:1');
    expect((await call('get', `/images/${digest}`).expect(200)).body).toMatchObject({ state: 'judged' });
    expect(await forgotten(digest)).toHaveLength(1);
  });

  it('keeps it forgotten when news of an earlier push comes late, and says so again', async () => {
    const digest = digestOf('3');
    const push = await bringTo(digest, 'r.example/late:1');
    await call('delete', `/images/${digest}`).expect(204);
    const of = { push, digest, reference: 'r.example/late:1' };
    await gate.bench.say(ImageMatched, matched(of, 2));
    await gate.bench.say(ImageMatched, matched({ digest, reference: of.reference }, 3));   // of a new feed revision
    await gate.bench.say(PushJudged, { push, verdict: verdict(of, 'deny') });
    await until(async () => expect(await forgotten(digest)).toHaveLength(4));
    await call('get', `/images/${digest}`).expect(404);
    expect((await operation(push)).state).toBe('judged');
  });
});

describe('upkeep', () => {
  const set = (upkeep: object) => call('put', '/upkeep', upkeep).expect(200);
  const shown = async (search: string): Promise<string[]> => ((await call('get', `/images?search=${search}&sort=reference`)).body as Page<ImageItem>).items.map(({ reference }) => reference);

  it('is nothing until it is said, and who reads may not change it', async () => {
    expect((await call('get', '/upkeep', undefined, viewer).expect(200)).body).toEqual({});
    await call('put', '/upkeep', { keep_last: 3 }, viewer).expect(403);
    await call('put', '/upkeep', { keep_last: 0 }).expect(400);
  });

  it('keeps the last of each repository, what is young, and what an admission asked for', async () => {
    for (const [i, letter] of ['4', '5', '6', '7'].entries()) await bringTo(digestOf(letter), `r.example:5000/kept/app:${i}`, i === 0 ? { priority: 'admission' } : {});
    await bringTo(digestOf('8'), 'r.example:5000/kept/other:1');
    await set({ keep_last: 2, keep_days: 1 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await shown('kept')).toHaveLength(5);
    await set({ keep_last: 2 });
    await until(async () => expect(await shown('kept')).toEqual(['r.example:5000/kept/app:0', 'r.example:5000/kept/app:2', 'r.example:5000/kept/app:3', 'r.example:5000/kept/other:1']));
    await until(async () => expect(await forgotten(digestOf('5'))).toMatchObject([{ why: 'retention' }]));
    expect(((await call('get', '/upkeep')).body)).toEqual({ keep_last: 2 });
    await set({});
  });

  it('looks at tags again, as what has time, and not at what its digest names', async () => {
    await bringTo(digestOf('9'), 'r.example/again:1');
    await bringTo(digestOf('0'), `r.example/again@${digestOf('0')}`);
    const db = await gate.bench.postgres.admin();
    await db.query(`update gateway.pushes set created_at = created_at - interval '3 days' where target like 'r.example/again%'`);
    await db.query(`update gateway.images set indexed_push_at = indexed_push_at - interval '3 days' where reference like 'r.example/again%'`);
    await db.end();
    const again = async () => (await gate.bench.said(ImagePushed)).filter(({ target, priority }) => target.startsWith('r.example/again') && priority === 'scheduled');
    await set({ rescan_days: 2 });
    await until(async () => expect(await again()).toMatchObject([{ target: 'r.example/again:1', platform: 'linux/amd64' }]));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await again()).toHaveLength(1);
    await set({});
  });

  it('pushes again what newer catalogers would read otherwise: its digest, once a day, when there is time', async () => {
    const outdated = { image: { project: 'team-a', reference: 'r.example/outdated:1', digest: digestOf('d') }, platform: 'linux/arm64', analyzer: 'abc' };
    await gate.bench.say(ImageOutdated, outdated);
    await gate.bench.say(ImageOutdated, outdated);
    const asked = async () => (await gate.bench.said(ImagePushed)).filter(({ target }) => target === 'r.example/outdated:1');
    await until(async () => expect(await asked()).toMatchObject([{ digest: digestOf('d'), platform: 'linux/arm64', priority: 'scheduled' }]));
    const { id } = await submit('r.example/after:1');
    await until(async () => expect((await gate.bench.said(ImagePushed)).some(({ push }) => push === id)).toBe(true));
    expect(await asked()).toHaveLength(1);
  });
});

describe('a stream', () => {
  it('tells of a scan that was cancelled and an image that was forgotten', async () => {
    const { id } = await submit('r.example/told:1');
    await call('post', `/operations/${id}/cancel`).expect(200);
    await bringTo(digestOf('e'), 'r.example/told:2');
    await call('delete', `/images/${digestOf('e')}`).expect(204);
    const db = await gate.bench.postgres.admin();
    const told = await until(async () => {
      const { rows } = await db.query<{ event: ImageEvent }>(`select event from gateway.image_events where event->>'type' in ('scan.cancelled', 'image.forgotten') and event->>'reference' like 'r.example/told%' order by seq`);
      expect(rows).toHaveLength(2);
      return rows.map(({ event }) => event);
    });
    await db.end();
    expect(told).toMatchObject([{ type: 'scan.cancelled', push: id, why: 'somebody cancelled it' }, { type: 'image.forgotten', digest: digestOf('e'), why: 'somebody deleted it' }]);
  });
});
