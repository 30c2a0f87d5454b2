import { join } from 'node:path';
import { connectNats, declareStreams } from '@plimsoll/bus';
import { migrate, provision } from '@plimsoll/database';
import type { Client } from 'pg';
import { repository } from './repository.ts';
import type { Secrets } from './secrets.ts';
import { manifests } from './services.ts';

export interface DeclareParts {
  /** A superuser's connection to the platform's database. */
  readonly admin: Client;
  readonly database: string;
  readonly natsUrl: string;
  readonly secrets: Secrets;
}

/** The administrator's step: schemas, roles, tables, streams and consumers, which services need and may not make themselves. */
export async function declareAll({ admin, database, natsUrl, secrets }: DeclareParts): Promise<void> {
  for (const { name } of manifests) {
    await provision(admin, database, name, secrets.databases[name]!);
    await migrate(admin, name, join(repository, 'apps', name, 'migrations'));
  }
  const nats = await connectNats({ url: natsUrl, name: 'admin', seed: secrets.nats['admin']!.seed });
  await declareStreams(nats, manifests);
  await nats.close();
}
