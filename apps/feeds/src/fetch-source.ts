import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { defaultFeedLimits, recordsOf, type FeedRecord, type Source } from '@plimsoll/advisories';
import { invalid, Problem } from '@plimsoll/problem';

export interface Fetched {
  records(): AsyncIterable<FeedRecord>;
  /** Validators to ask with next time, by address: an ETag, else a Last-Modified date. */
  readonly validators: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

export interface FetchOptions { readonly scratch?: string | undefined; readonly mirror?: string | undefined; readonly signal: AbortSignal }

const maxBytes = 4 * 2 ** 30;
const totalMs = 30 * 60_000;

/**
 * Fetches the files of a source into scratch space; undefined when every one is unchanged (RFC 9110, conditional requests).
 * Problems: `source-unreachable`, `source-answer` (not 200), `feed-not-json` (a web page where a feed should be), `feed-too-large`.
 */
export async function fetchSource(source: Source, validators: Readonly<Record<string, string>>, { scratch = tmpdir(), mirror, signal }: FetchOptions): Promise<Fetched | undefined> {
  const all = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
  const urls = source.urls.map((url) => mirror ? mirrored(url, mirror) : url);
  const answers = await Promise.all(urls.map((url) => ask(url, validators[url], all)));
  if (answers.every(({ status }) => status === 304)) return undefined;
  // One file of several is new: all are needed, for together they are the source.
  const whole = await Promise.all(answers.map((answer, i) => answer.status === 304 ? ask(urls[i]!, undefined, all) : answer));
  const folder = await mkdtemp(join(scratch, 'plimsoll-feed-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const files = await Promise.all(whole.map(async (answer, i) => {
      const file = join(folder, `${i}-${new URL(urls[i]!).pathname.split('/').at(-1)!.replace(/[^\w.-]/g, '_') || 'feed'}`);
      await pipeline(Readable.fromWeb(answer.body as ReadableStream), limited(urls[i]!), createWriteStream(file), { signal: all });
      return file;
    }));
    return {
      close,
      validators: Object.fromEntries(whole.flatMap((answer, i) => { const validator = answer.headers.get('etag') ?? answer.headers.get('last-modified'); return validator ? [[urls[i]!, validator]] : []; })),
      async *records() { for (const file of files) yield* recordsOf(file, defaultFeedLimits); },
    };
  } catch (error) {
    await close();
    throw error instanceof Problem ? error : new Problem('unavailable', `${source.id}: the answer broke off: ${(error as Error).message}`, { code: 'source-unreachable', cause: error });
  }
}

async function ask(url: string, validator: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = validator === undefined ? {} : /^(W\/)?"/.test(validator) ? { 'if-none-match': validator } : { 'if-modified-since': validator };
  const response = await fetch(url, { headers: { ...headers, 'user-agent': 'plimsoll' }, signal })
    .catch((cause: unknown) => { throw new Problem('unavailable', `${new URL(url).host} cannot be reached: ${(cause as Error & { cause?: Error }).cause?.message ?? (cause as Error).message}`, { code: 'source-unreachable', cause }); });
  if (response.status === 304) return response;
  if (response.status !== 200 || !response.body) throw new Problem('unavailable', `${url} answered ${response.status}`, { code: 'source-answer' });
  if (/^text\/html/i.test(response.headers.get('content-type') ?? '')) throw invalid('feed-not-json', `${url} answered with a web page`);
  return response;
}

const mirrored = (url: string, mirror: string): string => { const { host, pathname, search } = new URL(url); return `${mirror.replace(/\/$/, '')}/${host}${pathname}${search}`; };

function limited(url: string): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      done(size > maxBytes ? invalid('feed-too-large', `${url} is larger than ${maxBytes} bytes`) : null, chunk);
    },
  });
}
