import { randomUUID } from 'node:crypto';
import { FindInventory, GetFindings, GetVerdict, ImageIndexed, ImageMatched, ImagePushed, ImageRejected, ListBases, NotificationDelivered, operations, PushJudged, scanProgressSubject, VerdictChanged, type EventContract, type ImageItem } from '@plimsoll/contracts';
import { Bus } from '@plimsoll/bus';
import fc from 'fast-check';
import { Problem } from '@plimsoll/problem';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { gatewayBench, grant, type GatewayBench } from '../testing/gateway-bench.ts';
import { digestOf, indexed, judged, matched, notified, rejected, summary, verdict } from '../testing/happenings.ts';

let gate: GatewayBench;
let ada: string, bob: string;
beforeAll(async () => {
  gate = await gatewayBench({ PLIMSOLL_GATEWAY_RATE: '100000', PLIMSOLL_GATEWAY_BURST: '100000' });
  ada = await gate.token('ada', [grant('team-a', 'images:read', 'images:write', 'tokens:write')]);
  bob = await gate.token('bob', [grant('team-b', 'images:read', 'images:write')]);
});
afterAll(async () => { await gate?.close(); });

const get = (path: string, token = ada) => request(gate.url).get(path).set('authorization', `Bearer ${token}`);
const submit = (target: string, { key, token = ada, project = 'team-a', platform }: { key?: string; token?: string; project?: string; platform?: string } = {}) => {
  const call = request(gate.url).post(`/v1/projects/${project}/images`).set('authorization', `Bearer ${token}`);
  return (key === undefined ? call : call.set('idempotency-key', key)).send({ target, platform });
};
const operationOf = async (id: string) => operations.getOperation.answer.strict().parse((await get(`/v1/projects/team-a/operations/${id}`)).body);
const reaches = (id: string, state: string) => vi.waitFor(async () => { const operation = await operationOf(id); expect(operation.state).toBe(state); return operation; }, 10_000);
const pushed = async (target: string) => (await gate.bench.said(ImagePushed)).filter((body) => body.target === target);

