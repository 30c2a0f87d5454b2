import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageEvent, PushOperation } from '@plimsoll/contracts';
import { restOf, signIn, type Rest } from '@plimsoll/cli/rest';
import { serveRegistry } from '@plimsoll/oci/testing';
import { buildMachineImage } from './machine-image.ts';
import { receiveOtlp, traceTree, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';
import { startPlatform } from './platform.ts';
import { repository } from './repository.ts';
import { writeSampleFeed } from './sample-feed.ts';
import { receiveWebhooks, signatureHolds, type ReceivedWebhook, type WebhookReceiver } from './webhook-receiver.ts';

/**
 * `npm run quickstart`: a whole platform, a real image, the whole way from push to notification, and everything stopped
 * again. Nothing outside this repository is changed; state stays in .plimsoll/quickstart, so a second run is quicker.
 */
const started = Number(process.env['PLIMSOLL_STARTED'] ?? Date.now());
const home = join(resolve(process.env['PLIMSOLL_HOME'] ?? join(repository, '.plimsoll')), 'quickstart');
const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: number, text: string): string => colours ? `\x1b[${code}m${text}\x1b[0m` : text;
const bold = (text: string): string => paint(1, text), dim = (text: string): string => paint(2, text);
const say = (text = ''): void => { process.stdout.write(`${text}\n`); };
const step = (text: string): void => say(`${dim(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`)}  ${text}`);

const open: (() => Promise<unknown>)[] = [];
let closing: Promise<void> | undefined;
const close = (): Promise<void> => closing ??= (async () => { for (const one of open.reverse()) await one().catch(() => undefined); })();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => { say('\nStopping …'); void close().then(() => process.exit(130)); });

async function quickstart(): Promise<void> {
  say(`\n${bold('Plimsoll')}  what is inside every container image, what is wrong with it, and whether it may sail\n`);

  // 1. servers of the world: a registry, somebody who wants to be told, a place for traces
  const layout = mkdtempSync(join(tmpdir(), 'plimsoll-image-'));
  open.push(async () => rmSync(layout, { recursive: true, force: true }));
  const [registry, webhooks, traces] = await Promise.all([serveRegistry(layout), receiveWebhooks(), receiveOtlp({ forwardTo: process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] })]);
  open.push(registry.close, webhooks.close, traces.close);

  // 2. the platform
  step('Starting Postgres, NATS and six services');
  const platform = await startPlatform({
    home, say: step,
    env: {
      all: { OTEL_EXPORTER_OTLP_ENDPOINT: traces.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '200' },
      feeds: { PLIMSOLL_FEEDS_SCHEDULE: 'off' },
    },
  });
  open.push(platform.stop);
  step(`Up at ${platform.url}`);
  const session = await signIn(platform.url, 'admin', platform.secrets.admin), rest = restOf(session);

  // 3. advisories
  const advisories = await bringAdvisories(rest);

  // 4. an image of this machine
  step('Making an image of this machine: its package database, its language packages, a small shop');
  const reference = `${registry.host}/quickstart/this-machine:1.0`;
  const image = await buildMachineImage(layout, 'quickstart/this-machine:1.0');
  step(`Pushed ${reference}  ${dim(image.digest.slice(0, 19))}`);

  // 5. from push to notification
  const secret = await subscribe(rest, webhooks);
  const operation = await rest.call<PushOperation>('POST', '/v1/projects/default/images', { body: { target: reference } });
  const done = await follow(rest, operation);
  if (done.state === 'rejected') throw new Error(`the image was rejected: ${done.problem?.detail}`);
  const webhook = await webhooks.next(({ body }) => body.includes(image.digest), 20_000);
  step(`Notification received: ${signatureHolds(webhook, secret) ? 'signature verified' : paint(31, 'signature WRONG')}`);

  await report(rest, session.token, done, { webhook, traces, advisories });
}

/** Live feeds where they can be reached; the sample of this repository for whatever they do not bring. Answers in words what was taken. */
async function bringAdvisories(rest: Rest): Promise<string> {
  const wanted = process.env['PLIMSOLL_QUICKSTART_FEEDS'] ?? 'auto';
  const sources = [...(readOs() === 'debian' ? ['debian-tracker'] : []), 'osv-npm', 'osv-pypi'];
  const live = wanted === 'sample' || !await isReachable() ? [] : await takeLive(rest, sources);
  if (live.length === sources.length) return `live feeds: ${live.join(', ')}`;
  if (wanted === 'live') throw new Error(`of the live feeds only ${live.join(', ') || 'none'} could be taken in`);
  writeSampleFeed(join(home, 'feeds', 'sample'));
  const { revision, advisories } = await rest.call<{ revision: number; advisories: number }>('POST', '/v1/feeds/private/ingest', { body: { file: 'sample' } });
  step(`Advisories: the sample in this repository, ${advisories} records, feed revision ${revision} ${dim(live.length ? `(besides ${live.join(', ')})` : '(no live feed within reach)')}`);
  return `${live.length ? `live feeds (${live.join(', ')}) and ` : ''}a sample of ${advisories} advisories: facts only, far from complete`;
}

const isReachable = (): Promise<boolean> =>
  fetch('https://osv-vulnerabilities.storage.googleapis.com/ecosystems.txt', { method: 'HEAD', signal: AbortSignal.timeout(2_500) }).then(({ ok }) => ok, () => false);

async function takeLive(rest: Rest, sources: readonly string[]): Promise<string[]> {
  const taken: string[] = [];
  for (const source of sources) {
    step(`Fetching live advisories: ${source}`);
    const done = await Promise.race([
      rest.call('POST', `/v1/feeds/${source}/ingest`, { body: {} }).then(() => true, (error: Error) => { step(dim(`${source}: ${error.message}`)); return false; }),
      sleep(60_000, false, { ref: false }),
    ]);
    if (done) taken.push(source);
  }
  return taken;
}

function readOs(): string {
  try {
    return /^ID=["']?([a-z]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** Our receiver is the only subscriber: those of earlier runs listened on ports that are gone. */
async function subscribe(rest: Rest, webhooks: WebhookReceiver): Promise<string> {
  const { items } = await rest.call<{ items: { id: string }[] }>('GET', '/v1/projects/default/subscriptions?limit=500');
  for (const { id } of items) await rest.call('DELETE', `/v1/projects/default/subscriptions/${id}`);
  const { secret } = await rest.call<{ secret: string }>('POST', '/v1/projects/default/subscriptions', { body: { name: 'quickstart', channel: { kind: 'webhook', url: webhooks.url } } });
  return secret;
}

/** Shows what happens while it happens. */
async function follow(rest: Rest, { id }: PushOperation): Promise<PushOperation> {
  const stop = new AbortController();
  let shown = '';
  for await (const event of rest.events<ImageEvent>(`/v1/projects/default/events?push=${id}`, stop.signal)) {
    const text = wordsFor(event);
    if (text && text !== shown) step(shown = text);
    if (event.type === 'push.judged' || event.type === 'image.rejected') break;
  }
  stop.abort();
  return rest.call<PushOperation>('GET', `/v1/projects/default/operations/${id}`);
}

function wordsFor(event: ImageEvent): string | undefined {
  switch (event.type) {
    case 'image.indexing': return event.progress && `  scanner   reading layers, ${event.progress.layers_done} of ${event.progress.layers_total}, ${(event.progress.bytes_done / 1e6).toFixed(1)} of ${(event.progress.bytes_total / 1e6).toFixed(1)} MB`;
    case 'image.indexed': return `  scanner   indexed: ${event.packages} packages`;
    case 'image.matched': return `  feeds     matched at revision ${event.revision}: ${event.summary?.total} findings`;
    case 'push.judged': return `  policy    verdict: ${event.decision}`;
    default: return undefined;
  }
}

/** The last screen: packages, findings, verdict, notification, trace, what next. The report itself is the command line's own. */
async function report(rest: Rest, token: string, done: PushOperation, { webhook, traces, advisories }: { webhook: ReceivedWebhook; traces: OtlpReceiver; advisories: string }): Promise<void> {
  process.env['PLIMSOLL_URL'] = rest.url;
  process.env['PLIMSOLL_TOKEN'] = token;
  say(`\n${bold('── What is inside and what is wrong ')}${dim('─'.repeat(40))}\n`);
  const { run } = await import('@plimsoll/cli/run');
  // What has no rating yet is counted below the table; all of it would not fit a screen.
  await run(['report', done.digest!, '--severity', 'critical,high,medium,low']);

  say(`\n${bold('── Who was told ')}${dim('─'.repeat(60))}\n`);
  const body = JSON.parse(webhook.body) as { type: string; data: { decision: string; reasons: unknown[] } };
  say(` POST ${dim('webhook-id')} ${String(webhook.headers['webhook-id'])}`);
  say(` ${body.type}: ${bold(body.data.decision)}, ${body.data.reasons.length} reasons; signature verified with the subscription's secret`);

  say(`\n${bold('── One trace of the push ')}${dim('─'.repeat(51))}\n`);
  const spans = await wholeTrace(traces, done.trace_id!);
  const shown = traceTree(spans, isOfInterest);
  for (const line of shown) say(` ${line}`);
  say(dim(` trace ${done.trace_id}: ${spans.length} spans, of which ${shown.length} are shown${process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ? `; also sent to ${process.env['OTEL_EXPORTER_OTLP_ENDPOINT']}, Jaeger shows it at <jaeger>:16686/trace/${done.trace_id}` : ''}`));

  say(`\n${bold('── Next ')}${dim('─'.repeat(68))}\n`);
  say(` Judged with ${advisories}.`);
  say(`   npm run up                              start the platform and keep it, with live feeds`);
  say(`   npx plimsoll push alpine:3.20           (in another terminal) have it scan an image from a registry`);
  say(`   npx plimsoll db update && npx plimsoll scan dir:/     scan this whole machine without a server\n`);
}

