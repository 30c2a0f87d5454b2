import { Answers, Bus } from '@plimsoll/bus';
import { CheckToken, CreateToken, ListTokens, RevokeToken, TokenRevoked, type Answer, type Body, type Principal } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Metrics } from '@plimsoll/telemetry';
import { Controller, Inject } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { DataSource } from 'typeorm';
import { keepToken, listTokens, lockTokens, principalOfToken, revokeTokens, tokenOf } from './api-tokens.ts';
import { record } from './audit.ts';
import { covers, heldIn, mustHold } from './authority.ts';
import type { IdentityConfig } from './identity.config.ts';
import { grantsOf } from './people.ts';
import { mustExist } from './projects.ts';
import { mustHoldToday } from './standing.ts';
import { settings } from './settings.ts';
import { newTokenText, tokenHash } from './token-text.ts';

const dayMs = 24 * 60 * 60_000;

/** API tokens: for machines, in one project, with an end. */
@Controller()
export class ManageTokens {
  private readonly checks: Counter<'outcome'>;

  constructor(private readonly db: DataSource, private readonly bus: Bus, metrics: Metrics, @Inject(settings) private readonly config: IdentityConfig) {
    this.checks = metrics.counter('plimsoll_identity_token_checks_total', 'API tokens looked at, by outcome', ['outcome']);
  }

  @Answers(CheckToken)
  async check({ token }: Body<typeof CheckToken>): Promise<Answer<typeof CheckToken>> {
    const principal = await principalOfToken(this.db, token, new Date());
    this.checks.inc({ outcome: principal ? 'valid' : 'refused' });
    if (!principal) throw new Problem('unauthenticated', 'the API token is not valid', { code: 'token-invalid' });
    return principal;
  }

  @Answers(CreateToken)
  async create({ principal, name, project, scopes, expires_in_days }: Body<typeof CreateToken>): Promise<Answer<typeof CreateToken>> {
    const now = new Date(), wanted = [...new Set(scopes)];
    mustHold(principal, project, 'tokens:write', now);
    const { id, text } = newTokenText();
    const expiresAt = expiryOf(principal, now, expires_in_days);
    await this.bus.commit(async (tx) => {
      await mustExist(tx, project);
      await lockTokens(tx, project);
      const owner = await mustHoldToday(tx, principal, project, ['tokens:write'], now);
      // Held by what the caller showed, and held by its owner today.
      const shown = heldIn(principal.grants, project), today = heldIn(await grantsOf(tx, owner), project);
      const beyond = wanted.filter((scope) => !covers(shown, scope) || !covers(today, scope));
      if (beyond.length) throw new Problem('denied', `a token cannot have what its maker has not: ${beyond.join(', ')}`, { code: 'scope-beyond-maker' });
      if (!await keepToken(tx, { id, project, name, scopes: wanted, owner, parent: tokenOf(principal), sha256: tokenHash(text), expiresAt }, now, this.config.PLIMSOLL_IDENTITY_MAX_TOKENS))
        throw new Problem('conflict', `the project has ${this.config.PLIMSOLL_IDENTITY_MAX_TOKENS} live tokens already; revoke some`, { code: 'too-many-tokens' });
      await record(tx, { act: 'token.made', actor: principal.subject, facts: { token: id, project, scopes: wanted, expires_at: expiresAt.toISOString() } }, now);
    });
    return { id, name, project, scopes: wanted, created_at: now.toISOString(), expires_at: expiresAt.toISOString(), token: text };
  }

  @Answers(ListTokens)
  async list({ principal, project }: Body<typeof ListTokens>): Promise<Answer<typeof ListTokens>> {
    const now = new Date();
    mustHold(principal, project, 'tokens:write', now);
    await mustExist(this.db.manager, project);
    return { items: await listTokens(this.db, project, now) };
  }

  @Answers(RevokeToken)
  async revoke({ principal, project, id }: Body<typeof RevokeToken>): Promise<Answer<typeof RevokeToken>> {
    const now = new Date();
    mustHold(principal, project, 'tokens:write', now);
    await this.bus.commit(async (tx, say) => {
      await mustExist(tx, project);
      await lockTokens(tx, project);
      const revoked = await revokeTokens(tx, project, id, now);
      if (!revoked) throw new Problem('missing', `the project has no token ${id}`, { code: 'token-missing' });
      for (const token of revoked) await say(TokenRevoked, { id: token, project });
      for (const token of revoked) await record(tx, { act: 'token.revoked', actor: principal.subject, facts: { token, project } }, now);
    });
    return {};
  }
}

/** A token that makes another cannot make it outlive itself. */
const expiryOf = (principal: Principal, now: Date, days: number): Date =>
  new Date(Math.min(now.getTime() + days * dayMs, principal.kind === 'token' ? Date.parse(principal.expires_at) : Infinity));