describe('a push', () => {
  it('is accepted, said once, and followed to its verdict', async () => {
    const answer = await submit('registry.example/app:1', { platform: 'linux/amd64' });
    expect(answer.status).toBe(202);
    const operation = operations.submitImage.answer.strict().parse(answer.body);
    expect(operation).toMatchObject({ state: 'pushed', done: false, target: 'registry.example/app:1', platform: 'linux/amd64' });
    expect(answer.headers['location']).toBe(operation.links.self);
    await vi.waitFor(async () => expect(await pushed('registry.example/app:1')).toEqual([{ push: operation.id, project: 'team-a', target: 'registry.example/app:1', platform: 'linux/amd64', priority: 'push' }]), 5_000);

    const of = { push: operation.id };
    gate.bench.admin.publish(scanProgressSubject, JSON.stringify({ ...of, project: 'team-a', layers_done: 1, layers_total: 3, bytes_done: 5, bytes_total: 5_000_000_000 }));
    expect((await reaches(operation.id, 'indexing')).progress).toEqual({ layers_done: 1, layers_total: 3, bytes_done: 5, bytes_total: 5_000_000_000 });
    await gate.bench.say(ImageIndexed, indexed(of));
    expect((await reaches(operation.id, 'indexed')).progress).toBeUndefined();
    await gate.bench.say(ImageMatched, matched(of, 7, { critical: 1 }));
    await reaches(operation.id, 'matched');
    await gate.bench.say(VerdictChanged, { push: operation.id, verdict: verdict(of, 'deny') });
    await gate.bench.say(PushJudged, judged(of, 'deny'));
    await gate.bench.say(NotificationDelivered, notified(of));
    expect(await reaches(operation.id, 'judged')).toMatchObject({ done: true, decision: 'deny', digest: digestOf('a'), links: { image: `/v1/projects/team-a/images/${digestOf('a')}` } });
    await vi.waitFor(async () => expect((await operationOf(operation.id)).notifications).toBe(1), 5_000);

    const image = operations.getImage.answer.strict().parse((await get(`/v1/projects/team-a/images/${digestOf('a')}`)).body);
    expect(image).toMatchObject({ state: 'judged', decision: 'deny', revision: 7, packages: 88, summary: summary({ critical: 1 }), os: { id: 'debian' } });
  });

  it('is rejected by name, and the image shows why until its target is readable', async () => {
    const target = 'registry.example/broken:1';
    const { body: { id } } = await submit(target);
    const of = { push: id as string, reference: target };
    await gate.bench.say(ImageRejected, rejected(of));
    const { digest: _, ...unread } = verdict(of, 'deny');
    await gate.bench.say(PushJudged, { push: id as string, verdict: { ...unread, revision: undefined } });
    expect(await reaches(id as string, 'rejected')).toMatchObject({ done: true, problem: { code: 'layer-truncated' } });
    const shown = async () => (await get(`/v1/projects/team-a/images?search=broken`)).body.items as ImageItem[];
    await vi.waitFor(async () => expect(await shown()).toMatchObject([{ reference: target, state: 'rejected', decision: 'deny', problem: { detail: 'layer 2 ends early' } }]), 5_000);
    expect((await shown())[0]!.digest).toBeUndefined();

    const { body: { id: second } } = await submit(target);
    await gate.bench.say(ImageIndexed, indexed({ push: second as string, reference: target, digest: digestOf('b') }));
    await vi.waitFor(async () => expect(await shown()).toMatchObject([{ digest: digestOf('b'), state: 'indexed' }]), 5_000);
  });

  it('is nobody else\'s: 404 for the operation and the image', async () => {
    const { body: { id } } = await submit('registry.example/mine:1');
    await gate.bench.say(ImageIndexed, indexed({ push: id as string, digest: digestOf('c') }));
    await vi.waitFor(async () => expect((await get(`/v1/projects/team-a/images/${digestOf('c')}`)).status).toBe(200), 5_000);
    expect((await get(`/v1/projects/team-b/operations/${id}`, bob)).body.code).toBe('operation-missing');
    expect((await get(`/v1/projects/team-b/images/${digestOf('c')}`, bob)).body.code).toBe('image-missing');
    for (const part of ['inventory', 'findings', 'verdict', 'events'])
      expect((await get(`/v1/projects/team-b/images/${digestOf('c')}/${part}`, bob)).body.code).toBe('image-missing');
  });
});

describe('an Idempotency-Key', () => {
  it('makes a repeated submission the same one, and answers the same', async () => {
    const key = randomUUID();
    const first = await submit('registry.example/once:1', { key }), again = await submit('registry.example/once:1', { key });
    expect([again.status, again.body, again.headers['location'], again.headers['idempotency-replayed']]).toEqual([202, first.body, first.headers['location'], 'true']);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    await vi.waitFor(async () => expect(await pushed('registry.example/once:1')).toHaveLength(1), 5_000);
  });

  it('with another body is 422, with another caller another key', async () => {
    const key = randomUUID();
    await submit('registry.example/one:1', { key });
    const other = await submit('registry.example/two:1', { key });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused']);
    expect((await submit('registry.example/two:1', { key, token: bob, project: 'team-b' })).status).toBe(202);
  });

  it('still at work is 409; of many at once one is done', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit('registry.example/race:1', { key })));
    expect(new Set(answers.map(({ status }) => status)).difference(new Set([202, 409]))).toEqual(new Set());
    expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 409).every(({ body }) => body.code === 'idempotency-in-flight')).toBe(true);
    await vi.waitFor(async () => expect((await submit('registry.example/race:1', { key })).status).toBe(202), 5_000);
    await vi.waitFor(async () => expect(await pushed('registry.example/race:1')).toHaveLength(1), 5_000);
  });

  it('whose process died between work and answer finds the same push', async () => {
    const key = randomUUID();
    const first = await submit('registry.example/crash:1', { key });
    const admin = await gate.bench.postgres.admin();
    await admin.query("update gateway.idempotency set answer = null, started_at = now() - interval '1 hour' where answer is not null");
    await admin.end();
    const again = await submit('registry.example/crash:1', { key });
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    await vi.waitFor(async () => expect(await pushed('registry.example/crash:1')).toHaveLength(1), 5_000);
  });

  it('after a failure may try again, and keeps no secret readable', async () => {
    const { CreateToken } = await import('@plimsoll/contracts');
    const { Problem } = await import('@plimsoll/problem');
    const key = randomUUID();
    const create = () => request(gate.url).post('/v1/projects/team-a/tokens').set('authorization', `Bearer ${ada}`).set('idempotency-key', key).send({ name: 'ci', scopes: ['images:read'], expires_in_days: 30 });
    gate.answer(CreateToken, () => { throw new Problem('conflict', 'name is taken', { code: 'token-exists' }); });
    expect((await create()).body.code).toBe('token-exists');
    gate.answer(CreateToken, ({ name, project, scopes }) => ({ id: '1', name, project, scopes, created_at: '2026-01-01T00:00:00Z', expires_at: '2026-02-01T00:00:00Z', token: 'plt_very_secret' }));
    const made = await create();
    expect([made.status, made.body.token]).toEqual([201, 'plt_very_secret']);
    gate.answer(CreateToken, () => { throw new Problem('bug', 'asked twice'); });
    expect((await create()).body.token).toBe('plt_very_secret');
    const admin = await gate.bench.postgres.admin();
    const { rows } = await admin.query<{ answer: Buffer | null }>('select answer from gateway.idempotency');
    await admin.end();
    expect(rows.filter(({ answer }) => answer?.includes('plt_very_secret'))).toEqual([]);
  });
});

