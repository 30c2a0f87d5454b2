import { randomUUID } from 'node:crypto';
import type { Principal } from '@plimsoll/contracts';
import { compactJws } from './compact-jws.ts';
import type { SigningKeys } from './signing-keys.ts';

export const issuer = 'plimsoll-identity', audience = 'plimsoll';

/** Makes access tokens: JWTs of RFC 9068 that everybody checks with the key set, no request per call. */
export class AccessTokens {
  readonly seconds: number;
  private readonly keys: SigningKeys;

  constructor(keys: SigningKeys, seconds: number) {
    this.keys = keys;
    this.seconds = seconds;
  }

  async make(userId: string, grants: Principal['grants'], now: Date): Promise<string> {
    const { kid, signer } = await this.keys.current();
    const iat = Math.floor(now.getTime() / 1000);
    return compactJws(signer, { alg: 'ES256', typ: 'at+jwt', kid }, {
      iss: issuer, aud: audience, sub: userId, iat, exp: iat + this.seconds, jti: randomUUID(), kind: 'user', grants,
    });
  }
}
