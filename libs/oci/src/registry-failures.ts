import type { IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { invalid, Problem } from '@plimsoll/problem';
import { readBody } from './body.ts';
import type { Endpoint, RegistryLimits } from './registry.ts';

/** What an answer that is not 2xx means. */
export async function refusal(response: IncomingMessage, where: string): Promise<Problem> {
  const status = response.statusCode ?? 0;
  const said = await readBody(response, 64 * 1024, 'an error answer').then(errorText, () => '');
  const detail = `${where} answers ${status}${said}`;
  if (status === 401) return new Problem('unauthenticated', detail, { code: 'registry-unauthenticated' });
  if (status === 403) return new Problem('denied', detail, { code: 'registry-denied' });
  if (status === 404 || status === 410) return new Problem('missing', detail, { code: 'registry-missing' });
  if (status === 429) return new Problem('limited', detail, { code: 'rate-limited' });
  if (status === 408 || status >= 500) return new Problem('unavailable', detail, { code: 'registry-unavailable' });
  return invalid('registry-answer', detail);
}

/** The code of the first error (distribution-spec, "Error Codes"); a registry's free text does not go into our messages. */
function errorText(body: Buffer): string {
  try {
    const code: unknown = JSON.parse(body.toString('utf8')).errors?.[0]?.code;
    return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? ` (${code})` : '';
  } catch { return ''; }
}

// Failures of a connection that another try may not meet. A refused connection or an unknown name is an answer.
const passing: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_EOF_STATE']);

/** Whether another try may go better. */
export const mayPass = (error: unknown): boolean =>
  (error instanceof Problem ? error.retry && error.kind !== 'bug' : error instanceof Error && 'code' in error && passing.has(String(error.code)));

/** Errors of the network get a name; Problems have one. */
export function settled(error: unknown, endpoint: Endpoint): unknown {
  if (error instanceof Problem || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (code === 'ENOTFOUND') return new Problem('missing', `there is no host ${new URL(endpoint.url).hostname}`, { code: 'registry-unknown', cause: error });
  const certificate = code.includes('CERT') || code.includes('ISSUER') || code.includes('SIGNATURE') || code === 'ERR_TLS_CERT_ALTNAME_INVALID';
  const host = new URL(endpoint.url).host;
  return certificate ? new Problem('denied', `${host} shows a certificate that is not trusted: ${code}`, { code: 'registry-certificate', cause: error })
    : new Problem('unavailable', `${host} cannot be reached: ${code}`, { code: 'registry-unavailable', cause: error });
}

/** Waits before the next try: twice as long each time, and what the registry asks for; longer than allowed rethrows `error`. */
export async function pause(limits: RegistryLimits, failures: number, retryAfter: string | undefined, signal: AbortSignal, error?: unknown): Promise<void> {
  const asked = retryAfter === undefined ? 0 : waitOf(retryAfter);
  if (asked > limits.retryAfterSeconds * 1000) throw error;
  const own = limits.backoff * 2 ** failures;
  await setTimeout(Math.max(asked, own / 2 + Math.random() * (own / 2)), undefined, { signal });
}

/** Retry-After in milliseconds: seconds or a date (RFC 9110, section 10.2.3). */
function waitOf(value: string): number {
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}
