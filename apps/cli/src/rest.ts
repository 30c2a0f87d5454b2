import { Problem } from '@plimsoll/problem';

/** A gateway, called as one principal. */
export interface Rest {
  readonly url: string;
  /** Sends a request; a refusal is a Problem. `query` values that are undefined are left out. */
  call<T>(method: string, path: string, options?: { readonly query?: Readonly<Record<string, string | number | undefined>>; readonly body?: unknown }): Promise<T>;
  /** The answer as it comes, for what is no JSON; a refusal is a Problem. */
  open(path: string, query?: Readonly<Record<string, string | number | undefined>>): Promise<Response>;
  /** Follows server-sent events until the caller stops. */
  events<T>(path: string, signal: AbortSignal): AsyncGenerator<T>;
}

export interface Session { readonly url: string; readonly token: string }

export function restOf({ url, token }: Session): Rest {
  const send = (method: string, path: string, headers: Record<string, string>, body: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal ? { signal } : {}) }).catch((cause: unknown) => { throw unreachable(url, cause); });
  return {
    url,
    async open(path, query = {}) {
      const response = await send('GET', withQuery(path, query), {}, undefined);
      if (!response.ok) await answerOf(response);
      return response;
    },
    async call(method, path, { query = {}, body } = {}) {
      return answerOf(await send(method, withQuery(path, query), body === undefined ? {} : { 'content-type': 'application/json' }, body));
    },
    async *events<T>(path: string, signal: AbortSignal) {
      const response = await send('GET', path, { accept: 'text/event-stream' }, undefined, signal);
      if (!response.ok || !response.body) { await answerOf(response); return; }
      let buffer = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        buffer += chunk;
        for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
          const data = buffer.slice(0, end).split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
          buffer = buffer.slice(end + 2);
          if (data) yield JSON.parse(data) as T;
        }
      }
    },
  };
}

function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams(Object.entries(query).flatMap(([key, value]) => value === undefined ? [] : [[key, String(value)] as [string, string]])).toString();
  return `${path}${search ? `?${search}` : ''}`;
}

/** Signs in with a password; answers a session that lasts as long as the platform says. */
export async function signIn(url: string, identifier: string, password: string): Promise<Session & { readonly seconds: number }> {
  const response = await fetch(`${url}/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ identifier, password }) }).catch((cause: unknown) => { throw unreachable(url, cause); });
  const { access_token: token, expires_in: seconds } = await answerOf<{ access_token: string; expires_in: number }>(response);
  return { url, token, seconds };
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
