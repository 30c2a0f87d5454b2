import { createHash } from 'node:crypto';
import { Bus } from '@plimsoll/bus';
import { CheckToken, type Principal } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';

/** How long identity's word is believed: a revocation that another gateway process heard takes effect here after this at most. */
const believedMs = 10_000;
const maxKept = 10_000;

/** Checks API tokens (`plt_…`) with identity and remembers the answer for seconds. Keeps hashes, never tokens. */
@Injectable()
export class ApiTokens {
  private forgotten = 0;
  private readonly known = new Map<string, { readonly principal: Principal; readonly at: number }>();

  constructor(private readonly bus: Bus) {}

  /** Answers from memory, or undefined when identity has to be asked. */
  remembered(token: string): Principal | undefined {
    const found = this.known.get(hashOf(token));
    if (found === undefined || Date.now() - found.at > believedMs || Date.parse(found.principal.expires_at) <= Date.now()) return undefined;
    return found.principal;
  }

  /** Asks identity; Problem `token-invalid` when it does not know the token any more. */
  async check(token: string): Promise<Principal> {
    const asked = Date.now();
    const principal = await this.bus.ask(CheckToken, { token }).catch((error: unknown) => {
      const problem = Problem.from(error);
      throw problem.retry ? problem : new Problem('unauthenticated', 'the API token is not valid', { code: 'token-invalid', cause: error });
    });
    if (asked > this.forgotten) this.known.set(hashOf(token), { principal, at: asked });
    if (this.known.size > maxKept) this.known.delete(this.known.keys().next().value!);
    return principal;
  }

  /** All are forgotten, not one: revocations are rare, and an answer under way may be the revoked one's. */
  forget(): void {
    this.forgotten = Date.now();
    this.known.clear();
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');
