import { execFileSync, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { connectNats, natsUsers, permissionsOf } from '@plimsoll/bus';
import { endChild, startLogged, waitUntil } from './children.ts';
import { freePort } from './ports.ts';
import type { Secrets } from './secrets.ts';
import { manifests } from './services.ts';

export interface LocalNats {
  readonly url: string;
  readonly port: number;
  child: ChildProcess;
  /** Starts the same server again after it was ended or killed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A nats-server on loopback with JetStream; every service is known by its nkey and may do what its manifest says, no more. */
export async function startNats(home: string, secrets: Secrets, say: (text: string) => void, preferredPort = 4222): Promise<LocalNats> {
  const binary = findServer(home, say);
  const port = await freePort(preferredPort);
  const config = join(home, 'nats.conf');
  mkdirSync(join(home, 'nats'), { recursive: true });
  writeFileSync(config, natsConfig({ listen: `127.0.0.1:${port}`, store: join(home, 'nats'), secrets }));
  const url = `nats://127.0.0.1:${port}`;
  const start = async (): Promise<ChildProcess> => {
    const child = startLogged(binary, ['-c', config], join(home, 'logs', 'nats.log'));
    child.once('error', () => undefined);
    await waitUntil('nats-server', async () => {
      const nats = await connectNats({ url, name: 'admin', seed: secrets.nats['admin']!.seed });
      await nats.close();
      return true;
    }, { child });
    return child;
  };
  const server: LocalNats = {
    url, port, child: await start(),
    restart: async () => { server.child = await start(); },
    stop: () => endChild(server.child, { signal: 'SIGTERM' }),
  };
  return server;
}

/** The server's whole configuration: an administrator and one user per service. */
export const natsConfig = ({ listen, store, secrets }: { listen: string; store: string; secrets: Secrets }): string => `listen: "${listen}"
server_name: plimsoll
jetstream { store_dir: "${store}", max_memory_store: 64MB, max_file_store: 20GB }
max_payload: 1MB
authorization {
  users: [
${natsUsers([
    { nkey: secrets.nats['admin']!.public },
    ...manifests.map((manifest) => ({ nkey: secrets.nats[manifest.name]!.public, permissions: permissionsOf(manifest) })),
  ])}
  ]
}
`;

/**
 * Finds nats-server: $NATS_SERVER, the PATH, a copy fetched before; else takes the package from the Debian archive and
 * unpacks it beside our data. That needs no root and leaves the system as it was; installing it would start a service.
 */
function findServer(home: string, say: (text: string) => void): string {
  const named = process.env['NATS_SERVER'];
  if (named) return named;
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const candidate = join(folder, 'nats-server');
    if (isExecutable(candidate)) return candidate;
  }
  const own = join(home, 'nats-server');
  const unpacked = join(own, 'usr', 'sbin', 'nats-server');
  if (isExecutable(unpacked)) return unpacked;
  if (existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb')) {
    say('Fetching nats-server from the Debian archive …');
    try {
      return fetchFromDebian(own) && unpacked;
    } catch (error) {
      say(`That did not work: ${String((error as { stderr?: Buffer }).stderr ?? error).trim().split('\n').at(-1)}`);
    }
  }
  throw new Error('nats-server is not installed. Type one of:\n'
    + '  sudo apt-get install nats-server        (Debian, Ubuntu)\n'
    + '  brew install nats-server                (macOS)\n'
    + 'or set NATS_SERVER to the path of a nats-server 2.9 or newer, then run the same command again.');
}

function fetchFromDebian(own: string): true {
  const lists = join(own, 'apt', 'lists'), cache = join(own, 'apt', 'cache');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
  const apt = (...args: string[]) => execFileSync('apt-get', ['-qq', '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`, '-o', 'APT::Sandbox::User=', '-o', 'Debug::NoLocking=1', ...args], { cwd: own, stdio: 'pipe', timeout: 120_000 });
  apt('update');
  apt('download', 'nats-server');
  const deb = readdirSync(own).find((name) => /^nats-server_.*\.deb$/.test(name));
  if (!deb) throw new Error('the archive has no nats-server');
  execFileSync('dpkg-deb', ['-x', deb, own], { cwd: own, stdio: 'pipe' });
  return true;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
