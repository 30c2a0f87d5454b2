import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, startBench, type Bench } from './bench.ts';
import { osv, startImages, type Images } from './images.ts';

/**
 * Services die at any moment, the message server too. Every push still ends with exactly one inventory, one verdict and
 * one notification for each subscription: what was said is in an outbox, what was heard is in an inbox.
 */
const pushes = Number(process.env['PLIMSOLL_E2E_PUSHES'] ?? 500);
let bench: Bench, images: Images;
beforeAll(async () => {
  [bench, images] = await Promise.all([startBench({ count: { scanner: 2 } }), startImages()]);
  mkdirSync(join(bench.home, 'feeds', 'one'), { recursive: true });
  writeFileSync(join(bench.home, 'feeds', 'one', '0.json'), JSON.stringify(osv('GHSA-left', 'left', '2.0.0')));
  await bench.api.post('/v1/feeds/private/ingest', { file: 'one' });
  for (const name of ['first', 'second']) await bench.api.post('/v1/projects/default/subscriptions', { name, channel: { kind: 'webhook', url: bench.webhooks.url } });
}, 180_000);
afterAll(async () => { await images?.close(); await bench?.close(); });

it(`${pushes} pushes through two scanners while services and the message server are killed: each image once, all the way`, async () => {
  const made = await inTurns(8, Array.from({ length: pushes }, (_, i) => () => images.add(`team/app-${i}:1`, { left: '1.0.0', [`only-${i}`]: '1.0.0' })));
  const digests = new Set(made.map(({ digest }) => digest));
  expect(digests.size).toBe(pushes);

  // Killing goes on while pushes are accepted and worked on.
  let finished = false;
  const kills: string[] = [];
  const killer = (async () => {
    const victims = ['scanner', 'feeds', 'policy', 'scanner', 'notifier', 'gateway', 'nats', 'scanner', 'feeds', 'policy'];
    for (const victim of victims) {
      await sleep(1_500 + Math.random() * 1_000);
      if (finished && kills.length >= 7) return;
      kills.push(victim);
      if (victim === 'nats') {
        bench.platform.nats.child.kill('SIGKILL');
        await sleep(500);
        await bench.platform.nats.restart();
      } else {
        const running = bench.platform.processes.filter(({ name }) => name === victim);
        const one = running[Math.floor(Math.random() * running.length)]!;
        one.child.kill('SIGKILL');
        await sleep(200);
        await one.restart();
      }
    }
  })();
  await inTurns(8, made.map(({ target }, i) => () => submit(target, `push-${i}`)));

  await eventually(async () => {
    const { body } = await bench.api.get('/v1/projects/default/images?state=judged&limit=1');
    expect(body.total.count).toBe(pushes);
  }, 300_000, 1_000);
  finished = true;
  await killer;
  expect(kills.filter((victim) => victim !== 'nats').length).toBeGreaterThanOrEqual(6);
  expect(kills).toContain('nats');

  // exactly one of each, asked of the databases themselves
  const db = await bench.platform.postgres.admin();
  try {
    const one = async (sql: string) => (await db.query(sql)).rows[0];
    await eventually(async () => expect(await one(`select count(*)::int as n from notifier.deliveries where state = 'delivered'`)).toEqual({ n: 2 * pushes }), 120_000, 1_000);
    expect(await one('select count(*)::int as n, count(distinct digest)::int as images from scanner.images')).toEqual({ n: pushes, images: pushes });
    expect(await one('select count(*)::int as n, count(distinct digest)::int as images from feeds.images')).toEqual({ n: pushes, images: pushes });
    expect(await one('select count(*)::int as n from policy.verdicts')).toEqual({ n: pushes });
    expect(await one('select count(*)::int as n, count(distinct (event_id, subscription))::int as pairs from notifier.deliveries')).toEqual({ n: 2 * pushes, pairs: 2 * pushes });
    for (const service of ['gateway', 'scanner', 'feeds', 'policy', 'notifier']) expect({ service, ...await one(`select count(*)::int as n from ${service}.outbox`) }).toEqual({ service, n: 0 });
  } finally {
    await db.end();
  }
  // The receiver may see a delivery twice when its sender died before writing the receipt; never under a second id, never not at all.
  const ids = new Set(bench.webhooks.received.map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBe(2 * pushes);
  for (const digest of digests) expect(bench.webhooks.received.filter(({ body }) => body.includes(digest)).length).toBeGreaterThanOrEqual(2);
}, 600_000);

/** Tries until the gateway, which is killed too, has taken it; the idempotency key makes it one push. */
async function submit(target: string, key: string): Promise<void> {
  await eventually(async () => {
    const answer = await bench.api.post('/v1/projects/default/images', { target }, { 'idempotency-key': key });
    expect([202, 409]).toContain(answer.status);
    expect(answer.status).toBe(202);
  }, 60_000, 300);
}

async function inTurns<T>(width: number, works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = new Array(works.length);
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => { while (next < works.length) { const i = next++; results[i] = await works[i]!(); } }));
  return results;
}
