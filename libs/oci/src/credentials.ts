import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { invalid, Problem } from '@plimsoll/problem';

/** What proves who we are to a registry. Never printed. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** OAuth2 refresh token, Docker's `identitytoken`. */
  | { readonly identityToken: string }
  /** A bearer token used as it is, Docker's `registrytoken`. */
  | { readonly registryToken: string };

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string; registrytoken?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

const configLimit = 4 * 1024 * 1024;
const helperLimit = 64 * 1024;
const helperSeconds = 15;

/**
 * Where `docker login`, `podman login` and `skopeo login` leave credentials, in the order in which they are looked at:
 * `$REGISTRY_AUTH_FILE` alone when it is set, else Docker's configuration (`$DOCKER_CONFIG`, `~/.docker`) and containers-auth.json(5).
 */
export function credentialFiles(): string[] {
  const { REGISTRY_AUTH_FILE: named, DOCKER_CONFIG: docker, XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: configs } = process.env;
  if (named) return [named];
  return [
    join(docker ?? join(homedir(), '.docker'), 'config.json'),
    ...runtime ? [join(runtime, 'containers', 'auth.json')] : [],
    join(configs ?? join(homedir(), '.config'), 'containers', 'auth.json'),
  ];
}

/**
 * The credentials Docker would use for a repository, from its config.json: a helper for the registry, then the store for all, then
 * what the file itself holds. undefined when there are none. Problems `docker-config-invalid`, `credential-helper-failed`.
 */
export async function dockerCredentials(registry: string, repository: string, path: string, signal?: AbortSignal): Promise<Credentials | undefined> {
  const config = await readConfig(path);
  if (config === undefined) return undefined;
  const key = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  const helper = config.credHelpers?.[registry] ?? config.credHelpers?.[key] ?? config.credsStore;
  const helped = helper ? await askHelper(helper, key, signal) : undefined;
  return helped ?? fromAuths(config.auths ?? {}, registry, repository);
}

async function readConfig(path: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw invalid('docker-config-invalid', `${path} cannot be read`, error);
  }
  try {
    const config: unknown = text.length > configLimit ? undefined : JSON.parse(text);
    if (typeof config === 'object' && config !== null) return config;
  } catch { /* the text may hold secrets, and a JSON error quotes it */ }
  throw invalid('docker-config-invalid', `${path} is not a JSON object`);
}

/** The longest matching entry: podman writes `host/namespace` too, Docker old `https://host/v1/` forms. */
function fromAuths(auths: NonNullable<DockerConfig['auths']>, registry: string, repository: string): Credentials | undefined {
  const parts = repository.split('/');
  const names = [...parts.map((_, i) => `${registry}/${parts.slice(0, parts.length - i).join('/')}`), registry];
  if (registry === 'docker.io') names.push('index.docker.io');
  const byName = new Map(Object.entries(auths).map(([key, value]) => [key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, ''), value]));
  const entry = names.map((name) => byName.get(name)).find((found) => found !== undefined);
  if (entry === undefined) return undefined;
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.registrytoken) return { registryToken: entry.registrytoken };
  if (entry.auth) {
    const decoded = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    return colon < 0 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
  }
  return entry.username && entry.password ? { username: entry.username, password: entry.password } : undefined;
}

/** The protocol of github.com/docker/docker-credential-helpers: the server's name on stdin, JSON on stdout, status 1 for "not found". */
async function askHelper(name: string, server: string, signal: AbortSignal | undefined): Promise<Credentials | undefined> {
  if (!/^[\w][\w.-]*$/.test(name)) throw invalid('docker-config-invalid', 'the name of a credential helper is letters, digits, ".", "_" and "-"');
  const program = `docker-credential-${name}`;
  const failed = (why: string, cause?: unknown) => new Problem('unavailable', `${program} ${why}`, { code: 'credential-helper-failed', cause });
  const timeout = AbortSignal.timeout(helperSeconds * 1000);
  const { status, output } = await new Promise<{ status: number | null; output: string }>((done, fail) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => { if ((text += part).length > helperLimit) child.kill(); });
    child.on('error', (error) => fail(signal?.aborted ? signal.reason : failed(timeout.aborted ? `did not answer within ${helperSeconds} seconds` : 'cannot be started', error)));
    child.on('close', (code) => done({ status: code, output: text }));
    child.stdin.on('error', () => {}).end(`${server}\n`);
  });
  if (status !== 0) {
    if (/not found/i.test(output)) return undefined;
    throw failed(`ended with status ${status}`);
  }
  let answer: { Username?: unknown; Secret?: unknown };
  try { answer = JSON.parse(output) as typeof answer; } catch { throw failed('did not answer with JSON'); }
  if (typeof answer?.Secret !== 'string' || typeof answer.Username !== 'string') throw failed('did not answer with a user name and a secret');
  return answer.Username === '<token>' ? { identityToken: answer.Secret } : { username: answer.Username, password: answer.Secret };
}
