import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { connectNats, eventsStream, jetstreamOf, tracedHeaders } from '@plimsoll/bus';
import type { Body, Draft, EventContract, ServiceName } from '@plimsoll/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { declareAll } from './declare.ts';
import { startNats, type LocalNats } from './nats.ts';
import { startPostgres, type LocalPostgres } from './postgres.ts';
import { localSecrets, type Secrets } from './secrets.ts';

/** A real Postgres and a real nats-server of a test's own, with every schema, role, stream and permission in place. */
export interface TestBench {
  readonly home: string;
  readonly postgres: LocalPostgres;
  readonly nats: LocalNats;
  readonly secrets: Secrets;
  /** An administrator's connection. */
  readonly admin: NatsConnection;
  /** The settings a service needs: `startService({ …, env: bench.env('policy') })`. */
  env(service: ServiceName, more?: Record<string, string>): Record<string, string>;
  /** Says an event as its publisher would; answers its id. */
  say<C extends EventContract>(contract: C, body: Draft<C>, id?: string): Promise<string>;
  /** Every event of a kind that is in the stream by now, oldest first. */
  said<C extends EventContract>(contract: C): Promise<Body<C>[]>;
  close(): Promise<void>;
}

export async function testBench(): Promise<TestBench> {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-test-'));
  const secrets = localSecrets(home);
  const [postgres, nats] = await Promise.all([startPostgres(home, secrets.postgres, 0), startNats(home, secrets, () => undefined, 0)]);
  const client = await postgres.admin();
  await declareAll({ admin: client, database: postgres.database, natsUrl: nats.url, secrets }).finally(() => client.end());
  const admin = await connectNats({ url: nats.url, name: 'admin', seed: secrets.nats['admin']!.seed });
  return {
    home, postgres, nats, secrets, admin,
    env: (service, more = {}) => ({
      PLIMSOLL_DATABASE_URL: `postgres://svc_${service}:${secrets.databases[service]}@127.0.0.1:${postgres.port}/${postgres.database}`,
      PLIMSOLL_NATS_URL: nats.url, PLIMSOLL_NATS_SEED: secrets.nats[service]!.seed, PLIMSOLL_LOG_LEVEL: 'fatal', ...more,
    }),
    async say(contract, body, id = randomUUID()) {
      await jetstreamOf(admin).publish(contract.subject, JSON.stringify(contract.body.parse(body)), { msgID: id, headers: tracedHeaders() });
      return id;
    },
    async said(contract) {
      const manager = await jetstreamManager(admin);
      const { state } = await manager.streams.info(eventsStream);
      const found: unknown[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await manager.streams.getMessage(eventsStream, { seq }).catch(() => null);
        if (message?.subject === contract.subject) found.push(message.json());
      }
      return found as Body<typeof contract>[];
    },
    async close() {
      await admin.close();
      await nats.stop();
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
