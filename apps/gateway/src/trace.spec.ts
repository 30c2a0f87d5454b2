import '@plimsoll/telemetry/start';
import { jetstreamManager } from '@nats-io/jetstream';
import { eventsStream } from '@plimsoll/bus';
import { ImagePushed } from '@plimsoll/contracts';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { gatewayBench, grant, type GatewayBench } from '../testing/gateway-bench.ts';

let gate: GatewayBench;
beforeAll(async () => { gate = await gatewayBench(); });
afterAll(async () => { await gate?.close(); });

const post = async (body: string, headers: Record<string, string> = {}) => fetch(`${gate.url}/v1/projects/team-a/images`, {
  method: 'POST', headers: { authorization: `Bearer ${await gate.token('ada', [grant('team-a', 'images:write', 'images:read')])}`, 'content-type': 'application/json', ...headers }, body,
});

it('a push is one trace: the caller\'s, the operation\'s and the event\'s', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const answer = await post(JSON.stringify({ target: 'registry.example/traced:1' }), { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
  expect(answer.headers.get('x-trace-id')).toBe(traceId);
  expect(answer.headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  expect(((await answer.json()) as { trace_id: string }).trace_id).toBe(traceId);
  await vi.waitFor(async () => {
    const manager = await jetstreamManager(gate.bench.admin);
    const message = await manager.streams.getMessage(eventsStream, { last_by_subj: ImagePushed.subject });
    expect(message?.header.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-`));
  }, 5_000);
});

it('a problem says its trace', async () => {
  const answer = await post('{');
  const traceId = answer.headers.get('x-trace-id');
  expect(traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);   // also while nothing is sent anywhere
  expect(((await answer.json()) as { trace_id: string }).trace_id).toBe(traceId);
});
