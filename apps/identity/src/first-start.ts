import { randomUUID } from 'node:crypto';
import { Bus } from '@plimsoll/bus';
import { Problem } from '@plimsoll/problem';
import { Log } from '@plimsoll/telemetry';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { record } from './audit.ts';
import { makeAuthorities, openAuthorities, publishLists } from './authorities.ts';
import { writeBootstrapToken } from './bootstrap.ts';
import { readOldKek, readSecretFile, type IdentityConfig } from './identity.config.ts';
import { kek as kekToken, settings } from './settings.ts';
import { Passwords } from './passwords.ts';
import { addPerson } from './people.ts';
import { addProject } from './projects.ts';
import { reseal } from './reseal.ts';
import { SigningKeys } from './signing-keys.ts';

/** Shorter ones are refused, as CreateUser refuses them. */
export const minPasswordLength = 12;

/** What must be there before anything is answered. Every start asks; the first one makes it, whatever number of replicas start. */
@Injectable()
export class FirstStart implements OnModuleInit {
  constructor(
    private readonly bus: Bus, private readonly log: Log, private readonly passwords: Passwords, private readonly keys: SigningKeys,
    @Inject(settings) private readonly config: IdentityConfig, @Inject(kekToken) private readonly kek: Buffer,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.commit(async (tx) => {
      // 1. one replica at a time; the others wait here and find everything made
      await tx.query(`select pg_advisory_xact_lock(hashtext('identity:first-start'))`);
      const now = new Date();

      // 2. keys there are open with this key-encryption key, and those missing are made
      const oldKek = readOldKek(this.config);
      if (oldKek) await reseal(tx, oldKek, this.kek, now);
      await openAuthorities(tx, this.kek);
      await this.keys.open(tx);
      await makeAuthorities(tx, this.kek, now, this.config.PLIMSOLL_IDENTITY_CRL_URL);
      await publishLists(tx, this.kek, now);
      await this.keys.rotate(tx);

      // 3. a place to work in and somebody to let the others in
      if (await addProject(tx, 'default')) await record(tx, { act: 'project.made', actor: 'system', facts: { project: 'default' } }, now);
      await this.ensureAdministrator(tx, now);
    });
  }

  private async ensureAdministrator(tx: EntityManager, now: Date): Promise<void> {
    const [{ admins }] = await tx.query('select count(*)::int as admins from users where is_admin') as [{ admins: number }];
    if (admins > 0) return;
    const { PLIMSOLL_ADMIN_PASSWORD_FILE: passwordFile, PLIMSOLL_BOOTSTRAP_TOKEN_FILE: tokenFile } = this.config;
    if (passwordFile !== undefined) {
      const password = readSecretFile('PLIMSOLL_ADMIN_PASSWORD_FILE', passwordFile);
      if (password.length < minPasswordLength) throw new Problem('invalid', `settings: the password in ${passwordFile} has ${password.length} characters; it needs ${minPasswordLength}`, { code: 'settings-invalid' });
      const id = randomUUID();
      if (!await addPerson(tx, { id, identifier: 'admin', isAdmin: true, credential: await this.passwords.hash(password) })) throw new Problem('conflict', 'there is a user `admin` who is no administrator', { code: 'admin-name-taken' });
      await record(tx, { act: 'user.made', actor: 'system', facts: { user: id } }, now);
    } else if (tokenFile !== undefined) {
      if (await writeBootstrapToken(tx, tokenFile, now)) this.log.info('bootstrap token written', { file: tokenFile });
    } else {
      throw new Problem('invalid', 'settings: there is no administrator yet, and no default password. Name a file with a password in PLIMSOLL_ADMIN_PASSWORD_FILE, or a file to be written with a one-time token in PLIMSOLL_BOOTSTRAP_TOKEN_FILE', { code: 'settings-invalid' });
    }
  }
}
