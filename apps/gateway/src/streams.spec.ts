import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { GetFeedsStatus, ImageIndexed, ImageMatched, operations, PushJudged, scanProgressSubject, type ImageEvent } from '@plimsoll/contracts';
import { Bus } from '@plimsoll/bus';
import { Metadata, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { gatewayBench, grant, type GatewayBench } from '../testing/gateway-bench.ts';
import { digestOf, indexed, judged, matched } from '../testing/happenings.ts';
import { ImageEvents } from './image-events.ts';

let gate: GatewayBench;
let ada: string, feeder: string;
beforeAll(async () => {
  gate = await gatewayBench({ PLIMSOLL_GATEWAY_STREAMS_PER_CALLER: '2', PLIMSOLL_GATEWAY_HEARTBEAT_SECONDS: '0.05' });
  feeder = await gate.token('fred', [grant('team-a', 'feeds:read')]);
  ada = await gate.token('ada', [grant('team-a', 'images:read', 'images:write')]);
});
afterAll(async () => { await gate?.close(); });

interface Reader { readonly events: ImageEvent[]; readonly text: () => string; readonly response: IncomingMessage; close(): void; readonly ended: Promise<void> }
const readers: { close(): void }[] = [];
afterEach(async () => { for (const reader of readers.splice(0)) reader.close(); });

/** A reader of server-sent events that knows nothing of ours. */
const read = async (path: string, headers: Record<string, string> = {}): Promise<Reader> => {
  const call = httpRequest(`${gate.url}${path}`, { headers: { authorization: `Bearer ${ada}`, ...headers } });
  call.end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => call.once('response', resolve).once('error', reject));
  let text = '';
  const ended = new Promise<void>((resolve) => response.once('close', resolve));
  const reader: Reader = {
    response, ended, text: () => text, close: () => call.destroy(),
    get events() { return [...text.matchAll(/^(?:id: (.*)\n)?event: (.*)\ndata: (.*)\n\n/gm)].map(([, id, type, data]) => { const event = operations.watchImage.answer.strict().parse(JSON.parse(data!)); expect([event.id, event.type]).toEqual([id, type]); return event; }); },
  };
  response.on('data', (chunk) => { text += String(chunk); }).on('error', () => undefined);
  call.on('error', () => undefined);
  readers.push(reader);
  return reader;
};
const types = ({ events }: Reader): string[] => events.map(({ type }) => type);
const image = `/v1/projects/team-a/images/${digestOf('a')}/events`;