describe('the list of images', () => {
  /** Every order of the same events must leave the same row: the newest by revision, time and push, not by arrival. */
  it('is the same whatever order the events come in', async () => {
    const bus = gate.service.get(Bus);
    const { Images } = await import('./images.ts');
    const { Pushes } = await import('./pushes.ts');
    const images = gate.service.get(Images), pushes = gate.service.get(Pushes);
    const play = async (project: string, order: readonly number[]): Promise<object> => {
      const first = { push: randomUUID(), project, reference: 'app:1' }, second = { ...first, push: randomUUID(), reference: 'app:2' }, third = { ...first, push: randomUUID(), reference: 'app:3', digest: digestOf('d') };
      await bus.commit(async (tx) => {
        for (const [age, { push, reference }] of [first, second, third].entries()) {
          await pushes.begun(tx, { id: push, project, target: reference, submittedBy: 'x', traceId: undefined });
          await tx.query(`update pushes set created_at = '2026-01-0${age + 1}' where id = $1`, [push]);
        }
      });
      const steps: ((tx: Parameters<Parameters<typeof bus.commit>[0]>[0]) => Promise<void>)[] = [
        async (tx) => { const body = ImageIndexed.body.parse(indexed(first)); await pushes.indexed(tx, body); await images.indexed(tx, body); },
        async (tx) => { const body = ImageIndexed.body.parse(indexed(second)); await pushes.indexed(tx, body); await images.indexed(tx, body); },
        (tx) => images.matched(tx, ImageMatched.body.parse(matched(first, 4, { high: 4 }))),
        (tx) => images.matched(tx, ImageMatched.body.parse(matched(second, 5, { high: 5 }))),
        (tx) => images.judged(tx, verdict(first, 'deny', '2026-01-01T00:00:00.000Z'), first.push),
        (tx) => images.judged(tx, verdict(second, 'warn', '2026-01-02T00:00:00.000Z'), second.push),
        async (tx) => { const body = ImageRejected.body.parse(rejected({ ...first, digest: digestOf('a') })); await pushes.rejected(tx, body); await images.rejected(tx, body); },
        // the target app:3 was rejected before it was readable
        async (tx) => { const body = ImageRejected.body.parse(rejected({ ...first, push: first.push, reference: 'app:3', digest: undefined as never })); await images.rejected(tx, body); },
        async (tx) => { const body = ImageIndexed.body.parse(indexed(third)); await pushes.indexed(tx, body); await images.indexed(tx, body); },
      ];
      for (const step of order) await bus.commit((tx) => steps[step]!(tx));
      const { items } = await images.list({ project, sort: 'reference', limit: 10 });
      return items;
    };
    const expected = [
      { digest: digestOf('a'), reference: 'app:2', state: 'judged', revision: 5, summary: summary({ high: 5 }), decision: 'warn', decided_at: '2026-01-02T00:00:00.000Z' },
      { digest: digestOf('d'), reference: 'app:3', state: 'indexed' },
    ];
    let round = 0;
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 }), async (order) => {
      expect(await play(`order-${round++}`, order)).toMatchObject(expected);
    }), { numRuns: 60 });
  }, 60_000);

  it('filters, searches, counts and pages without losing or repeating one', async () => {
    const team = await gate.token('cleo', [grant('default', 'images:read')]);
    const read = async (query = '') => operations.listImages.answer.parse((await get(`/v1/projects/default/images${query}`, team)).body);
    for (let n = 0; n < 7; n++) {
      const of = { push: randomUUID(), project: 'default', digest: digestOf(String(n)), reference: `registry.example/${n % 2 ? 'odd_1' : 'even'}/app:${n}` };
      await gate.bench.say(ImageMatched, matched(of, 1, n < 2 ? { critical: 1 } : n < 4 ? { high: 2 } : {}));
      if (n < 3) await gate.bench.say(PushJudged, judged(of, n === 0 ? 'deny' : 'allow'));
    }
    await vi.waitFor(async () => { const { items } = await read(); expect([items.length, items.filter(({ decision }) => decision).length]).toEqual([7, 3]); }, 10_000);

    expect((await read('?severity=critical')).items).toHaveLength(2);
    expect((await read('?severity=critical,high')).total).toEqual({ count: 4, relation: 'EXACT' });
    expect((await read('?decision=deny&decision=warn')).items.map(({ digest }) => digest)).toEqual([digestOf('0')]);
    expect((await read('?state=matched')).items).toHaveLength(4);
    expect((await read('?search=odd_1')).items).toHaveLength(3);
    expect((await read('?search=o%25d')).items).toHaveLength(0);   // a % searches for a %
    expect((await read(`?search=${digestOf('3')}`)).items).toHaveLength(1);

    for (const sort of ['newest', 'reference']) {
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const page = await read(`?sort=${sort}&limit=3${token ? `&page_token=${token}` : ''}`);
        seen.push(...page.items.map(({ digest }) => digest!));
        token = page.next_page_token;
        expect(page.total.count).toBe(7);
      } while (token);
      expect([seen.length, new Set(seen).size]).toEqual([7, 7]);
    }
    const first = await read('?sort=newest&limit=1');
    const mixed = await get(`/v1/projects/default/images?sort=reference&page_token=${first.next_page_token}`, team);
    expect([mixed.status, mixed.body.code]).toEqual([400, 'page-token-invalid']);
  });
});

