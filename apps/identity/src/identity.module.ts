import { Problem } from '@plimsoll/problem';
import { readConfig } from '@plimsoll/service';
import { Metrics } from '@plimsoll/telemetry';
import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AccessTokens } from './access-tokens.ts';
import { Bootstrap } from './bootstrap.ts';
import { FirstStart } from './first-start.ts';
import { IdentityConfig, readKek, readSecretFile } from './identity.config.ts';
import { LogIn } from './log-in.ts';
import { ManageProjects } from './manage-projects.ts';
import { ManageTokens } from './manage-tokens.ts';
import { ManageUsers } from './manage-users.ts';
import { Passwords } from './passwords.ts';
import { PublishKeys } from './publish-keys.ts';
import { kek, settings } from './settings.ts';
import { SigningKeys } from './signing-keys.ts';
import { Throttles } from './throttles.ts';
import { Upkeep } from './upkeep.ts';

const passwords = (config: IdentityConfig, metrics: Metrics): Passwords => {
  const file = config.PLIMSOLL_IDENTITY_PEPPER_FILE, pepper = file === undefined ? undefined : Buffer.from(readSecretFile('PLIMSOLL_IDENTITY_PEPPER_FILE', file));
  if (pepper && pepper.length < 16) throw new Problem('invalid', `settings: the pepper in ${file} has ${pepper.length} bytes; it needs 16`, { code: 'settings-invalid' });
  return new Passwords({
    pepper, concurrency: config.PLIMSOLL_IDENTITY_PASSWORD_CONCURRENCY,
    checks: metrics.counter('plimsoll_identity_password_checks_total', 'Passwords checked, by outcome; `nobody` is the check that a name without a user costs', ['outcome']),
  });
};

const signingKeys = (config: IdentityConfig, key: Buffer, db: DataSource): SigningKeys => new SigningKeys(db, key, {
  lifeMs: config.PLIMSOLL_IDENTITY_KEY_DAYS * 24 * 60 * 60_000,
  leadMs: config.PLIMSOLL_IDENTITY_KEY_LEAD_SECONDS * 1_000,
  // The longest token, and five minutes for clocks that are behind.
  keepMs: (config.PLIMSOLL_IDENTITY_ACCESS_TOKEN_SECONDS + 300) * 1_000,
});

@Module({
  controllers: [LogIn, Bootstrap, ManageUsers, ManageProjects, ManageTokens, PublishKeys],
  providers: [
    FirstStart, Upkeep,
    { provide: settings, useFactory: () => readConfig(IdentityConfig) },
    { provide: kek, inject: [settings], useFactory: readKek },
    { provide: Passwords, inject: [settings, Metrics], useFactory: passwords },
    { provide: SigningKeys, inject: [settings, kek, DataSource], useFactory: signingKeys },
    { provide: AccessTokens, inject: [settings, SigningKeys], useFactory: (config: IdentityConfig, keys: SigningKeys) => new AccessTokens(keys, config.PLIMSOLL_IDENTITY_ACCESS_TOKEN_SECONDS) },
    { provide: Throttles, inject: [DataSource], useFactory: (db: DataSource) => new Throttles(db) },
  ],
})
export class IdentityModule {}