describe('the events of an image', () => {
  const of = { push: randomUUID() };

  it('are its history, then what happens, with a sign of life between', async () => {
    await gate.bench.say(ImageIndexed, indexed(of));
    await vi.waitFor(async () => expect((await request(gate.url).get(image.replace('/events', '')).set('authorization', `Bearer ${ada}`)).status).toBe(200), 5_000);
    const reader = await read(image);
    expect([reader.response.statusCode, reader.response.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(reader.response.headers['x-content-type-options']).toBe('nosniff');
    await vi.waitFor(() => expect(types(reader)).toEqual(['image.indexed']), 5_000);
    await vi.waitFor(() => expect(reader.text()).toContain(': still here'), 5_000);
    gate.bench.admin.publish(scanProgressSubject, JSON.stringify({ ...of, project: 'team-a', layers_done: 1, layers_total: 3, bytes_done: 5, bytes_total: 9 }));
    await vi.waitFor(() => expect(types(reader)).toEqual(['image.indexed', 'image.indexing']), 5_000);
    await gate.bench.say(ImageMatched, matched(of, 1));
    await vi.waitFor(() => expect(types(reader)).toEqual(['image.indexed', 'image.indexing', 'image.matched']), 5_000);
    expect(reader.events[1]).toMatchObject({ push: of.push, progress: { layers_done: 1 } });
    expect(reader.events[1]!.id).toBeUndefined();
  });

  it('go on after the last that was seen', async () => {
    const all = await read(image);
    await vi.waitFor(() => expect(all.events.filter(({ id }) => id)).toHaveLength(2), 5_000);
    const first = all.events.find(({ id }) => id)!.id!;
    all.close();
    const resumed = await read(image, { 'last-event-id': first });
    await vi.waitFor(() => expect(resumed.events.filter(({ id }) => id).map(({ type }) => type)).toEqual(['image.matched']), 5_000);
    const after = await read(`${image}?after=${resumed.events.find(({ id }) => id)!.id}`);
    await gate.bench.say(PushJudged, judged(of, 'allow'));
    await vi.waitFor(() => expect(after.events.filter(({ id }) => id).map(({ type, decision }) => [type, decision])).toEqual([['push.judged', 'allow']]), 5_000);
  });

  it('are not another image\'s, and a project\'s are all of them', async () => {
    const project = await read('/v1/projects/team-a/events');
    const own = await read(image);
    await vi.waitFor(() => expect(own.events.length).toBeGreaterThan(0), 5_000);
    await gate.bench.say(ImageIndexed, indexed({ push: randomUUID(), digest: digestOf('b') }));
    await vi.waitFor(() => expect(project.events.filter(({ id }) => id).map(({ digest }) => digest)).toEqual([digestOf('b')]), 5_000);   // from now on, without the past
    expect(own.events.filter(({ digest }) => digest !== digestOf('a'))).toEqual([]);
  });

  it('come of one push from its beginning', async () => {
    const { body } = await request(gate.url).post('/v1/projects/team-a/images').set('authorization', `Bearer ${ada}`).send({ target: 'registry.example/watched:1' });
    const reader = await read(body.links.events as string);
    await vi.waitFor(() => expect(types(reader)).toEqual(['image.pushed']), 5_000);
  });
});

it('a caller has so many streams and no more, until one ends', async () => {
  await read(image);
  const second = await read(image);
  const third = await read(image);
  expect(third.response.statusCode).toBe(429);
  await vi.waitFor(() => expect(third.text()).toContain('too-many-streams'));
  second.close();
  await vi.waitFor(async () => expect((await read(image)).response.statusCode).toBe(200), 5_000);
});

it('no event is passed over, however many are written at once', async () => {
  const bus = gate.service.get(Bus), events = gate.service.get(ImageEvents);
  const stop = new AbortController(), seen: string[] = [];
  const following = (async () => { for await (const { reference } of events.follow({ project: 'busy' }, 0, stop.signal)) seen.push(reference!); })();
  await Promise.all(Array.from({ length: 200 }, (_, n) => bus.commit(async (tx) => {
    await events.add(tx, { type: 'image.pushed', project: 'busy', reference: String(n) });
    await tx.query('select pg_sleep(random() * 0.01)');
  })));
  await vi.waitFor(() => expect(new Set(seen).size).toBe(200), 10_000);
  stop.abort();
  await following;
  expect(seen).toHaveLength(200);
});

it('the gRPC twins stream the same', async () => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${ada}`);
  const client = gate.client('Images') as unknown as Record<'WatchImage' | 'WatchProject', (request: object, metadata: Metadata) => ClientReadableStream<ImageEvent>>;
  const stream = client.WatchImage({ project: 'team-a', digest: digestOf('a') }, metadata);
  const seen: ImageEvent[] = [];
  const ended = new Promise<ServiceError | undefined>((resolve) => stream.on('data', (event: ImageEvent) => seen.push(event)).on('error', resolve).on('end', () => resolve(undefined)));
  await vi.waitFor(() => expect(seen.filter(({ id }) => id).map(({ type }) => type)).toEqual(['image.indexed', 'image.matched', 'push.judged']), 5_000);
  await gate.bench.say(ImageMatched, matched({ digest: digestOf('a') }, 2, { low: 1 }));
  await vi.waitFor(() => expect(seen.at(-1)).toMatchObject({ type: 'image.matched', revision: 2, summary: { by_severity: { low: 1 } } }), 5_000);
  stream.cancel();
  expect((await ended)?.code).toBe(1);
});

it('when the service stops, streams end and calls in hand are answered', async () => {
  const reader = await read('/v1/projects/team-a/events');
  const asked = Promise.withResolvers<void>(), released = Promise.withResolvers<void>();
  gate.answer(GetFeedsStatus, async () => { asked.resolve(); await released.promise; return { revision: 1, advisories: 0, images: 0, sources: [] }; });
  const agent = new Agent({ keepAlive: true });
  const slow = new Promise<IncomingMessage>((resolve, reject) => httpRequest(`${gate.url}/v1/feeds`, { agent, headers: { authorization: `Bearer ${feeder}` } }, resolve).once('error', reject).end());
  await asked.promise;
  const stopped = gate.service.stop();
  await reader.ended;
  expect(reader.response.complete).toBe(true);
  released.resolve();
  expect((await slow).resume().statusCode).toBe(200);
  await stopped;
  agent.destroy();
});
