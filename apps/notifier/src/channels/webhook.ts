import { request as httpRequest, STATUS_CODES, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Problem } from '@plimsoll/problem';
import { context, propagation } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Guard } from '../addresses.ts';
import type { CloudEvent } from '../cloud-event.ts';
import { plainError, type Outcome } from '../outcome.ts';
import { readRetryAfter } from '../retry.ts';
import { signedHeaders } from '../signature.ts';

export interface Webhook {
  /** Delivery id, the same in every attempt: what a receiver recognises a repeat by. */
  readonly id: string;
  readonly url: string;
  readonly event: CloudEvent;
  readonly secrets: readonly string[];
}

export interface WebhookSettings { readonly guard: Guard; readonly connectMs: number; readonly ca?: string }

/** Of an answer no more is read: its status is all that matters, and none of its text is shown. */
const answerBytes = 4096;

/**
 * Sends one webhook once: a CloudEvent in structured mode, signed as Standard Webhooks says. `signal` ends the attempt, look-up
 * and answer included. Redirects are not followed; TLS is verified; the connection goes to the addresses that were checked.
 */
export async function sendWebhook({ id, url, event, secrets }: Webhook, { guard, connectMs, ca }: WebhookSettings, signal: AbortSignal): Promise<Outcome> {
  const body = JSON.stringify(event);
  const headers: Record<string, string> = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'plimsoll-notifier/1',
    ...signedHeaders(id, Math.floor(Date.now() / 1000), body, secrets),
  };
  propagation.inject(context.active(), headers);
  try {
    const target = new URL(url);
    const addresses = await until(signal, guard(target));
    const response = await post(target, body, { method: 'POST', headers, signal, agent: false, lookup: onlyTo(addresses), ...(ca === undefined ? {} : { ca }) }, connectMs);
    await drain(response);
    return outcomeOf(response);
  } catch (error) {
    return { kind: 'failed', answer: error instanceof Problem ? error.detail : plainError(error) };
  }
}

const outcomeOf = ({ statusCode = 0, headers }: IncomingMessage): Outcome => {
  const answer = `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim();
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered', answer };
  if (statusCode === 410) return { kind: 'gone', answer };
  if (statusCode >= 300 && statusCode < 400) return { kind: 'failed', answer: `${answer}: redirects are not followed` };
  return { kind: 'failed', answer, askedMs: statusCode === 429 || statusCode === 503 ? readRetryAfter(headers['retry-after'], Date.now()) : undefined };
};

/** Answers when the headers are there. */
function post(url: URL, body: string, options: RequestOptions & { ca?: string }, connectMs: number): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const secure = url.protocol === 'https:';
  // The caller's span tells enough: one made for HTTP would carry the URL, whose path is a password with many receivers.
  const request = context.with(suppressTracing(context.active()), () => (secure ? httpsRequest : httpRequest)(url, options));
  const tooSlow = setTimeout(() => request.destroy(Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' })), connectMs);
  request.once('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(tooSlow)));
  request.once('response', resolve);
  request.on('error', reject);
  request.once('close', () => { clearTimeout(tooSlow); reject(Object.assign(new Error('closed without an answer'), { code: 'ECONNRESET' })); });
  request.end(body);
  return promise;
}

/** A look-up that answers what was checked, and asks nobody. An address in the URL needs none. */
const onlyTo = (addresses: readonly LookupAddress[]): LookupFunction => (_host, options, callback) => {
  if (options.all) callback(null, [...addresses]);
  else callback(null, addresses[0]!.address, addresses[0]!.family);
};

/** Lets a receiver finish a short answer, so that it sees no broken connection; a long or slow one is cut. The status stands either way. */
async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of response) if ((bytes += (chunk as Buffer).length) > answerBytes) break;
  } catch { /* the answer's head has come, and that is the answer */ }
  response.destroy();
}

/** Waits for something that cannot be aborted itself, but no longer than the signal allows. */
async function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}
