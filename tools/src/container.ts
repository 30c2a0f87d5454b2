import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { declareAll } from './declare.ts';
import { natsConfig } from './nats.ts';
import { localSecrets } from './secrets.ts';
import { manifests } from './services.ts';

/**
 * The two one-shot steps of a deployment in containers. `secrets` makes every key once and hands each service its own
 * folder; `declare` makes schemas, roles, tables, streams and consumers on the servers that stand by then.
 */
const [step] = process.argv.slice(2);
const root = process.env['PLIMSOLL_SECRETS'] ?? '/secrets';
const postgresHost = process.env['PLIMSOLL_POSTGRES'] ?? 'postgres:5432';
const database = 'plimsoll';
const secrets = localSecrets(join(root, 'admin'));

switch (step) {
  case 'secrets': {
    write('postgres', 'password', secrets.postgres, 0o644);
    write('nats', 'nats.conf', natsConfig({ listen: '0.0.0.0:4222', store: '/data', secrets }), 0o644);
    for (const { name } of manifests) {
      write(name, 'nkey', secrets.nats[name]!.seed);
      write(name, 'database-url', `postgres://svc_${name}:${secrets.databases[name]}@${postgresHost}/${database}`);
    }
    write('identity', 'kek', secrets.kek);
    write('notifier', 'key', secrets.notifierKey);
    write('identity', 'admin-password', secrets.admin);
    console.log(`secrets are in ${root}; sign in as admin with the password in ${root}/identity/admin-password`);
    break;
  }
  case 'declare': {
    const [host, port = '5432'] = postgresHost.split(':');
    const admin = new pg.Client({ host, port: Number(port), user: process.env['PLIMSOLL_POSTGRES_USER'] ?? 'postgres', password: secrets.postgres, database });
    await admin.connect();
    await declareAll({ admin, database, natsUrl: process.env['PLIMSOLL_NATS_URL'] ?? 'nats://nats:4222', secrets }).finally(() => admin.end());
    console.log('schemas, roles, streams and consumers are in place');
    break;
  }
  default:
    console.error('usage: container.ts secrets|declare');
    process.exit(1);
}

function write(folder: string, name: string, content: string, mode = 0o600): void {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, name), content, { mode });
}
