import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newSecret, signedHeaders } from './signature.ts';

describe('Standard Webhooks headers', () => {
  it('sign as the reference libraries do', () => {
    // The known answer in the test suites of github.com/standard-webhooks/standard-webhooks/libraries.
    expect(signedHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}', ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('carry one signature for each secret during a rotation', () => {
    const secrets = [newSecret(), newSecret()];
    const by = (secret: string): string => `v1,${createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64')).update('id.7.body').digest('base64')}`;
    expect(signedHeaders('id', 7, 'body', secrets)['webhook-signature']).toBe(`${by(secrets[0]!)} ${by(secrets[1]!)}`);
  });

  it('a secret is 24 to 64 random bytes', () => {
    expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSecret()).not.toBe(newSecret());
  });
});
