import { createHmac, randomBytes } from 'node:crypto';

/** A new webhook secret: 32 random bytes as Standard Webhooks writes them. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/**
 * The headers of Standard Webhooks 1.0.0 for one attempt: HMAC-SHA256 over `id.timestamp.body`, one signature per secret,
 * so that two are sent while a secret is rotated. `timestamp` is the attempt's, in seconds.
 */
export const signedHeaders = (id: string, timestamp: number, body: string, secrets: readonly string[]): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`).join(' '),
});

const keyOf = (secret: string): Buffer => Buffer.from(secret.slice('whsec_'.length), 'base64');
