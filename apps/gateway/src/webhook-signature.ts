import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '@plimsoll/problem';

/** How far a sender's clock may be off, and how old a message may be (Standard Webhooks, "Verifying timestamp"). */
const toleranceSeconds = 5 * 60;

/**
 * Checks that a body was signed with the shared secret: Standard Webhooks (`webhook-id`, `-timestamp`, `-signature: v1,<base64>`)
 * when its headers are there, else `X-Hub-Signature-256: sha256=<hex>`. Problem `webhook-signature-missing` or `-invalid`.
 * `now` in seconds.
 */
export function checkSignature(headers: IncomingHttpHeaders, raw: Buffer, secret: string, now: number): void {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  const hub = headers['x-hub-signature-256'];
  if (typeof signatures === 'string') {
    if (typeof id !== 'string' || typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) throw bad('webhook-id and webhook-timestamp belong to webhook-signature');
    if (Math.abs(now - Number(timestamp)) > toleranceSeconds) throw bad('webhook-timestamp is too far from now');
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
    const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(raw).digest();
    if (!signatures.split(' ').some((one) => one.startsWith('v1,') && same(Buffer.from(one.slice(3), 'base64'), wanted))) throw bad('webhook-signature does not fit the body');
  } else if (typeof hub === 'string') {
    const wanted = createHmac('sha256', secret).update(raw).digest();
    if (!same(Buffer.from(hub.replace(/^sha256=/, ''), 'hex'), wanted)) throw bad('X-Hub-Signature-256 does not fit the body');
  } else {
    throw new Problem('unauthenticated', 'webhooks of this project must be signed: X-Hub-Signature-256 or Standard Webhooks headers', { code: 'webhook-signature-missing' });
  }
}

/** The secret of a project: one for all, or JSON by project. */
export function secretOf(setting: string | undefined, project: string): string | undefined {
  if (!setting?.trimStart().startsWith('{')) return setting;
  const secrets = JSON.parse(setting) as Record<string, string>;
  return Object.hasOwn(secrets, project) ? secrets[project] : undefined;
}

const same = (given: Buffer, wanted: Buffer): boolean => given.length === wanted.length && timingSafeEqual(given, wanted);
const bad = (detail: string): Problem => new Problem('unauthenticated', detail, { code: 'webhook-signature-invalid' });
