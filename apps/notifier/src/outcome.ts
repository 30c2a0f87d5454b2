/** How one attempt ended. `answer` is kept in the receipt and shown to people. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly answer: string }
  /** May pass: try again later, no sooner than the receiver asked. */
  | { readonly kind: 'failed'; readonly answer: string; readonly askedMs?: number | undefined }
  /** Will not pass, however often. */
  | { readonly kind: 'refused'; readonly answer: string }
  /** The receiver wants nothing of this subscription any more. */
  | { readonly kind: 'gone'; readonly answer: string };

const plainWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused', ECONNRESET: 'connection reset', EPIPE: 'connection reset', ENOTFOUND: 'host not found', EAI_AGAIN: 'host look-up failed',
  EHOSTUNREACH: 'host unreachable', ENETUNREACH: 'network unreachable', ETIMEDOUT: 'timeout', EABORT: 'timeout', ABORT_ERR: 'timeout', ESOCKET: 'connection failed',
};

/** A network error in a few words, without addresses: the reader may be a tenant. */
export function plainError(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  if (typeof code === 'string') return plainWords[code] ?? (/CERT|TLS|SSL|ISSUER|SIGNATURE/.test(code) ? `certificate refused (${code})` : code);
  return 'failed';
}