/** Queries and requests to the registry are in the trace too; there are many. */
const isOfInterest = ({ name, attributes }: ReceivedSpan): boolean => !name.startsWith('pg') && !/^(GET|HEAD)\b/.test(name) && attributes['db.system'] === undefined && attributes['db.system.name'] === undefined;

const everybody = ['gateway', 'scanner', 'feeds', 'policy', 'notifier'];

/** Spans arrive a moment after they end. */
async function wholeTrace(traces: OtlpReceiver, traceId: string): Promise<ReceivedSpan[]> {
  for (let i = 0; i < 50; i++) {
    const spans = traces.spans(traceId), services = new Set(spans.map(({ service }) => service));
    if (everybody.every((service) => services.has(service))) { await sleep(500); return traces.spans(traceId); }
    await sleep(100);
  }
  throw new Error(`the trace ${traceId} lacks ${everybody.filter((service) => !traces.spans(traceId).some((span) => span.service === service)).join(', ')}`);
}

try {
  await quickstart();
  await close();
  say(dim(`Everything is stopped; nothing is left running. ${((Date.now() - started) / 1000).toFixed(0)} s in all.`));
} catch (error) {
  await close();
  process.stderr.write(`\nThe quickstart did not get through: ${(error as Error).message}\nThe logs are in ${join(home, 'logs')}.\n`);
  process.exitCode = 1;
}
