import { Answers, Bus } from '@plimsoll/bus';
import { Login, type Answer, type Body } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Log, Metrics } from '@plimsoll/telemetry';
import { Controller } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { DataSource } from 'typeorm';
import { AccessTokens } from './access-tokens.ts';
import { record } from './audit.ts';
import { Passwords } from './passwords.ts';
import { findPerson, fold, grantsOf, setCredential } from './people.ts';
import { Throttles } from './throttles.ts';

/** Exchanges a password for an access token. Known and unknown names take the same way, cost and answer. */
@Controller()
export class LogIn {
  private readonly logins: Counter<'outcome'>;

  constructor(
    private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, metrics: Metrics,
    private readonly passwords: Passwords, private readonly throttles: Throttles, private readonly accessTokens: AccessTokens,
  ) {
    this.logins = metrics.counter('plimsoll_identity_logins_total', 'Attempts to log in, by outcome', ['outcome']);
  }

  @Answers(Login)
  async logIn({ identifier, password, client }: Body<typeof Login>): Promise<Answer<typeof Login>> {
    // 1. not too often
    const folded = fold(identifier);
    const { attempt, wait } = await this.throttles.charge(folded, client);
    if (wait > 0) {
      this.logins.inc({ outcome: 'throttled' });
      throw new Problem('limited', `too many attempts; try again in ${wait} s`, { code: 'login-throttled' });
    }

    // 2. who, and one password check whoever it is
    const person = await findPerson(this.db.manager, folded);
    if (person?.credential && !this.passwords.has(person.credential.pepper)) this.log.error('a password was made with a pepper that is not here', { user: person.id, pepper: person.credential.pepper });
    const isRight = await this.passwords.check(person?.credential, password).catch(async (error: unknown) => {
      await this.throttles.payBack(this.db.manager, attempt);
      throw error;
    });
    if (!person || !isRight) {
      this.logins.inc({ outcome: 'refused' });
      // The name as typed may be a password: its hash tells the same names apart.
      await this.bus.commit((tx) => record(tx, { act: 'login.failed', actor: person?.id ?? 'nobody', facts: { account: attempt.account, client: attempt.client } }));
      throw new Problem('unauthenticated', 'the identifier or the password is wrong', { code: 'login-refused' });
    }

    // 3. the token; it leaves only with its audit entry
    const token = await this.accessTokens.make(person.id, await grantsOf(this.db.manager, person.id), new Date());
    const renewed = person.credential && !this.passwords.isCurrent(person.credential) ? await this.passwords.hash(password) : undefined;
    await this.bus.commit(async (tx) => {
      await this.throttles.succeeded(tx, attempt);
      if (renewed) await setCredential(tx, person.id, renewed);
      await record(tx, { act: 'login.ok', actor: person.id, facts: { client: attempt.client } });
    });
    this.logins.inc({ outcome: 'ok' });
    return { access_token: token, token_type: 'Bearer', expires_in: this.accessTokens.seconds };
  }
}
