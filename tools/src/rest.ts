/** Signs in at a gateway; answers an access token. */
export const signIn = async (url: string, identifier: string, password: string): Promise<string> =>
  (await call<{ access_token: string }>(url, undefined, 'POST', '/v1/login', { identifier, password })).access_token;

/** Calls a gateway; a refusal is an Error that says what it answered. */
export async function call<T = unknown>(url: string, token: string | undefined, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Follows server-sent events until the signal aborts. */
export async function* events<T>(url: string, token: string, path: string, signal: AbortSignal): AsyncGenerator<T> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' }, signal });
  if (!response.ok || !response.body) throw new Error(`GET ${path} answered ${response.status}`);
  let buffer = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    buffer += chunk;
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const data = buffer.slice(0, end).split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
      buffer = buffer.slice(end + 2);
      if (data) yield JSON.parse(data) as T;
    }
  }
}
