import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Problem } from '@plimsoll/problem';
import type { Option, Parsed } from './command.ts';

export const platformOptions: Readonly<Record<string, Option>> = {
  url: { type: 'string', value: 'URL', what: 'the platform (default $PLIMSOLL_URL, the last login, or a `plimsoll up` of this repository)' },
  project: { type: 'string', short: 'p', value: 'NAME', what: 'the project (default $PLIMSOLL_PROJECT or `default`)' },
};

/** A platform somebody signed in to. */
export interface Platform {
  readonly url: string;
  readonly project: string;
  /** Sends a request; a refusal is a Problem. `query` values that are undefined are left out. */
  call<T>(method: string, path: string, options?: { readonly query?: Readonly<Record<string, string | number | undefined>>; readonly body?: unknown }): Promise<T>;
  /** Follows server-sent events until the caller stops. */
  events(path: string, signal: AbortSignal): AsyncGenerator<unknown>;
}

interface Session { readonly url: string; readonly token: string }

const sessionFile = (): string => join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'plimsoll', 'session.json');

/** Keeps a session for the next commands, readable by its owner alone. */
export function keepSession(session: Session): void {
  mkdirSync(dirname(sessionFile()), { recursive: true, mode: 0o700 });
  writeFileSync(sessionFile(), JSON.stringify(session), { mode: 0o600 });
  chmodSync(sessionFile(), 0o600);
}

/** The platform these options and this environment mean. Problem `not-signed-in` when there is none. */
export async function openPlatform(parsed: Parsed): Promise<Platform> {
  const { url, token } = await session(parsed.text('url') ?? process.env['PLIMSOLL_URL']);
  const project = parsed.text('project') ?? process.env['PLIMSOLL_PROJECT'] ?? 'default';
  const send = (method: string, path: string, headers: Record<string, string>, body: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal ? { signal } : {}) }).catch((cause: unknown) => { throw unreachable(url, cause); });
  return {
    url, project,
    async call(method, path, { query = {}, body } = {}) {
      const search = new URLSearchParams(Object.entries(query).flatMap(([key, value]) => value === undefined ? [] : [[key, String(value)] as [string, string]])).toString();
      const response = await send(method, `${path.replace('{project}', encodeURIComponent(project))}${search ? `?${search}` : ''}`, body === undefined ? {} : { 'content-type': 'application/json' }, body);
      return answerOf(response);
    },
    async *events(path, signal) {
      const response = await send('GET', path.replace('{project}', encodeURIComponent(project)), { accept: 'text/event-stream' }, undefined, signal);
      if (!response.ok || !response.body) { await answerOf(response); return; }
      let buffer = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        buffer += chunk;
        for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
          const data = buffer.slice(0, end).split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
          buffer = buffer.slice(end + 2);
          if (data) yield JSON.parse(data) as unknown;
        }
      }
    },
  };
}

/** Signs in with a password; answers a session that lasts as long as the platform says. */
export async function signIn(url: string, identifier: string, password: string): Promise<Session & { readonly seconds: number }> {
  const response = await fetch(`${url}/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ identifier, password }) }).catch((cause: unknown) => { throw unreachable(url, cause); });
  const { access_token: token, expires_in: seconds } = await answerOf<{ access_token: string; expires_in: number }>(response);
  return { url, token, seconds };
}

/** In this order: the environment's token, a platform started from this repository, the session of the last login. */
async function session(url: string | undefined): Promise<Session> {
  const token = process.env['PLIMSOLL_TOKEN'];
  if (url && token) return { url: url.replace(/\/$/, ''), token };
  const local = localPlatform();
  if (local && (!url || url === local.url)) return signIn(local.url, local.identifier, local.password);
  if (existsSync(sessionFile())) {
    const kept = JSON.parse(readFileSync(sessionFile(), 'utf8')) as Session;
    if (!url || kept.url === url) return kept;
  }
  throw new Problem('unauthenticated', url ? `not signed in to ${url}` : 'no platform is named', { code: 'not-signed-in' });
}

/** What `plimsoll up` leaves while it runs, for the person who started it. */
function localPlatform(): { url: string; identifier: string; password: string } | undefined {
  const home = resolve(process.env['PLIMSOLL_HOME'] ?? join(fileURLToPath(new URL('../../..', import.meta.url)), '.plimsoll'));
  try {
    return JSON.parse(readFileSync(join(home, 'connection.json'), 'utf8')) as { url: string; identifier: string; password: string };
  } catch {
    return undefined;
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : undefined) as T;
  let problem: { detail?: string; code?: string; trace_id?: string; errors?: { pointer?: string; where?: string; detail: string }[] } = {};
  try {
    problem = JSON.parse(text) as typeof problem;
  } catch { /* a proxy's page; the status says enough */ }
  const kind = ({ 400: 'invalid', 401: 'unauthenticated', 403: 'denied', 404: 'missing', 409: 'conflict', 422: 'invalid', 429: 'limited' } as const)[response.status] ?? 'unavailable';
  throw new Problem(kind, `${problem.detail ?? `the platform answered ${response.status}`}${problem.trace_id ? ` (trace ${problem.trace_id})` : ''}`, {
    code: response.status === 401 ? 'not-signed-in' : problem.code, errors: problem.errors?.map(({ pointer, where, detail }) => ({ where: pointer ?? where ?? '', what: detail })),
  });
}

const unreachable = (url: string, cause: unknown): Problem => new Problem('unavailable', `${url} cannot be reached: ${(cause as { cause?: Error }).cause?.message ?? (cause as Error).message}`, { code: 'platform-unreachable', cause });
