import { Bus } from '@plimsoll/bus';
import { GetJwks, Principal, type Answer } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';
import { createLocalJWKSet, errors, jwtVerify, type FlattenedJWSInput, type JSONWebKeySet, type JWTHeaderParameters } from 'jose';

/** How old the key set may become: identity publishes a key longer than this before it signs with it. */
const freshMs = 5 * 60_000;
/** After an unknown key id, how long until identity is asked again: forged tokens must not become requests. */
const coolDownMs = 30_000;

type Keys = ReturnType<typeof createLocalJWKSet>;

/** Checks access tokens (RFC 9068) here, with identity's public keys; no request per call. */
@Injectable()
export class AccessTokens {
  private keys: { readonly find: Keys; readonly set: Answer<typeof GetJwks>; readonly at: number } | undefined;
  private askedAt = 0;
  private asking: Promise<void> | undefined;

  constructor(private readonly bus: Bus) {}

  /** The principal of a token, or Problem `token-expired` or `token-invalid`; which part was wrong is not told. */
  async principal(token: string): Promise<Principal> {
    try {
      const { payload } = await jwtVerify(token, (header, input) => this.key(header, input), {
        algorithms: ['ES256'], issuer: 'plimsoll-identity', audience: 'plimsoll', typ: 'at+jwt', requiredClaims: ['sub', 'exp', 'iat', 'jti'],
      });
      return Principal.parse({ subject: payload.sub, kind: payload['kind'], grants: payload['grants'], expires_at: new Date(payload.exp! * 1000).toISOString() });
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (error instanceof errors.JWTExpired) throw new Problem('unauthenticated', 'the access token has expired; log in again', { code: 'token-expired' });
      throw new Problem('unauthenticated', 'the access token is not valid', { code: 'token-invalid', cause: error });
    }
  }

  /** The public key set as identity gave it. */
  async jwks(): Promise<Answer<typeof GetJwks>> {
    const stale = this.keys !== undefined && Date.now() - this.keys.at > freshMs && Date.now() - this.askedAt > coolDownMs;
    if (this.keys === undefined || stale) await this.refresh();
    return this.keys!.set;
  }

  private async key(header: JWTHeaderParameters, input: FlattenedJWSInput): Promise<Awaited<ReturnType<Keys>>> {
    await this.jwks();
    try {
      return await this.keys!.find(header, input);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || Date.now() - this.askedAt < coolDownMs) throw error;
      await this.refresh();
      return this.keys!.find(header, input);
    }
  }

  private refresh(): Promise<void> {
    this.askedAt = Date.now();
    return this.asking ??= (async () => {
      const set = await this.bus.ask(GetJwks, {});
      this.keys = { find: createLocalJWKSet(set as unknown as JSONWebKeySet), set, at: Date.now() };
    })().catch((error: unknown) => {
      if (this.keys === undefined) throw error;   // an old set is better than none while identity is away
    }).finally(() => { this.asking = undefined; });
  }
}
