import { invalid, Problem } from '@plimsoll/problem';
import { readBody } from './body.ts';
import type { Credentials } from './credentials.ts';
import type { Connections, Exchange } from './exchange.ts';
import type { Endpoint } from './registry.ts';

export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: URL; readonly service: string | undefined };

/** What a 401 asks for (RFC 9110, section 11.6.1): Bearer before Basic. Problem `registry-answer` when it asks for neither. */
export function chooseChallenge(header: string | undefined, host: string): Challenge {
  const challenges = parseChallenges((header ?? '').slice(0, 4096));
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer !== undefined) {
    const realm = bearer.parameters['realm'] ?? '';
    if (!URL.canParse(realm)) throw invalid('registry-answer', `${host} names no token server that is a URL`);
    return { scheme: 'bearer', realm: new URL(realm), service: bearer.parameters['service'] };
  }
  if (challenges.some(({ scheme }) => scheme === 'basic')) return { scheme: 'basic' };
  throw new Problem('unauthenticated', `${host} asks for an authentication that is neither Bearer nor Basic`, { code: 'registry-unauthenticated' });
}

function parseChallenges(header: string): { scheme: string; parameters: Record<string, string> }[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  // A scheme, or one `name=value` of the scheme before it.
  for (const [, name, quoted, plain, scheme] of header.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z][\w-]*)(?=\s|,|$)/g)) {
    const current = challenges.at(-1);
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    else if (name !== undefined && current !== undefined) current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
  }
  return challenges;
}

export const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/**
 * Gets a bearer token that may pull one repository and nothing else, whatever scope the registry proposes
 * (distribution/distribution docs, "Token Authentication Specification" and "OAuth2").
 */
export async function fetchToken(
  connections: Connections, { realm, service }: Extract<Challenge, { scheme: 'bearer' }>, endpoint: Endpoint, repository: string,
  exchange: (method: 'GET' | 'POST', headers: Record<string, string>, body?: string) => Exchange,
): Promise<string> {
  const { credentials } = endpoint;
  const registry = new URL(endpoint.url);
  if (credentials !== undefined && !mayHoldCredentials(registry, realm, endpoint.tokenHosts ?? [])) {
    throw new Problem('denied', `${registry.host} names ${realm.host} as its token server; credentials for the one are not sent to the other unless it is listed`, { code: 'token-realm-refused' });
  }
  const scope = `repository:${repository}:pull`;
  const url = new URL(realm);
  url.username = url.password = '';
  const response = credentials !== undefined && 'identityToken' in credentials
    ? await connections.send(url, exchange('POST', { 'content-type': 'application/x-www-form-urlencoded' }, refreshForm(credentials.identityToken, service, scope)))
    : await connections.send(withQuery(url, service, scope), exchange('GET', authorizationOf(credentials)));
  const status = response.statusCode ?? 0;
  const body = await readBody(response, 1024 * 1024, `the answer of ${realm.host}`);
  if (status === 429 || status >= 500) throw new Problem(status === 429 ? 'limited' : 'unavailable', `token server ${realm.host} answers ${status}`, { code: status === 429 ? 'rate-limited' : 'registry-unavailable' });
  if (status >= 300) throw new Problem('unauthenticated', `token server ${realm.host} answers ${status}`, { code: 'registry-unauthenticated' });
  return `Bearer ${tokenOf(body, realm)}`;
}

/** Credentials go to the registry's own host, to a host above or below it in the same name, to Docker Hub's own, and to those listed. */
function mayHoldCredentials(registry: URL, realm: URL, listed: readonly string[]): boolean {
  const from = registry.hostname, to = realm.hostname;
  return from === to || listed.includes(to) || listed.includes(realm.host)
    || (to.includes('.') && from.endsWith(`.${to}`)) || to.endsWith(`.${from}`)
    || (from === 'registry-1.docker.io' && to === 'auth.docker.io');
}

function withQuery(realm: URL, service: string | undefined, scope: string): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  return url;
}

const authorizationOf = (credentials: Credentials | undefined): Record<string, string> =>
  (credentials !== undefined && 'username' in credentials ? { authorization: basic(credentials) } : {});

const refreshForm = (token: string, service: string | undefined, scope: string): string =>
  new URLSearchParams({ grant_type: 'refresh_token', client_id: 'plimsoll', refresh_token: token, scope, ...(service === undefined ? {} : { service }) }).toString();

function tokenOf(body: Buffer, realm: URL): string {
  let answer: unknown;
  try { answer = JSON.parse(body.toString('utf8')); } catch { /* said below */ }
  const { token, access_token: accessToken } = (answer ?? {}) as { token?: unknown; access_token?: unknown };
  const found = typeof token === 'string' && token !== '' ? token : accessToken;
  if (typeof found !== 'string' || !/^[\x21-\x7e]+$/.test(found)) throw invalid('registry-answer', `token server ${realm.host} answers without a token`);
  return found;
}
