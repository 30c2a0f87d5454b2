import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startPlatform } from './platform.ts';
import { repository } from './repository.ts';

/**
 * `npm run up`: the whole platform on this machine, until Ctrl-C. State stays in .plimsoll (or $PLIMSOLL_HOME), so a
 * second start is quick and remembers everything.
 */
const home = resolve(process.env['PLIMSOLL_HOME'] ?? join(repository, '.plimsoll'));
const started = Number(process.env['PLIMSOLL_STARTED'] ?? Date.now());
const say = (text: string): void => { process.stderr.write(`${text}\n`); };

// Signals stop the platform once it stands; before that the start is given up.
let stop = async (): Promise<void> => undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => { say('Stopping …'); void stop().then(() => process.exit(0), () => process.exit(1)); });

say('Starting Postgres, NATS and six services …');
try {
  const platform = await startPlatform({ home, supervise: true, say });
  const connection = join(home, 'connection.json');
  mkdirSync(home, { recursive: true });
  writeFileSync(connection, JSON.stringify({ url: platform.url, nats: platform.nats.url, identifier: 'admin', password: platform.secrets.admin }), { mode: 0o600 });
  stop = async () => { rmSync(connection, { force: true }); await platform.stop(); };
  say(`Plimsoll is up after ${((Date.now() - started) / 1000).toFixed(1)} s.

  REST   ${platform.url}/v1          OpenAPI at ${platform.url}/v1/openapi.json
  gRPC   ${platform.grpc}  (reflection on)
  logs   ${join(home, 'logs')}
  sign in as admin; the password is in ${join(home, 'secrets', 'admin.password')}

Next, in another terminal:
  npx plimsoll push alpine:3.20         have it scan an image of a registry, and follow it to its verdict
  npx plimsoll images                   what the platform knows
  npx plimsoll feeds                    where its advisories come from

Ctrl-C stops everything.`);
} catch (error) {
  say(`\nPlimsoll did not start: ${(error as Error).message}`);
  process.exit(1);
}
