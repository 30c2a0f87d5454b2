import type { ServiceOptions } from '@plimsoll/service';
import { buildDoors } from './doors.ts';
import { FeedRevision } from './feed-revision.ts';
import { gatewayConfig, readGatewayConfig } from './gateway.config.ts';
import { GatewayModule } from './gateway.module.ts';
import { manifest } from './manifest.ts';

/** The gateway as a service that can be started, with the settings of an environment. */
export function gateway(env: NodeJS.ProcessEnv = process.env): ServiceOptions {
  const config = readGatewayConfig(env);
  const settings = { provide: gatewayConfig, useValue: config };
  return {
    manifest, env, module: GatewayModule,
    http: (root, log) => buildDoors({ ...root, providers: [...root.providers ?? [], settings], exports: [...root.exports ?? [], settings] }, log, config),
    version: async (app) => ({ feed_revision: await app.get(FeedRevision).current() }),
  };
}
