import { randomBytes, randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { Answers, Bus } from '@plimsoll/bus';
import { RedeemBootstrap, type Answer, type Body } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { record } from './audit.ts';
import { Passwords } from './passwords.ts';
import { addPerson } from './people.ts';
import { Throttles } from './throttles.ts';
import { tokenHash } from './token-text.ts';

/** Long enough to walk over to the file. A start after that writes a new token. */
const lifeMs = 60 * 60_000;

/** Writes a one-time token of 256 bits to a file only its owner reads, unless one is still good. The database keeps its hash. */
export async function writeBootstrapToken(tx: EntityManager, file: string, now: Date): Promise<boolean> {
  const good = await tx.query('select 1 from bootstrap_tokens where spent_at is null and expires_at > $1', [now]) as unknown[];
  if (good.length > 0) return false;
  const token = randomBytes(32).toString('base64url');
  writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600, flag: 'w' });
  renameSync(`${file}.new`, file);
  const expiresAt = new Date(now.getTime() + lifeMs);
  await tx.query('insert into bootstrap_tokens (sha256, expires_at) values ($1, $2)', [tokenHash(token), expiresAt]);
  await record(tx, { act: 'bootstrap.written', actor: 'system', facts: { expires_at: expiresAt.toISOString() } }, now);
  return true;
}

/** Makes the first administrator for whoever holds the bootstrap token. Once, and only while there is none. */
@Controller()
export class Bootstrap {
  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly passwords: Passwords, private readonly throttles: Throttles) {}

  @Answers(RedeemBootstrap)
  async redeem({ token, password, client }: Body<typeof RedeemBootstrap>): Promise<Answer<typeof RedeemBootstrap>> {
    const { attempt, wait } = await this.throttles.charge('bootstrap', client);
    if (wait > 0) throw new Problem('limited', `too many attempts; try again in ${wait} s`, { code: 'login-throttled' });
    const credential = await this.passwords.hash(password), id = randomUUID();
    await this.bus.commit(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtext('identity:first-start'))`);
      const now = new Date();
      const [spent] = await tx.query(
        'update bootstrap_tokens set spent_at = $2 where sha256 = $1 and spent_at is null and expires_at > $2 and not exists (select 1 from users where is_admin) returning 1', [tokenHash(token), now]) as [unknown[], number];
      if (spent.length === 0 || !await addPerson(tx, { id, identifier: 'admin', isAdmin: true, credential })) throw new Problem('unauthenticated', 'the bootstrap token is not valid', { code: 'token-invalid' });
      await this.throttles.succeeded(tx, attempt);
      await record(tx, { act: 'bootstrap.redeemed', actor: id, facts: { user: id, client: attempt.client } }, now);
    });
    return { id, identifier: 'admin' };
  }
}
