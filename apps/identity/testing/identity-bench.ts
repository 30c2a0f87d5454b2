import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askOver, Bus, connectNats, type Ask } from '@plimsoll/bus';
import { GetJwks, Login, Principal } from '@plimsoll/contracts';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import type { Client } from 'pg';
import { IdentityModule } from '../src/identity.module.ts';
import { manifest } from '../src/manifest.ts';

/** Identity on a Postgres and a NATS of its own, and a gateway's connection to ask it with. */
export interface IdentityBench {
  readonly bench: TestBench;
  readonly service: RunningService;
  readonly ask: Ask;
  /** A superuser's connection. */
  readonly postgres: Client;
  readonly adminPassword: string;
  /** Another replica. Settings as for the first, changed by `more`. */
  start(more?: Record<string, string | undefined>): Promise<RunningService>;
  logIn(identifier: string, password: string, client?: string): Promise<string>;
  /** As the gateway does it. */
  principalOf(accessToken: string): Promise<Principal>;
  file(name: string, content: string | Buffer): string;
  close(): Promise<void>;
}

export async function identityBench(settings: Record<string, string> = {}): Promise<IdentityBench> {
  const bench = await testBench();
  const file = (name: string, content: string | Buffer): string => { const path = join(bench.home, name); writeFileSync(path, content, { mode: 0o600 }); return path; };
  const adminPassword = randomBytes(12).toString('base64url');
  const ours = { PLIMSOLL_IDENTITY_KEK_FILE: file('kek', bench.secrets.kek), PLIMSOLL_ADMIN_PASSWORD_FILE: file('admin', `${adminPassword}\n`), ...settings };
  const start = async (more: Record<string, string | undefined> = {}): Promise<RunningService> => {
    // The module reads its settings while Nest makes it, before this returns control.
    for (const name of Object.keys(process.env)) if (/^PLIMSOLL_(IDENTITY|ADMIN|BOOTSTRAP)_/.test(name)) delete process.env[name];
    for (const [name, value] of Object.entries({ ...ours, ...more })) if (value !== undefined) process.env[name] = value;
    const level = more['PLIMSOLL_LOG_LEVEL'];
    const started = await startService({ manifest, module: IdentityModule, env: bench.env('identity', level === undefined ? {} : { PLIMSOLL_LOG_LEVEL: level }) });
    await started.get(Bus).nats.flush();   // the server knows its subscriptions
    return started;
  };
  const postgres = await bench.postgres.admin();
  const gateway = await connectNats({ url: bench.nats.url, name: 'gateway', seed: bench.secrets.nats['gateway']!.seed });
  const ask = askOver(gateway);
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    await gateway.close();
    await postgres.end();
    await bench.close();
    throw error;
  }
  return {
    bench, service, ask, postgres, adminPassword, start, file,
    logIn: async (identifier, password, client) => (await ask(Login, { identifier, password, ...(client === undefined ? {} : { client }) })).access_token,
    async principalOf(token) {
      const keys = createLocalJWKSet(await ask(GetJwks, {}) as unknown as JSONWebKeySet);
      const { payload } = await jwtVerify(token, keys, { algorithms: ['ES256'], issuer: 'plimsoll-identity', audience: 'plimsoll', typ: 'at+jwt', requiredClaims: ['sub', 'exp', 'iat', 'jti'] });
      return Principal.parse({ subject: payload.sub, kind: payload['kind'], grants: payload['grants'], expires_at: new Date(payload.exp! * 1000).toISOString() });
    },
    async close() {
      await service.stop();
      await gateway.close();
      await postgres.end();
      await bench.close();
    },
  };
}