describe('the details', () => {
  it('come from their owners', async () => {
    await gate.bench.say(ImageIndexed, indexed({ push: randomUUID(), digest: digestOf('e') }));
    await vi.waitFor(async () => expect((await get(`/v1/projects/team-a/images/${digestOf('e')}`)).status).toBe(200), 5_000);
    const inventory = { target: { kind: 'image', reference: 'x', layers: [] }, os: null, packages: [], secrets: [], configuration: { findings: [] }, problems: [] };
    const { connectNats, documentsOver, jetstreamOf } = await import('@plimsoll/bus');
    const scanner = await connectNats({ url: gate.bench.nats.url, name: 'scanner', seed: gate.bench.secrets.nats['scanner']!.seed });
    const ref = await documentsOver(jetstreamOf(scanner)).put(inventory, 'application/json');
    await scanner.close();
    gate.answer(FindInventory, () => ({ inventory: ref, packages: 0, problems: 0, indexed_at: 'now' }));
    gate.answer(GetFindings, () => ({ items: [], total: { count: 0, relation: 'EXACT' as const }, revision: 3, summary: summary() }));
    gate.answer(GetVerdict, () => ({ ...verdict({ push: randomUUID(), digest: digestOf('e') }, 'allow'), input: { a: 1 }, history: [] }));

    const read = await get(`/v1/projects/team-a/images/${digestOf('e')}/inventory`);
    expect(read.body).toEqual(inventory);
    expect((await get(`/v1/projects/team-a/images/${digestOf('e')}/inventory`).set('if-none-match', read.headers['etag']!)).status).toBe(304);
    expect((await get(`/v1/projects/team-a/images/${digestOf('e')}/findings?severity=critical,high&package=zlib&limit=5`)).body.revision).toBe(3);
    expect(gate.asked.at(-1)!.body).toEqual({ project: 'team-a', digest: digestOf('e'), severity: ['critical', 'high'], package: 'zlib', limit: 5 });
    expect((await get(`/v1/projects/team-a/images/${digestOf('e')}/verdict`)).body).toMatchObject({ decision: 'allow', input: { a: 1 } });
  });
});

