import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkSignature, secretOf } from './webhook-signature.ts';

const raw = Buffer.from('{"events":[]}'), now = 1_800_000_000;
const hub = (secret: string, body: Buffer | string = raw): string => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const standard = (at: number, body: Buffer | string = raw, secret = whsec): Record<string, string> => ({
  'webhook-id': 'msg_1', 'webhook-timestamp': String(at),
  'webhook-signature': `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`msg_1.${at}.${body}`).digest('base64')}`,
});

describe('checkSignature', () => {
  it('accepts the hub header and Standard Webhooks', () => {
    checkSignature({ 'x-hub-signature-256': hub('s') }, raw, 's', now);
    checkSignature(standard(now), raw, whsec, now + 299);
    checkSignature({ ...standard(now), 'webhook-signature': `v1,AAAA ${standard(now)['webhook-signature']}` }, raw, whsec, now);
  });

  /** Secret, message and signature as the specification's reference libraries have them (standard-webhooks, test vectors). */
  it('accepts the published Standard Webhooks vector', () => {
    checkSignature({ 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' }, Buffer.from('{"test": 2432232314}'), whsec, 1614265330);
  });

  it.each([
    ['no signature', {}, 'webhook-signature-missing'],
    ['another secret', { 'x-hub-signature-256': hub('t') }, 'webhook-signature-invalid'],
    ['another body', { 'x-hub-signature-256': hub('s', 'x') }, 'webhook-signature-invalid'],
    ['no hex', { 'x-hub-signature-256': 'sha256=zz' }, 'webhook-signature-invalid'],
    ['an old message', standard(now - 301), 'webhook-signature-invalid', whsec],
    ['a message from the future', standard(now + 301), 'webhook-signature-invalid', whsec],
    ['a signature without its id', { 'webhook-signature': 'v1,x' }, 'webhook-signature-invalid'],
    ['a bad standard signature beside a good hub one', { ...standard(now), 'webhook-signature': 'v1,AAAA', 'x-hub-signature-256': hub('s') }, 'webhook-signature-invalid'],
  ] as [string, Record<string, string>, string, string?][])('refuses %s', (_name, headers, code, secret = 's') => {
    expect(() => { checkSignature(headers, raw, secret, now); }).toThrow(expect.objectContaining({ kind: 'unauthenticated', code }));
  });
});

it('secretOf finds one secret for all, or one by project', () => {
  expect(secretOf(undefined, 'a')).toBeUndefined();
  expect(secretOf('s', 'a')).toBe('s');
  expect(secretOf('{"a":"x"}', 'a')).toBe('x');
  expect(secretOf('{"a":"x"}', 'toString')).toBeUndefined();
});
