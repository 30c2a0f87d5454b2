import 'reflect-metadata';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { askOver } from '@plimsoll/bus';
import {
  CreateSubscription, DeleteSubscription, DeliveryFailed, GetFindings, ListDeliveries, ListSubscriptions, NotificationDelivered, ReplayDelivery, ResumeSubscription, RevisionPublished, RotateSecret,
  VerdictChanged, type Answer, type DeliveryBody, type Draft,
} from '@plimsoll/contracts';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Client } from 'pg';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Deliveries } from './deliveries.ts';
import { manifest } from './manifest.ts';
import { NotifierModule } from './notifier.module.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const timeoutMs = 1_000;

interface Post { readonly headers: IncomingHttpHeaders; readonly body: string; readonly at: number }
type Reply = { status: number; headers?: Record<string, string> } | 'silence';
interface Receiver { readonly url: string; readonly posts: Post[]; reply: (post: Post, nth: number) => Reply | Promise<Reply>; close(): Promise<void>; open(): Promise<void> }

let bench: TestBench, postgres: Client, mailServer: SMTPServer, service: RunningService;
const mails: string[] = [];
const receivers: Receiver[] = [];
const spans: { name: string; kind: SpanKind; traceId: string; spanId: string; parent: string | undefined; attributes: object }[] = [];
const telemetry = new NodeSDK({
  autoDetectResources: false, instrumentations: [],
  spanProcessors: [{
    onStart: () => undefined, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve(),
    onEnd: (span) => void spans.push({ name: span.name, kind: span.kind, ...span.spanContext(), parent: span.parentSpanContext?.spanId, attributes: span.attributes }),
  }],
});

beforeAll(async () => {
  telemetry.start();
  bench = await testBench();
  postgres = await bench.postgres.admin();
  mailServer = new SMTPServer({
    authOptional: true, hideSTARTTLS: true, closeTimeout: 100,
    onData(stream, _session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => { mails.push(Buffer.concat(chunks).toString('utf8')); callback(); });
    },
  });
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', () => resolve()));
  const keyFile = join(bench.home, 'notifier.key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'));
  for (const [name, value] of Object.entries({
    PLIMSOLL_NOTIFIER_ALLOW_NETWORKS: '127.0.0.1/32', PLIMSOLL_NOTIFIER_RETRY_SECONDS: '0.1,0.1,0.1', PLIMSOLL_NOTIFIER_POLL_MS: '50', PLIMSOLL_NOTIFIER_TIMEOUT_MS: String(timeoutMs),
    PLIMSOLL_NOTIFIER_KEY_FILE: keyFile, PLIMSOLL_NOTIFIER_MAX_SUBSCRIPTIONS: '3', PLIMSOLL_SMTP_FROM: 'Plimsoll <plimsoll@example.org>',
    PLIMSOLL_SMTP_URL: `smtp://127.0.0.1:${(mailServer.server.address() as AddressInfo).port}`,
  })) vi.stubEnv(name, value);
  service = await startNotifier();
});
afterEach(async () => { for (const receiver of receivers.splice(0)) await receiver.close(); });
afterAll(async () => {
  await service?.stop();
  await postgres?.end();
  await bench?.close();
  if (mailServer) await new Promise<void>((resolve) => mailServer.close(() => resolve()));
  vi.unstubAllEnvs();
  await telemetry.shutdown().catch(() => undefined);
});

const startNotifier = (): Promise<RunningService> => startService({ manifest, module: NotifierModule, env: bench.env('notifier') });
const ask = ((contract, body) => askOver(bench.admin)(contract, body)) as ReturnType<typeof askOver>;

