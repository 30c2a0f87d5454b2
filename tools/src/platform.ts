import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@plimsoll/contracts';
import { endChild, startLogged, waitUntil } from './children.ts';
import { declareAll } from './declare.ts';
import { startNats, type LocalNats } from './nats.ts';
import { freePort } from './ports.ts';
import { startPostgres, type LocalPostgres } from './postgres.ts';
import { repository } from './repository.ts';
import { localSecrets, writeSecretFiles, type Secrets } from './secrets.ts';
import { manifests } from './services.ts';

/** A young generation that fits a service which mostly waits: 60 MB less for each process, measured at rest, for a scavenge more now and then. */
const smallHeap = ['--max-semi-space-size=2'];

export interface PlatformOptions {
  /** Where everything this platform keeps lives. */
  readonly home: string;
  /** How many processes of a service; one where not said. */
  readonly count?: Partial<Record<ServiceName, number>>;
  readonly env?: Partial<Record<ServiceName | 'all', Readonly<Record<string, string>>>>;
  readonly ports?: { readonly postgres?: number; readonly nats?: number; readonly http?: number; readonly grpc?: number };
  /** Start a process again when it ends by itself. */
  readonly supervise?: boolean;
  readonly say?: (text: string) => void;
}

export interface ServiceProcess { readonly name: ServiceName; readonly index: number; readonly managementPort: number; child: ChildProcess; restart(): Promise<void> }

export interface Platform {
  readonly url: string;
  readonly grpc: string;
  readonly secrets: Secrets;
  readonly postgres: LocalPostgres;
  readonly nats: LocalNats;
  readonly processes: readonly ServiceProcess[];
  databaseUrl(service: ServiceName): string;
  stop(): Promise<void>;
}

/** The whole platform on this machine: servers, schemas, streams, services; ready when this returns. */
export async function startPlatform({ home, count = {}, env = {}, ports = {}, supervise = false, say = () => undefined }: PlatformOptions): Promise<Platform> {
  mkdirSync(home, { recursive: true });
  const secrets = localSecrets(home);

  // 1. servers
  const servers = await Promise.allSettled([startPostgres(home, secrets.postgres, ports.postgres), startNats(home, secrets, say, ports.nats)]);
  const [postgres, nats] = servers.map((server) => server.status === 'fulfilled' ? server.value : undefined) as [LocalPostgres?, LocalNats?];
  if (!postgres || !nats) {
    await postgres?.stop();
    await nats?.stop();
    throw servers.map((server) => server.status === 'rejected' ? server.reason as Error : undefined).find(Boolean)!;
  }
  const databaseUrl = (service: ServiceName): string => `postgres://svc_${service}:${secrets.databases[service]}@127.0.0.1:${postgres.port}/${postgres.database}`;

  // 2. what an administrator declares: schemas and roles, tables, streams and consumers
  const admin = await postgres.admin();
  await declareAll({ admin, database: postgres.database, natsUrl: nats.url, secrets }).finally(() => admin.end());

  // 3. services
  const [http, grpc] = [await freePort(ports.http ?? 8080), await freePort(ports.grpc ?? 9090)];
  const files = writeSecretFiles(home, secrets);
  const feedFiles = join(home, 'feeds');
  mkdirSync(feedFiles, { recursive: true });
  let stopping = false;
  const start = async (name: ServiceName, index: number): Promise<ServiceProcess> => {
    const managementPort = await freePort();
    const spawnService = (): ChildProcess => startLogged(process.execPath, [...smallHeap, '--import', '@plimsoll/telemetry/start', join(repository, 'apps', name, 'dist', 'main.js')],
      join(home, 'logs', `${name}${index ? `-${index + 1}` : ''}.log`), {
        cwd: repository,
        env: {
          PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'production', OTEL_SERVICE_NAME: name,
          ...passOn('OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_BSP_SCHEDULE_DELAY', 'PLIMSOLL_LOG_LEVEL', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'),
          PLIMSOLL_DATABASE_URL: databaseUrl(name), PLIMSOLL_NATS_URL: nats.url, PLIMSOLL_NATS_SEED_FILE: files.seed(name), PLIMSOLL_MANAGEMENT_PORT: String(managementPort),
          ...(name === 'gateway' ? { PLIMSOLL_HTTP_PORT: String(http), PLIMSOLL_GRPC_PORT: String(grpc) } : {}),
          ...(name === 'identity' ? { PLIMSOLL_IDENTITY_KEK_FILE: files.kek, PLIMSOLL_ADMIN_PASSWORD_FILE: files.admin } : {}),
          // One machine: the receivers and registries people try it with are on loopback.
          ...(name === 'feeds' ? { PLIMSOLL_FEEDS_FILES: feedFiles } : {}),
          ...(name === 'scanner' ? { PLIMSOLL_SCANNER_PRIVATE_REGISTRIES: 'on' } : {}),
          ...(name === 'notifier' ? { PLIMSOLL_NOTIFIER_ALLOW_NETWORKS: '127.0.0.0/8,::1/128', PLIMSOLL_NOTIFIER_KEY_FILE: files.notifierKey } : {}),
          // A service's own settings may come from whoever starts the platform.
          ...passOn(...Object.keys(process.env).filter((setting) => setting.startsWith(`PLIMSOLL_${name.toUpperCase()}_`))),
          ...env.all, ...env[name],
        },
      });
    const settled = async (child: ChildProcess): Promise<void> => waitUntil(name, async () => (await fetch(`http://127.0.0.1:${managementPort}/readyz`)).ok, { child, timeoutMs: 60_000 });
    const process_: ServiceProcess = {
      name, index, managementPort, child: spawnService(),
      restart: async () => { process_.child = watch(spawnService()); await settled(process_.child); },
    };
    const watch = (child: ChildProcess): ChildProcess => child.once('exit', () => {
      if (!stopping && supervise) void sleep(1_000).then(() => { if (!stopping) process_.child = watch(spawnService()); });
    });
    watch(process_.child);
    await settled(process_.child).catch((error: Error) => { throw new Error(`${error.message}; its log is ${join(home, 'logs', `${name}.log`)}`); });
    return process_;
  };
  const wanted = manifests.flatMap(({ name }) => Array.from({ length: count[name] ?? 1 }, (_, index) => [name, index] as const));
  const started = await Promise.allSettled(wanted.map(([name, index]) => start(name, index)));
  const processes = started.flatMap((one) => one.status === 'fulfilled' ? [one.value] : []);
  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all(processes.map(({ child }) => endChild(child)));
    await nats.stop();
    await postgres.stop();
  };
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason as Error;
  }
  return { url: `http://127.0.0.1:${http}`, grpc: `127.0.0.1:${grpc}`, secrets, postgres, nats, processes, databaseUrl, stop };
}

const passOn = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => process.env[name] === undefined ? [] : [[name, process.env[name]]]));
