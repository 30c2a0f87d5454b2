import type { Principal } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Inject, Injectable } from '@nestjs/common';
import { AccessTokens } from './access-tokens.ts';
import { ApiTokens } from './api-tokens.ts';
import { gatewayConfig, type GatewayConfig } from './gateway.config.ts';
import { RateLimits, type Allowance } from './rate-limits.ts';

/** Who calls, and what is left of his allowance. */
export interface Caller { readonly principal: Principal | undefined; readonly allowance: Allowance }

/**
 * Tells who calls and counts him. A known caller has an allowance of his own; whoever gives no token or a wrong one is
 * counted by address, so that guessing is slow while a neighbour behind the same address keeps working.
 */
@Injectable()
export class Callers {
  private readonly known: RateLimits;
  private readonly strangers: RateLimits;

  constructor(@Inject(gatewayConfig) config: GatewayConfig, private readonly accessTokens: AccessTokens, private readonly apiTokens: ApiTokens) {
    this.known = new RateLimits(config.PLIMSOLL_GATEWAY_RATE, config.PLIMSOLL_GATEWAY_BURST);
    this.strangers = new RateLimits(config.PLIMSOLL_GATEWAY_ANONYMOUS_RATE, config.PLIMSOLL_GATEWAY_ANONYMOUS_BURST);
  }

  /** Throws `unauthenticated` for a token that is wrong; no token at all is no failure yet. `address` is the caller's IP. */
  async identify(authorization: string | undefined, address: string): Promise<Caller> {
    if (authorization === undefined) return { principal: undefined, allowance: this.strangers.take(address, Date.now()) };
    try {
      const principal = await this.principalOf(authorization, address);
      return { principal, allowance: this.known.take(principal.subject, Date.now()) };
    } catch (error) {
      if (error instanceof Problem && error.kind === 'unauthenticated') {
        const allowance = this.strangers.take(address, Date.now());
        if (!allowance.allowed) return { principal: undefined, allowance };
      }
      throw error;
    }
  }

  private async principalOf(authorization: string, address: string): Promise<Principal> {
    const token = /^Bearer +([\x21-\x7e]{1,8192})$/i.exec(authorization)?.[1];
    if (token === undefined) throw new Problem('unauthenticated', 'Authorization must be `Bearer` and a token', { code: 'token-invalid' });
    if (!token.startsWith('plt_')) return this.accessTokens.principal(token);
    const remembered = this.apiTokens.remembered(token);
    if (remembered) return remembered;
    // Unknown tokens cost identity a look-up: not while this address is being refused.
    if (token.length > 512 || !this.strangers.peek(address, Date.now()).allowed) throw new Problem('unauthenticated', 'the API token is not valid', { code: 'token-invalid' });
    return this.apiTokens.check(token);
  }
}