/** A receiver on loopback whose answers a test decides. */
async function aReceiver(reply: Receiver['reply'] = () => ({ status: 204 })): Promise<Receiver> {
  let server: Server, port = 0;
  const posts: Post[] = [];
  const receiver: Receiver = {
    get url() { return `http://127.0.0.1:${port}/hook`; },
    posts, reply,
    async open() {
      server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => void (async () => {
          const post = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8'), at: performance.now() };
          posts.push(post);
          const answer = await receiver.reply(post, posts.length);
          if (answer !== 'silence') response.writeHead(answer.status, answer.headers).end();
        })());
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    },
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); }),
  };
  await receiver.open();
  receivers.push(receiver);
  return receiver;
}

let projects = 0;
const aProject = (): string => `project-${++projects}`;
const subscribed = (project: string, url: string, filter: Draft<typeof CreateSubscription>['filter'] = {}): Promise<Answer<typeof CreateSubscription>> =>
  ask(CreateSubscription, { project, name: 'ours', filter, channel: { kind: 'webhook', url } });
const aVerdict = (project: string, changes: object = {}): Draft<typeof VerdictChanged> => ({
  push: randomUUID(), previous: 'allow',
  verdict: {
    project, digest, reference: 'registry.example/team/app:1.2', decision: 'deny', input_digest: digest, revision: 17, decided_at: '2026-01-02T03:04:05.000Z', policy: { name: 'default', digest },
    reasons: [{ rule: 'no-fixable-critical', outcome: 'deny', message: '1 critical finding has a fix', findings: ['CVE-2026-1'], remediation: 'upgrade openssl' }], ...changes,
  },
});
const deliveries = async (project: string): Promise<DeliveryBody[]> => (await ask(ListDeliveries, { project })).items;
const settled = (project: string, ...states: DeliveryBody['state'][]) =>
  vi.waitFor(async () => { const found = await deliveries(project); expect(found.map(({ state }) => state).sort()).toEqual([...states].sort()); return found; }, 15_000);
const posted = (receiver: Receiver, count: number) => vi.waitFor(() => { expect(receiver.posts).toHaveLength(count); return receiver.posts; }, 15_000);
/** After this event every earlier one of the project has been dealt with by the same steps. */
const quiet = async (): Promise<void> => {
  const project = aProject(), receiver = await aReceiver();
  await subscribed(project, receiver.url);
  await bench.say(VerdictChanged, aVerdict(project));
  await settled(project, 'delivered');
};

