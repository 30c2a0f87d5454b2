import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { connectNats, Answers, Bus, Hears, jetstreamOf, listDead, replayDead, type Delivery } from '@plimsoll/bus';
import { FindInventory, ImageIndexed, ImagePushed, ImageRejected, GetVerdict, type Body, type ImagePushed as ImagePushedBody } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { manifest as scanner } from '@plimsoll/scanner/manifest';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { Controller, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const digest = `sha256:${'a'.repeat(64)}`;
const push = (target: string) => ({ push: randomUUID(), project: 'default', target });

/** A scanner that does what its target's name says. */
@Controller()
class ToyScanner {
  static calls: string[] = [];
  static mended = false;
  constructor(private readonly bus: Bus) {}

  @Hears(ImagePushed, { concurrency: 2 })
  async index(body: ImagePushedBody, { commit }: Delivery): Promise<void> {
    ToyScanner.calls.push(body.target);
    if (body.target === 'gone' && !ToyScanner.mended) throw new Problem('missing', 'no such image');
    if (body.target === 'flaky' && ToyScanner.calls.filter((call) => call === 'flaky').length < 3) throw new Error('not yet');
    const inventory = await this.bus.documents.put({ target: body.target }, 'application/json');
    await commit(async (_tx, say) => {
      await say(ImageIndexed, { push: body.push, image: { project: body.project, reference: body.target, digest }, inventory, os: null, packages: 1, problems: 0, configuration: {} });
    });
    if (body.target === 'late' && ToyScanner.calls.filter((call) => call === 'late').length === 1) throw new Error('after the commit, before the acknowledgement');
  }

  @Answers(FindInventory)
  find({ digest: wanted }: Body<typeof FindInventory>): object {
    if (wanted !== digest) throw new Problem('missing', 'never seen', { code: 'image-missing' });
    return { inventory: { digest, size: 1, media_type: 'x' }, packages: 1, problems: 0, indexed_at: 'now' };
  }
}

/** The scanner's keys and consumers, for a service that does a part of its work. */
const manifest = { ...scanner, hears: [ImagePushed], answers: [FindInventory] };

@Module({ controllers: [ToyScanner] })
class ToyModule {}

let bench: TestBench;
let service: RunningService;
beforeAll(async () => {
  bench = await testBench();
  service = await startService({ manifest, module: ToyModule, env: bench.env('scanner') });
});
afterAll(async () => { await service?.stop(); await bench?.close(); });

const indexed = async (target: string) => (await bench.said(ImageIndexed)).filter(({ image }) => image.reference === target).length;

describe('the bus', () => {
  it('hands an event to its listener and sends what the listener said', async () => {
    await bench.say(ImagePushed, push('plain'));
    await vi.waitFor(async () => expect(await indexed('plain')).toBe(1), 10_000);
  });

  it('does the work of one event once, however often it comes', async () => {
    const id = randomUUID(), body = push('twice');
    await bench.say(ImagePushed, body, id);
    await bench.say(ImagePushed, body, id);
    await bench.say(ImagePushed, push('late'));
    await vi.waitFor(() => expect(ToyScanner.calls.filter((call) => call === 'late').length).toBeGreaterThan(1), 10_000);
    await vi.waitFor(async () => expect([await indexed('twice'), await indexed('late')]).toEqual([1, 1]), 10_000);
  });

  it('tries again what may pass, and buries what will not, until somebody replays it', async () => {
    await bench.say(ImagePushed, push('flaky'));
    await bench.say(ImagePushed, push('gone'));
    await jetstreamOf(bench.admin).publish(ImagePushed.subject, '{"nonsense":1}', { msgID: randomUUID() });
    await vi.waitFor(async () => expect(await indexed('flaky')).toBe(1), 15_000);
    const dead = await vi.waitFor(async () => { const letters = await listDead(bench.admin); expect(letters).toHaveLength(2); return letters; }, 10_000);
    expect(dead.map(({ problem }) => problem.kind).sort()).toEqual(['invalid', 'missing']);
    ToyScanner.mended = true;
    await replayDead(bench.admin, dead.find(({ problem }) => problem.kind === 'missing')!.seq);
    await vi.waitFor(async () => expect(await indexed('gone')).toBe(1), 10_000);
    expect(await listDead(bench.admin)).toHaveLength(1);
  });

  it('answers requests, with a body or with a Problem', async () => {
    const gateway = await connectNats({ url: bench.nats.url, name: 'gateway', seed: bench.secrets.nats['gateway']!.seed });
    const { askOver } = await import('./ask.ts');
    const ask = askOver(gateway);
    await expect(ask(FindInventory, { digest })).resolves.toMatchObject({ packages: 1 });
    await expect(ask(FindInventory, { digest: `sha256:${'b'.repeat(64)}` })).rejects.toMatchObject({ kind: 'missing', code: 'image-missing' });
    await expect(ask(FindInventory, { digest: 'nonsense' })).rejects.toMatchObject({ kind: 'invalid' });
    await expect(ask(GetVerdict, { project: 'default', digest })).rejects.toMatchObject({ kind: 'unavailable', code: 'service-away' });
    await gateway.close();
  });

  it('keeps documents by digest and hands them to those who may read', async () => {
    const bus = service.get(Bus);
    const ref = await bus.documents.put({ a: 'b'.repeat(3_000_000) }, 'application/json');
    expect(await bus.documents.put({ a: 'b'.repeat(3_000_000) }, 'application/json')).toEqual(ref);
    const feeds = await connectNats({ url: bench.nats.url, name: 'feeds', seed: bench.secrets.nats['feeds']!.seed });
    const { documentsOver } = await import('./documents.ts');
    await expect(documentsOver(jetstreamOf(feeds)).get(ref)).resolves.toEqual({ a: 'b'.repeat(3_000_000) });
    await feeds.close();
  });

  it('refuses a service whose handlers differ from its manifest', async () => {
    await expect(startService({ manifest: { ...manifest, hears: [...manifest.hears, ImageRejected] }, module: ToyModule, env: bench.env('scanner') })).rejects.toThrow(/no handler for \[evt.scanner.image.rejected.v1\]/);
  });

  it('survives a killed nats-server', async () => {
    bench.nats.child.kill('SIGKILL');
    await service.get(Bus).commit(async (_tx, say) => { await say(ImageRejected, { push: randomUUID(), project: 'default', target: 'while-away', problem: { kind: 'invalid', detail: 'x' } }); });
    await bench.nats.restart();
    await vi.waitFor(async () => expect((await bench.said(ImageRejected)).map(({ target }) => target)).toEqual(['while-away']), 20_000);
    await bench.say(ImagePushed, push('after'));
    await vi.waitFor(async () => expect(await indexed('after')).toBe(1), 20_000);
  });
});

describe('a service\'s NATS user', () => {
  it('is refused what its manifest does not list', async () => {
    const spy = await connectNats({ url: bench.nats.url, name: 'scanner', seed: bench.secrets.nats['scanner']!.seed });
    const js = jetstreamOf(spy);
    await expect(js.publish('evt.policy.verdict.changed.v1', '{}', { timeout: 2_000 })).rejects.toThrow(/permissions violation/i);
    await expect(spy.request('req.policy.set-policy.v1', '{}', { timeout: 2_000 })).rejects.toThrow(/permissions violation/i);
    await expect(jetstreamManager(spy, { checkAPI: false }).then((manager) => manager.consumers.add('EVENTS', { durable_name: 'spy' }))).rejects.toThrow(/permissions violation/i);
    await expect((async () => { for await (const _ of spy.subscribe('evt.>')) return; })()).rejects.toThrow(/permissions violation/i);
    await expect((async () => { for await (const _ of spy.subscribe('_INBOX.gateway.>')) return; })()).rejects.toThrow(/permissions violation/i);
    await spy.close();
  });
});
