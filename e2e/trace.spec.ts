import { traceTree, type ReceivedSpan } from '@plimsoll/tools/otlp-receiver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startBench, type Bench } from './bench.ts';
import { startImages, type Images } from './images.ts';

let bench: Bench, images: Images, traceId: string, spans: ReceivedSpan[];
beforeAll(async () => {
  [bench, images] = await Promise.all([startBench(), startImages()]);
  await bench.api.post('/v1/projects/default/subscriptions', { name: 'all', channel: { kind: 'webhook', url: bench.webhooks.url } });
  const { target } = await images.add('team/traced:1', { left: '1.0.0' });
  const { body } = await bench.api.post('/v1/projects/default/images', { target });
  traceId = await eventually(async () => {
    const operation = (await bench.api.get(`/v1/projects/default/operations/${body.id}`)).body;
    expect(operation.state).toBe('judged');
    return operation.trace_id as string;
  });
  spans = await eventually(async () => {
    const found = bench.otlp.spans(traceId);
    expect(found.some(({ service, name }) => service === 'notifier' && name.startsWith('deliver'))).toBe(true);
    expect(found.some(({ service, name }) => service === 'gateway' && name.includes('notifier.delivery'))).toBe(true);
    return found;
  });
}, 120_000);
afterAll(async () => { await images?.close(); await bench?.close(); });

describe('one push is one trace', () => {
  it('from the request through every service to the notification', () => {
    const tree = traceTree(spans, ({ name }) => !name.startsWith('pg')).join('\n');
    const steps: [string, RegExp][] = [
      ['gateway', /POST \/v1\/projects\/.+\/images/], ['gateway', /publish evt\.gateway\.image\.pushed/],
      ['scanner', /process evt\.gateway\.image\.pushed/], ['scanner', /publish evt\.scanner\.image\.indexed/],
      ['feeds', /process evt\.scanner\.image\.indexed/], ['feeds', /publish evt\.feeds\.image\.matched/],
      ['policy', /process evt\.feeds\.image\.matched/], ['policy', /publish evt\.policy\.verdict\.changed/],
      ['notifier', /process evt\.policy\.verdict\.changed/], ['notifier', /deliver webhook/],
    ];
    for (const [service, name] of steps) expect(spans.some((span) => span.service === service && name.test(span.name)), `${service} ${name}\n${tree}`).toBe(true);
  });

  it('with one root and no orphan', () => {
    const known = new Set(spans.map(({ spanId }) => spanId));
    const orphans = spans.filter(({ parentSpanId }) => parentSpanId && !known.has(parentSpanId));
    expect(orphans.map(({ service, name }) => `${service} ${name}`)).toEqual([]);
    expect(spans.filter(({ parentSpanId }) => !parentSpanId).map(({ service }) => service)).toEqual(['gateway']);
  });

  it('where each hearing is the child of the saying it heard', () => {
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const hearings = spans.filter(({ name }) => name.startsWith('process evt.'));
    expect(hearings.length).toBeGreaterThanOrEqual(8);
    for (const hearing of hearings) expect(byId.get(hearing.parentSpanId!)?.name).toBe(hearing.name.replace('process', 'publish'));
  });

  it('which ends in the notification, whose receiver gets it too', () => {
    const [webhook] = bench.webhooks.received;
    expect(JSON.parse(webhook!.body).traceparent).toContain(traceId);
  });

  it.skipIf(!process.env['JAEGER_QUERY_URL'])('and Jaeger shows it whole (skipped: JAEGER_QUERY_URL is not set)', async () => {
    const shown = await eventually(async () => {
      const response = await fetch(`${process.env['JAEGER_QUERY_URL']}/api/traces/${traceId}`);
      const { data } = await response.json() as { data: { spans: unknown[]; processes: Record<string, { serviceName: string }> }[] };
      expect(data?.[0]?.spans.length).toBe(bench.otlp.spans(traceId).length);
      return data[0]!;
    });
    expect(new Set(Object.values(shown.processes).map(({ serviceName }) => serviceName))).toEqual(new Set(['gateway', 'scanner', 'feeds', 'policy', 'notifier']));
  });
});