/** Written from the text of Standard Webhooks 1.0.0, not from our code. */
const signatures = ({ headers, body }: Post, secret: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64')).update(`${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body}`).digest('base64')}`;

describe('a verdict', () => {
  it('reaches a subscriber as one signed CloudEvent, with a receipt, in one trace', async () => {
    const project = aProject(), receiver = await aReceiver();
    const { id, secret, ...created } = await subscribed(project, receiver.url);
    const said = aVerdict(project);
    const root = trace.getTracer('test').startSpan('push');
    const event = await context.with(trace.setSpan(context.active(), root), () => bench.say(VerdictChanged, said));
    root.end();
    const [post] = await posted(receiver, 1);
    const [delivery] = await settled(project, 'delivered');

    expect(created).toMatchObject({ project, name: 'ours', paused: false });
    expect(post!.headers).toMatchObject({ 'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-id': delivery!.id, 'webhook-signature': signatures(post!, secret!) });
    expect(Math.abs(Number(post!.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    const { traceparent, ...cloudEvent } = JSON.parse(post!.body) as Record<string, unknown>;
    expect(cloudEvent).toEqual({
      specversion: '1.0', id: event, source: `/plimsoll/projects/${project}`, type: 'dev.plimsoll.verdict.changed.v1', subject: 'registry.example/team/app:1.2', time: '2026-01-02T03:04:05.000Z',
      datacontenttype: 'application/json', data: { ...said.verdict, previous: 'allow', push: said.push },
    });
    expect(delivery).toMatchObject({ subscription: id, event_type: 'dev.plimsoll.verdict.changed.v1', attempts: 1, last_answer: '204 No Content', image: { reference: 'registry.example/team/app:1.2', digest } });
    await vi.waitFor(async () => expect((await bench.said(NotificationDelivered)).filter((one) => one.project === project)).toEqual(
      [{ delivery: delivery!.id, subscription: id, project, push: said.push, digest, channel: 'webhook', attempts: 1 }]), 10_000);

    const { traceId } = root.spanContext();
    const ours = spans.filter((span) => span.traceId === traceId);
    const heard = ours.find(({ name }) => name === 'process evt.policy.verdict.changed.v1')!, deliver = ours.find(({ name }) => name === 'deliver webhook')!;
    expect(deliver).toMatchObject({ kind: SpanKind.CLIENT, parent: heard.spanId, attributes: { 'plimsoll.delivery': delivery!.id, 'plimsoll.answer': '204 No Content' } });
    expect(traceparent).toBe(`00-${traceId}-${heard.spanId}-01`);
    expect(post!.headers['traceparent']).toBe(`00-${traceId}-${deliver.spanId}-01`);
    expect(JSON.stringify(ours)).not.toContain('/hook');   // the URL may be the receiver's secret
  });

  it('is delivered once, however often the event comes', async () => {
    const project = aProject(), receiver = await aReceiver(), id = randomUUID(), said = aVerdict(project);
    await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, said, id);
    await settled(project, 'delivered');
    await postgres.query('delete from notifier.inbox where id = $1', [id]);   // as if the inbox had forgotten: the unique key alone must hold
    const { jetstreamOf } = await import('@plimsoll/bus');
    const { headers } = await import('@nats-io/transport-node');
    const note = headers();
    note.set('Plimsoll-Event-Id', id);   // a replay of a dead letter has a new message id
    await jetstreamOf(bench.admin).publish(VerdictChanged.subject, JSON.stringify(VerdictChanged.body.parse(said)), { msgID: randomUUID(), headers: note });
    await vi.waitFor(async () => expect((await postgres.query('select 1 from notifier.inbox where id = $1', [id])).rowCount).toBe(1), 10_000);
    await quiet();
    expect(receiver.posts).toHaveLength(1);
    expect(await deliveries(project)).toHaveLength(1);
  });

  it('goes to those whose filter it passes', async () => {
    const project = aProject(), other = aProject(), receiver = await aReceiver();
    const deny = await subscribed(project, receiver.url, { decisions: ['deny'] });
    const elsewhere = await subscribed(project, receiver.url, { reference: 'registry.example/other/*' });
    await subscribed(project, receiver.url, { events: ['revision.published'] });
    await subscribed(other, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    await bench.say(VerdictChanged, aVerdict(project, { decision: 'warn', reference: 'registry.example/other/x:1' }));
    const found = await settled(project, 'delivered', 'delivered');
    expect(found.map(({ subscription }) => subscription).sort()).toEqual([deny.id, elsewhere.id].sort());
    expect(await deliveries(other)).toEqual([]);
  });

  it('asks feeds how bad it is only when somebody wants to know, and tells when feeds cannot say', async () => {
    const project = aProject(), receiver = await aReceiver(), asked: string[] = [];
    const critical = await subscribed(project, receiver.url, { min_severity: 'critical' });
    await bench.say(VerdictChanged, aVerdict(project, { reference: 'unknown' }));   // nobody answers for feeds
    await settled(project, 'delivered');
    const counts = { critical: 0, high: 3, medium: 0, low: 0, unknown: 0, negligible: 0 };
    const feeds = bench.admin.subscribe(GetFindings.subject, {
      callback: (_error, message) => {
        asked.push(message.json<{ project: string }>().project);
        message.respond(JSON.stringify({ items: [], total: { count: 3, relation: 'EXACT' }, revision: 1, summary: { total: 3, by_severity: counts, fixable: counts, undetermined: 0, not_covered: 0 } }));
      },
    });
    const high = await subscribed(project, receiver.url, { min_severity: 'high' });
    await bench.say(VerdictChanged, aVerdict(project, { reference: 'known' }));
    const found = await settled(project, 'delivered', 'delivered');
    expect(found.map(({ subscription, image }) => [subscription, image?.reference]).sort()).toEqual([[critical.id, 'unknown'], [high.id, 'known']].sort());
    expect(asked).toEqual([project]);
    feeds.unsubscribe();
  });

  it('reaches people by mail', async () => {
    const project = aProject();
    const { secret } = await ask(CreateSubscription, { project, name: 'mail', channel: { kind: 'email', to: ['ann@example.org'] } });
    expect(secret).toBeUndefined();
    await bench.say(VerdictChanged, aVerdict(project));
    const [delivery] = await settled(project, 'delivered');
    expect(delivery!.last_answer).toMatch(/^250 /);
    expect(mails.at(-1)).toMatch(/^Subject: \[Plimsoll\] DENY: registry\.example\/team\/app:1\.2/m);
    expect(mails.at(-1)).toContain(`Message-ID: <${delivery!.id}@example.org>`);
    expect(spans.some(({ name, attributes }) => name === 'deliver email' && (attributes as Record<string, unknown>)['plimsoll.delivery'] === delivery!.id)).toBe(true);
  });
});

it('a published revision goes to every project that asks for it', async () => {
  const [one, two, three] = [aProject(), aProject(), aProject()], receiver = await aReceiver();
  await subscribed(one, receiver.url, { events: ['revision.published'] });
  await subscribed(two, receiver.url, { events: ['verdict.changed', 'revision.published'] });
  await subscribed(three, receiver.url);
  const id = await bench.say(RevisionPublished, { revision: 18, published_at: '2026-01-02T03:04:05Z', touched_images: 42, changes: [{ source: 'debian', added: 1, changed: 2, removed: 0 }], projects: [{ project: 'a-secret', images: 42 }] });
  await settled(one, 'delivered');
  await settled(two, 'delivered');
  expect(await deliveries(three)).toEqual([]);
  expect(JSON.parse(receiver.posts[0]!.body)).toMatchObject({ id, source: '/plimsoll/feeds', type: 'dev.plimsoll.revision.published.v1', subject: 'revision 18', data: { touched_images: 42 } });
  expect(receiver.posts[0]!.body).not.toContain('a-secret');
});

describe('a receiver', () => {
  it('that fails, hears the same again under the same id until it succeeds', async () => {
    const project = aProject(), receiver = await aReceiver((_post, nth) => ({ status: nth < 3 ? 500 : 200 }));
    const { secret } = await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    const [delivery] = await settled(project, 'delivered');
    expect(delivery).toMatchObject({ attempts: 3, last_answer: '200 OK' });
    expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery!.id]));
    expect(new Set(receiver.posts.map(({ body }) => body)).size).toBe(1);
    for (const post of receiver.posts) expect(post.headers['webhook-signature']).toBe(signatures(post, secret!));
  });

  it('that is away, gets it when it is back', async () => {
    const project = aProject(), receiver = await aReceiver();
    await subscribed(project, receiver.url);
    await receiver.close();
    await bench.say(VerdictChanged, aVerdict(project));
    await vi.waitFor(async () => expect((await deliveries(project))[0]).toMatchObject({ last_answer: 'connection refused' }), 10_000);
    await receiver.open();
    await postgres.query(`update notifier.deliveries set state = 'waiting', attempts = 1 where project = $1 and state <> 'delivered'`, [project]);   // its few short attempts may be over
    await settled(project, 'delivered');
    expect(receiver.posts).toHaveLength(1);
  });

  it('that never answers, is given up at last; a person may replay it', async () => {
    const project = aProject(), receiver = await aReceiver(() => 'silence');
    const { id: subscription } = await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    const [dead] = await settled(project, 'dead');
    expect(dead).toMatchObject({ attempts: 4, last_answer: 'timeout' });
    expect(dead).not.toHaveProperty('next_attempt_at');
    await vi.waitFor(async () => expect((await bench.said(DeliveryFailed)).filter((one) => one.project === project)).toEqual(
      [{ delivery: dead!.id, subscription, project, digest, last_answer: 'timeout', attempts: 4 }]), 10_000);
    expect(receiver.posts).toHaveLength(4);
    receiver.reply = () => ({ status: 200 });
    expect(await ask(ReplayDelivery, { project, id: dead!.id })).toMatchObject({ state: 'waiting', attempts: 0 });
    const [delivered] = await settled(project, 'delivered');
    expect(delivered).toMatchObject({ id: dead!.id, attempts: 1 });
    expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([dead!.id]));
  });

  it('that answers 410 Gone, hears no more until somebody resumes the subscription', async () => {
    const project = aProject(), receiver = await aReceiver(() => ({ status: 410 }));
    const { id } = await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    const [dead] = await settled(project, 'dead');
    expect(dead).toMatchObject({ attempts: 1, last_answer: '410 Gone' });
    expect((await ask(ListSubscriptions, { project })).items).toMatchObject([{ id, paused: true }]);
    await bench.say(VerdictChanged, aVerdict(project));
    await quiet();
    expect(receiver.posts).toHaveLength(1);
    await expect(ask(ReplayDelivery, { project, id: dead!.id })).rejects.toMatchObject({ kind: 'conflict', code: 'subscription-paused' });
    receiver.reply = () => ({ status: 200 });
    expect(await ask(ResumeSubscription, { project, id })).toMatchObject({ paused: false });
    await ask(ReplayDelivery, { project, id: dead!.id });
    await settled(project, 'delivered');
  });

  it('that asks for time, gets it for all that waits', async () => {
    const project = aProject(), receiver = await aReceiver(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
    const { id: subscription } = await subscribed(project, receiver.url);
    const inAnHour = new Date(Date.now() + 3_500_000).toISOString();
    await postgres.query(`insert into notifier.deliveries (subscription, project, receiver, event_id, event_type, event, trace, next_attempt_at)
      select id, project, receiver, 'waits', 'x', '{}', '{}', now() + interval '1 minute' from notifier.subscriptions where id = $1`, [subscription]);
    await bench.say(VerdictChanged, aVerdict(project));
    await vi.waitFor(async () => expect((await deliveries(project)).map(({ next_attempt_at: at }) => at! > inAnHour)).toEqual([true, true]), 10_000);
    expect(receiver.posts).toHaveLength(1);
  });

  it('that redirects to the metadata service, is not followed', async () => {
    const project = aProject(), receiver = await aReceiver(() => ({ status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data/' } }));
    await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    const [dead] = await settled(project, 'dead');
    expect(dead!.last_answer).toBe('302 Found: redirects are not followed');
  });

  it('that is slow, is not flooded and keeps nobody waiting', async () => {
    const slow = aProject(), quick = aProject();
    let open = 0, most = 0;
    const gate = Promise.withResolvers<void>();
    const tardy = await aReceiver(async () => { most = Math.max(most, ++open); await gate.promise; open--; return { status: 200 }; });
    const prompt = await aReceiver();
    await subscribed(slow, tardy.url);
    await subscribed(quick, prompt.url);
    for (let i = 0; i < 10; i++) await bench.say(VerdictChanged, aVerdict(slow));
    await posted(tardy, 4);
    await bench.say(VerdictChanged, aVerdict(quick));
    await settled(quick, 'delivered');
    gate.resolve();
    await settled(slow, ...Array<'delivered'>(10).fill('delivered'));
    expect(most).toBe(4);
  });
});

describe('workers', () => {
  it('that are two, send each delivery once', async () => {
    const second = await startNotifier();
    try {
      const project = aProject(), receiver = await aReceiver();
      const ids = [await subscribed(project, receiver.url), await subscribed(project, receiver.url)].map(({ id }) => id);
      await Promise.all(Array.from({ length: 40 }, () => bench.say(VerdictChanged, aVerdict(project))));
      await vi.waitFor(async () => expect((await ask(ListDeliveries, { project, state: 'delivered' })).total.count).toBe(80), 20_000);
      expect(receiver.posts).toHaveLength(80);
      expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(80);
      await vi.waitFor(async () => expect((await bench.said(NotificationDelivered)).filter(({ subscription }) => ids.includes(subscription))).toHaveLength(80), 10_000);
    } finally {
      await second.stop();
    }
  });

  it('that die between the request and the receipt, repeat it under the same id and tell of it once', async () => {
    const project = aProject(), cut = Promise.withResolvers<void>();
    const receiver = await aReceiver(async (_post, nth) => {
      if (nth === 1) {
        await postgres.query('alter role svc_notifier nologin');
        await postgres.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'svc_notifier'`);
        cut.resolve();
      }
      return { status: 200 };
    });
    await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    await cut.promise;
    const { rows: [row] } = await postgres.query<{ id: string }>(`select id from notifier.deliveries where project = $1 and lease is not null and state = 'waiting'`, [project]);
    await vi.waitFor(() => expect(spans.filter(({ attributes }) => (attributes as Record<string, unknown>)['plimsoll.delivery'] === row!.id)).toHaveLength(1), 10_000);   // the commit was refused
    await postgres.query('alter role svc_notifier login');
    await postgres.query(`update notifier.deliveries set leased_until = now() where project = $1`, [project]);   // rather than wait for it
    const [delivery] = await settled(project, 'delivered');
    expect(receiver.posts.map(({ headers }) => headers['webhook-id'])).toEqual([delivery!.id, delivery!.id]);
    expect(delivery!.attempts).toBe(2);
    await vi.waitFor(async () => expect((await bench.said(NotificationDelivered)).filter((one) => one.project === project)).toHaveLength(1), 10_000);
  });

  it('give up a delivery that no attempt ever brings to an end', async () => {
    const project = aProject(), receiver = await aReceiver();
    const { id } = await subscribed(project, receiver.url);
    await postgres.query(`insert into notifier.deliveries (subscription, project, receiver, event_id, event_type, event, trace, attempts)
      select id, project, receiver, 'deadly', 'x', '{}', '{}', 4 from notifier.subscriptions where id = $1`, [id]);
    const [dead] = await settled(project, 'dead');
    expect(dead!.last_answer).toBe('no attempt came to an end');
    expect(receiver.posts).toHaveLength(0);
  });

  it('give back what is under way when they stop', async () => {
    const project = aProject();
    const receiver = await aReceiver(() => 'silence');
    vi.stubEnv('PLIMSOLL_NOTIFIER_TIMEOUT_MS', '60000');
    const patient = await startNotifier();
    vi.stubEnv('PLIMSOLL_NOTIFIER_TIMEOUT_MS', String(timeoutMs));
    await service.stop();
    await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    await posted(receiver, 1);
    await patient.stop();
    expect((await postgres.query(`select state, attempts, lease from notifier.deliveries where project = $1`, [project])).rows).toEqual([{ state: 'waiting', attempts: 0, lease: null }]);
    receiver.reply = () => ({ status: 200 });
    service = await startNotifier();
    await settled(project, 'delivered');
  });
});

describe('subscriptions', () => {
  it('are refused where webhooks must not go', async () => {
    for (const url of ['http://169.254.169.254/latest', 'https://10.0.0.1/', 'https://[::1]/', 'http://localhost.localdomain.invalid/', 'https://0x7f.0.0.2/', 'https://user:pass@127.0.0.1/'])
      await expect(subscribed('default', url), url).rejects.toMatchObject({ kind: 'invalid', code: expect.stringMatching(/^(address-refused|host-unknown|webhook-credentials)$/) as string, errors: [{ where: 'channel.url' }] });
    expect((await ask(ListSubscriptions, { project: 'default' })).items).toEqual([]);
  });

  it('show their secret once, and keep it sealed', async () => {
    const project = aProject(), receiver = await aReceiver();
    const { id, secret } = await subscribed(project, receiver.url);
    expect(secret).toMatch(/^whsec_/);
    expect(JSON.stringify(await ask(ListSubscriptions, { project }))).not.toMatch(/secret|whsec_/);
    const { rows: [row] } = await postgres.query<{ secret: string }>('select secret from notifier.subscriptions where id = $1', [id]);
    expect(row!.secret).toMatch(/^sealed\.v1:/);
  });

  it('sign with the old secret too while a new one is brought in', async () => {
    const project = aProject(), receiver = await aReceiver();
    const { id, secret } = await subscribed(project, receiver.url);
    const rotated = await ask(RotateSecret, { project, id });
    expect(rotated.secret).not.toBe(secret);
    await bench.say(VerdictChanged, aVerdict(project));
    await settled(project, 'delivered');
    await postgres.query(`update notifier.subscriptions set previous_secret_until = now() where id = $1`, [id]);
    await bench.say(VerdictChanged, aVerdict(project));
    const [first, second] = await posted(receiver, 2);
    expect(first!.headers['webhook-signature']).toBe(`${signatures(first!, rotated.secret)} ${signatures(first!, secret!)}`);
    expect(second!.headers['webhook-signature']).toBe(signatures(second!, rotated.secret));
  });

  it('are sealed at the next start when a key comes later', async () => {
    const project = aProject(), receiver = await aReceiver();
    const { id } = await subscribed(project, receiver.url);
    await postgres.query(`update notifier.subscriptions set secret = 'whsec_AAAA' where id = $1`, [id]);
    await (await startNotifier()).stop();
    expect((await postgres.query<{ secret: string }>('select secret from notifier.subscriptions where id = $1', [id])).rows[0]!.secret).toMatch(/^sealed\.v1:/);
    await bench.say(VerdictChanged, aVerdict(project));
    const [post] = await posted(receiver, 1);
    expect(post!.headers['webhook-signature']).toBe(signatures(post!, 'whsec_AAAA'));
  });

  it('stop a service whose key does not open them', async () => {
    const other = join(bench.home, 'other.key'), right = process.env['PLIMSOLL_NOTIFIER_KEY_FILE']!;
    writeFileSync(other, randomBytes(32).toString('base64'));
    await subscribed(aProject(), (await aReceiver()).url);
    vi.stubEnv('PLIMSOLL_NOTIFIER_KEY_FILE', other);
    await expect(startNotifier()).rejects.toThrow(/does not open/);
    vi.stubEnv('PLIMSOLL_NOTIFIER_KEY_FILE', right);
  });

  it('of another project are missing', async () => {
    const project = aProject(), stranger = aProject(), receiver = await aReceiver();
    const { id } = await subscribed(project, receiver.url);
    await bench.say(VerdictChanged, aVerdict(project));
    const [delivery] = await settled(project, 'delivered');
    const questions = [
      () => ask(DeleteSubscription, { project: stranger, id }), () => ask(ResumeSubscription, { project: stranger, id }), () => ask(RotateSecret, { project: stranger, id }),
      () => ask(ReplayDelivery, { project: stranger, id: delivery!.id }),
    ];
    for (const question of questions) await expect(question()).rejects.toMatchObject({ kind: 'missing' });
    expect((await ask(ListSubscriptions, { project: stranger })).items).toEqual([]);
    expect((await ask(ListDeliveries, { project: stranger, subscription: id })).items).toEqual([]);
    await ask(DeleteSubscription, { project, id });
    expect(await deliveries(project)).toEqual([]);
    await expect(ask(DeleteSubscription, { project, id })).rejects.toMatchObject({ kind: 'missing' });
  });

  it('have a limit, and are listed in pages', async () => {
    const project = aProject(), receiver = await aReceiver();
    const made: string[] = [];
    for (let i = 0; i < 3; i++) made.push((await subscribed(project, receiver.url)).id);
    await expect(subscribed(project, receiver.url)).rejects.toMatchObject({ kind: 'conflict', code: 'limit-subscriptions' });
    const first = await ask(ListSubscriptions, { project, limit: 2 });
    const rest = await ask(ListSubscriptions, { project, limit: 2, page_token: first.next_page_token });
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(made);
    expect([first.total, rest.next_page_token]).toEqual([{ count: 3, relation: 'EXACT' }, undefined]);
    await expect(ask(ListDeliveries, { project, page_token: first.next_page_token })).rejects.toMatchObject({ code: 'page-token-invalid' });
    await expect(ask(ListSubscriptions, { project, page_token: Buffer.from('["subscriptions by created_at, id","x","y"]').toString('base64url') })).rejects.toMatchObject({ code: 'page-token-invalid' });
  });
});

it('lists deliveries by what is asked, newest first, in pages', async () => {
  const project = aProject(), receiver = await aReceiver((post) => ({ status: post.body.includes('bad:1') ? 410 : 200 }));
  await subscribed(project, receiver.url, { reference: 'good*' });
  const { id: bad } = await subscribed(project, receiver.url, { reference: 'bad*' });
  const otherDigest = `sha256:${'b'.repeat(64)}`;
  for (let i = 0; i < 3; i++) await bench.say(VerdictChanged, aVerdict(project, { reference: `good:${i}`, digest: otherDigest }));
  await bench.say(VerdictChanged, aVerdict(project, { reference: 'bad:1' }));
  const all = await settled(project, 'delivered', 'delivered', 'delivered', 'dead');
  expect((await ask(ListDeliveries, { project, state: 'dead' })).items).toMatchObject([{ subscription: bad, image: { reference: 'bad:1', digest } }]);
  expect((await ask(ListDeliveries, { project, subscription: bad })).total.count).toBe(1);
  expect((await ask(ListDeliveries, { project, digest: otherDigest })).total.count).toBe(3);
  const first = await ask(ListDeliveries, { project, limit: 3 });
  const rest = await ask(ListDeliveries, { project, limit: 3, page_token: first.next_page_token });
  expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  expect(all.map(({ created_at: at }) => at)).toEqual(all.map(({ created_at: at }) => at).sort().reverse());
});

it('forgets old receipts, and nothing that still waits', async () => {
  const project = aProject(), receiver = await aReceiver();
  const { id } = await subscribed(project, receiver.url);
  await bench.say(VerdictChanged, aVerdict(project));
  await settled(project, 'delivered');
  await postgres.query(`insert into notifier.deliveries (subscription, project, receiver, event_id, event_type, event, trace, state, created_at, next_attempt_at)
    select id, project, receiver, state, 'x', '{}', '{}', state, now() - interval '91 days', now() + interval '1 day' from notifier.subscriptions, unnest(array['waiting', 'delivered', 'dead']) as state where id = $1`, [id]);
  await service.get(Deliveries).forget(90);
  await settled(project, 'delivered', 'waiting');
});

it('counts what it does', async () => {
  await quiet();
  const metrics = await (await fetch(`http://127.0.0.1:${service.managementPort}/metrics`)).text();
  expect(metrics).toMatch(/plimsoll_notifier_deliveries_total\{channel="webhook",outcome="delivered",service="notifier"\} [1-9]/);
  expect(metrics).toMatch(/plimsoll_notifier_delivery_seconds_count\{[^}]*channel="webhook"[^}]*\} [1-9]/);
  expect(metrics).toMatch(/plimsoll_notifier_deliveries_waiting\{service="notifier"\} \d+/);
});
