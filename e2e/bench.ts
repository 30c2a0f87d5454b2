import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiveOtlp, type OtlpReceiver } from '@plimsoll/tools/otlp-receiver';
import { startPlatform, type Platform, type PlatformOptions } from '@plimsoll/tools/platform';
import { receiveWebhooks, type WebhookReceiver } from '@plimsoll/tools/webhook-receiver';

export interface Answer { readonly status: number; readonly body: any; readonly headers: Headers }

/** Calls the gateway as one principal. */
export interface Api {
  readonly token: string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

/** A whole platform of a test's own, a receiver for its webhooks and one for its traces. */
export interface Bench {
  readonly home: string;
  readonly platform: Platform;
  readonly webhooks: WebhookReceiver;
  readonly otlp: OtlpReceiver;
  /** As the administrator. */
  readonly api: Api;
  as(token: string): Api;
  close(): Promise<void>;
}

/** Starts the platform as processes. What a test does not say is as in `npm run up`, on free ports, with live feeds off. */
export async function startBench(options: Partial<PlatformOptions> = {}): Promise<Bench> {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-e2e-'));
  const [webhooks, otlp] = await Promise.all([receiveWebhooks(), receiveOtlp({ forwardTo: process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] })]);
  const platform = await startPlatform({
    home, ports: { postgres: 0, nats: 0, http: 0, grpc: 0 }, ...options,
    env: {
      ...options.env,
      all: { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '200', ...options.env?.all },
      feeds: { PLIMSOLL_FEEDS_SCHEDULE: 'off', ...options.env?.feeds },
    },
  }).catch(async (error: unknown) => { await webhooks.close(); await otlp.close(); throw error; });
  const { body } = await call(platform.url, undefined, 'POST', '/v1/login', { identifier: 'admin', password: platform.secrets.admin });
  const as = (token: string): Api => apiAs(platform.url, token);
  return {
    home, platform, webhooks, otlp, as, api: as(body.access_token as string),
    async close() {
      await platform.stop();
      await webhooks.close();
      await otlp.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export const apiAs = (url: string, token: string): Api => ({
  token,
  get: (path) => call(url, token, 'GET', path),
  post: (path, body, headers) => call(url, token, 'POST', path, body ?? {}, headers),
  put: (path, body) => call(url, token, 'PUT', path, body),
  delete: (path) => call(url, token, 'DELETE', path),
});

export async function call(url: string, token: string | undefined, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text };
}

/** Polls until the assertion holds. */
export async function eventually<T>(look: () => Promise<T>, timeoutMs = 30_000, everyMs = 200): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
