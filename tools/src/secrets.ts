import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser, fromSeed } from '@nats-io/nkeys';
import { manifests } from './services.ts';

export interface Secrets {
  readonly postgres: string;
  readonly databases: Readonly<Record<string, string>>;
  readonly nats: Readonly<Record<string, { readonly seed: string; readonly public: string }>>;
  /** 32 bytes, base64: wraps identity's private keys. */
  readonly kek: string;
  /** 32 bytes, base64: seals the secrets of webhooks. */
  readonly notifierKey: string;
  readonly admin: string;
}

/** What a platform on this machine keeps to itself; made at the first start, readable by its owner alone. */
export function localSecrets(home: string): Secrets {
  const file = join(home, 'secrets.json');
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Secrets;
    if (kept.notifierKey && [...manifests.map(({ name }) => name), 'admin'].every((name) => kept.nats[name])) return kept;
  }
  const secrets: Secrets = {
    postgres: password(),
    databases: Object.fromEntries(manifests.map(({ name }) => [name, password()])),
    nats: Object.fromEntries([...manifests.map(({ name }) => name), 'admin'].map((name) => [name, nkey()])),
    kek: randomBytes(32).toString('base64'),
    notifierKey: randomBytes(32).toString('base64'),
    admin: password(),
  };
  mkdirSync(home, { recursive: true, mode: 0o755 });
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** Secrets reach services as files: an environment shows in process lists, a file has an owner. */
export function writeSecretFiles(home: string, secrets: Secrets): { seed(name: string): string; kek: string; notifierKey: string; admin: string } {
  const folder = join(home, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  for (const [name, { seed }] of Object.entries(secrets.nats)) write(`${name}.nkey`, seed);
  return { seed: (name) => join(folder, `${name}.nkey`), kek: write('identity.kek', secrets.kek), notifierKey: write('notifier.key', secrets.notifierKey), admin: write('admin.password', secrets.admin) };
}

const password = (): string => randomBytes(24).toString('base64url');

const nkey = (): { seed: string; public: string } => {
  const seed = new TextDecoder().decode(createUser().getSeed());
  return { seed, public: fromSeed(new TextEncoder().encode(seed)).getPublicKey() };
};
