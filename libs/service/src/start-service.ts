import 'reflect-metadata';
import { Bus, connectNats, JetStreamStrategy } from '@plimsoll/bus';
import type { Manifest } from '@plimsoll/contracts';
import { every, openDatabase, type DatabaseSettings } from '@plimsoll/database';
import { createLog, Log, Metrics } from '@plimsoll/telemetry';
import { Catch, Module, type DynamicModule, type INestApplication, type RpcExceptionFilter, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { throwError, type Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { databaseUrlOf, readConfig, seedOf, ServiceConfig } from './config.ts';
import { serveManagement } from './management.ts';

export interface ServiceOptions {
  readonly manifest: Manifest;
  /** The service's own Nest module. It may inject DataSource, Bus, Log and Metrics. */
  readonly module: Type;
  readonly entities?: DatabaseSettings['entities'];
  /** Makes the HTTP application of a service that has a public door; others have none. Its exception filter must hand errors of message handlers on as ProblemsPass does. */
  readonly http?: (root: DynamicModule, log: Log) => Promise<INestApplication>;
  /** Beside name and version on /version. */
  readonly version?: (app: { get<T>(token: Type<T>): T }) => Promise<object> | object;
  readonly env?: NodeJS.ProcessEnv;
}

export interface RunningService {
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T;
  readonly managementPort: number;
  stop(): Promise<void>;
}

/**
 * The one entry of a service: settings, database, bus, Nest, health, and an orderly end.
 * After this returns the service hears and answers; SIGTERM and SIGINT let the work in hand finish.
 */
export async function startService({ manifest, module, entities = [], http, version, env = process.env }: ServiceOptions): Promise<RunningService> {
  const config = readConfig(ServiceConfig, env);
  const log = createLog(manifest.name, env['PLIMSOLL_LOG_LEVEL']);
  const metrics = new Metrics(manifest.name);

  // 1. the two things everything stands on
  const db = await openDatabase({ url: databaseUrlOf(config), schema: manifest.name, entities, poolSize: config.PLIMSOLL_DATABASE_POOL });
  const nats = await connectNats({ url: config.PLIMSOLL_NATS_URL, name: manifest.name, seed: seedOf(config) });
  void (async () => { for await (const status of nats.status()) if (status.type === 'error') log.warn('nats refused', { error: String(status.error) }); })();
  const bus = new Bus(nats, db, (error) => log.warn('relay waits', { error: (error as Error).message }));

  // 2. Nest, with our transport
  const strategy = new JetStreamStrategy(manifest, () => ({
    nats, js: bus.js, db, wakeRelay: bus.relay.wake, log,
    observe: (subject, outcome, seconds) => metrics.messages.observe({ subject, outcome }, seconds),
  }));
  const root = rootModule(module, [
    { provide: DataSource, useValue: db }, { provide: Bus, useValue: bus }, { provide: Log, useValue: log }, { provide: Metrics, useValue: metrics },
  ]);
  const app = http === undefined
    ? await NestFactory.createMicroservice(root, { strategy, logger: nestLogger(log), abortOnError: false })
    : await http(root, log);
  if ('connectMicroservice' in app) {
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    await app.init();
    await app.startAllMicroservices();
  } else {
    app.useGlobalFilters(new ProblemsPass());
    await app.listen();
  }
  await nats.flush();   // the server knows what is subscribed to
  bus.relay.start();
  const ending = new AbortController();
  const pruning = every(db, `inbox:prune:${manifest.name}`, pruneEveryMs, () => pruneInbox(db), { signal: ending.signal, onError: (error) => log.warn('inbox is not pruned', { error: (error as Error).message }) });

  // 3. the operator's port
  const management = await serveManagement({
    host: config.PLIMSOLL_MANAGEMENT_HOST, port: config.PLIMSOLL_MANAGEMENT_PORT, metrics,
    notReady: async () => [
      ...(nats.isClosed() || !await nats.flush().then(() => true, () => false) ? ['nats'] : []),
      ...(await db.query('select 1').then(() => [], () => ['postgres'])),
    ],
    version: async () => ({ name: manifest.name, version: '0.1.0', node: process.version, ...await version?.(app as never) }),
  });
  log.info('service started', { management_port: management.port });

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => stopped ??= (async () => {
    ending.abort();
    await app.close();                 // listeners finish what they hold
    await pruning;
    await bus.relay.stop();            // what they said leaves
    await nats.drain();
    await db.destroy();
    management.server.closeAllConnections();
    management.server.close();
    await (globalThis as { plimsollFlushTelemetry?: () => Promise<void> }).plimsollFlushTelemetry?.();
    log.info('service stopped');
  })();
  return { get: (token) => app.get(token as never, { strict: false }), managementPort: management.port, stop };
}

/** A dead letter can be replayed for thirty days; what was heard is remembered for longer, so that a replay never repeats work. */
const pruneInbox = async (db: DataSource): Promise<void> => { await db.query(`delete from inbox where heard_at < now() - interval '45 days'`); };
const pruneEveryMs = 60 * 60_000;

/** Runs a service as a process of its own: starts it, ends it on a signal, dies loudly when it cannot start. */
export async function runService(options: ServiceOptions): Promise<RunningService> {
  const log = createLog(options.manifest.name);
  try {
    const service = await startService(options);
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => void service.stop().then(() => process.exit(0), () => process.exit(1)));
    process.send?.({ ready: options.manifest.name, managementPort: service.managementPort });
    return service;
  } catch (error) {
    log.error('service cannot start', { error: error instanceof Error ? error.stack : String(error) });
    process.exit(1);
  }
}

@Module({})
class RootModule {}

const rootModule = (module: Type, providers: { provide: unknown; useValue: unknown }[]): DynamicModule => ({
  module: RootModule, global: true, imports: [module],
  providers: providers as DynamicModule['providers'], exports: providers.map(({ provide }) => provide) as DynamicModule['exports'],
});

/** Nest replaces foreign errors of message handlers with "Internal server error"; ours must reach the strategy as they are. */
@Catch()
export class ProblemsPass implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> { return throwError(() => error); }
}

/** Nest's own messages in our log; its chatter about routes and modules only when asked. */
export const nestLogger = (log: Log) => ({
  log: (message: unknown) => log.debug(String(message)),
  warn: (message: unknown) => log.warn(String(message)),
  error: (message: unknown, stack?: unknown) => log.error(String(message), { stack }),
});