it('what comes from an approved base is told when an image is read', async () => {
  const digest = digestOf('b'), [low, high] = [digestOf('1'), digestOf('2')], purl = (name: string) => `pkg:npm/${name}@1.0.0`;
  await gate.bench.say(ImageIndexed, indexed({ push: randomUUID(), digest }));
  await vi.waitFor(async () => expect((await get(`/v1/projects/team-a/images/${digest}`)).status).toBe(200), 5_000);
  const one = (name: string, layer: string) => ({ purl: purl(name), name, version: '1.0.0', type: 'npm', layer, locations: [], licences: [] });
  // As a scanner of before there were secrets and checks wrote it.
  const inventory = { target: { kind: 'image', reference: 'x', layers: [low, high].map((layer) => ({ digest: layer, diff_id: layer, size: 1 })) }, os: null, packages: [one('below', low), one('above', high)], configuration: {}, problems: [] };
  const { connectNats, documentsOver, jetstreamOf } = await import('@plimsoll/bus');
  const scanner = await connectNats({ url: gate.bench.nats.url, name: 'scanner', seed: gate.bench.secrets.nats['scanner']!.seed });
  const ref = await documentsOver(jetstreamOf(scanner)).put(inventory, 'application/json');
  await scanner.close();
  const finding = (name: string) => ({ id: 'CVE-2026-1', aliases: [], advisory: 'CVE-2026-1', source: 'osv', state: 'affected' as const, severity: 'high' as const, fix_state: 'unknown' as const, package: { purl: purl(name), name, version: '1.0.0', type: 'npm' as const }, proof: { ecosystem: 'npm', name, version: '1.0.0', scheme: 'semver', advisory: 'CVE-2026-1', source: 'osv', because: 'in-range' as const } });
  gate.answer(FindInventory, () => ({ inventory: ref, packages: 2, problems: 0, indexed_at: 'now' }));
  gate.answer(GetFindings, () => ({ items: [finding('below'), finding('above')], total: { count: 2, relation: 'EXACT' as const }, revision: 3, summary: summary() }));
  const read = async () => ({ inventory: (await get(`/v1/projects/team-a/images/${digest}/inventory`)).body, findings: (await get(`/v1/projects/team-a/images/${digest}/findings`)).body });
  gate.answer(ListBases, () => { throw new Problem('unavailable', 'away'); });
  const without = await read();
  expect([without.inventory, without.findings.items.map((item: { package: { base?: boolean } }) => item.package.base)]).toEqual([inventory, [undefined, undefined]]);
  gate.answer(ListBases, () => ({ items: [{ id: digestOf('9'), name: 'acme/base:1', layers: [low], added_at: 'now' }] }));
  const { inventory: told, findings } = await read();
  expect(told).toMatchObject({ target: { base: { name: 'acme/base:1', layers: 1, told: 'registered' } }, packages: [{ name: 'below', base: true }, { name: 'above', base: false }] });
  expect(findings.items.map((item: { package: { base?: boolean } }) => item.package.base)).toEqual([true, false]);
});

it('events of strangers leave no trace, and those said twice are told once', async () => {
  const of = { push: randomUUID(), digest: digestOf('f') };
  const twice = async <C extends EventContract>(contract: C, body: Parameters<typeof gate.bench.say<C>>[1]) => { const id = randomUUID(); await gate.bench.say(contract, body, id); await gate.bench.say(contract, body, id); };
  await twice(ImageIndexed, indexed(of));
  await twice(NotificationDelivered, notified(of));
  await vi.waitFor(async () => {
    const admin = await gate.bench.postgres.admin();
    const { rows } = await admin.query('select event->>\'type\' as type from gateway.image_events where push = $1 order by seq', [of.push]);
    await admin.end();
    expect(rows.map(({ type }) => type).sort()).toEqual(['image.indexed', 'notification.delivered']);
  }, 5_000);
});
