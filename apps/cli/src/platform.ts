import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Problem } from '@plimsoll/problem';
import type { Option, Parsed } from './command.ts';
import { restOf, signIn, type Rest, type Session } from './rest.ts';

export const platformOptions: Readonly<Record<string, Option>> = {
  url: { type: 'string', value: 'URL', what: 'the platform (default $PLIMSOLL_URL, the last login, or a `plimsoll up` of this repository)' },
  project: { type: 'string', short: 'p', value: 'NAME', what: 'the project (default $PLIMSOLL_PROJECT or `default`)' },
};

/** A platform somebody signed in to; `{project}` in a path stands for the chosen project. */
export interface Platform extends Rest { readonly project: string }

const sessionFile = (): string => join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'plimsoll', 'session.json');

/** Keeps a session for the next commands, readable by its owner alone. */
export function keepSession(session: Session): void {
  mkdirSync(dirname(sessionFile()), { recursive: true, mode: 0o700 });
  writeFileSync(sessionFile(), JSON.stringify(session), { mode: 0o600 });
  chmodSync(sessionFile(), 0o600);
}

/** The platform these options and this environment mean. Problem `not-signed-in` when there is none. */
export async function openPlatform(parsed: Parsed): Promise<Platform> {
  const rest = restOf(await session(parsed.text('url') ?? process.env['PLIMSOLL_URL']));
  const project = parsed.text('project') ?? process.env['PLIMSOLL_PROJECT'] ?? 'default';
  const ofProject = (path: string): string => path.replace('{project}', encodeURIComponent(project));
  return { ...rest, project, call: (method, path, options) => rest.call(method, ofProject(path), options), events: (path, signal) => rest.events(ofProject(path), signal), open: (path, query) => rest.open(ofProject(path), query) };
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
