import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { invalid, Problem } from '@plimsoll/problem';
import { defaultFeedLimits, type FeedRecord } from './feed.ts';
import { inTurns } from './in-turns.ts';
import { updateArchive } from './kept-archive.ts';
import { recordsOf } from './records-of.ts';
import type { Source } from './sources.ts';

export interface Fetched {
  records(): AsyncIterable<FeedRecord>;
  /** The same as files, in the order of the source's addresses. */
  readonly files: readonly string[];
  /** Validators to ask with next time, by address: an ETag, else a Last-Modified date. */
  readonly validators: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

export interface FetchOptions {
  readonly scratch?: string | undefined;
  readonly mirror?: string | undefined;
  /** A folder for archives that are brought up to date record by record; without it they are fetched whole. */
  readonly keep?: string | undefined;
  readonly signal: AbortSignal;
}

const maxBytes = 4 * 2 ** 30;
const totalMs = 30 * 60_000;

/**
 * Fetches the files of a source into scratch space; undefined when every one is unchanged (RFC 9110, conditional requests).
 * Problems: `source-unreachable`, `source-answer` (not 200), `feed-not-json` (a web page where a feed should be), `feed-too-large`.
 */
export async function fetchSource(source: Pick<Source, 'id' | 'urls' | 'list' | 'changes'>, validators: Readonly<Record<string, string>>, { scratch = tmpdir(), mirror, keep, signal }: FetchOptions): Promise<Fetched | undefined> {
  const all = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
  const place = (url: string): string => mirror ? mirrored(url, mirror) : url;
  if (source.changes !== undefined && keep !== undefined) {
    return updateArchive({ id: source.id, archive: source.urls[0]!, changes: source.changes }, validators, {
      keep, all: (url, file) => save(place(url), file, source.id, all), ask: (url, validator) => ask(place(url), validator, all), text: (url) => smallText(place(url), all),
    });
  }
  const urls = (source.list === undefined ? source.urls : await source.list((url) => smallText(place(url), all))).map(place);
  const folder = await mkdtemp(join(scratch, 'plimsoll-feed-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const kept: Record<string, string> = {};
  /** Takes one file; false when it is unchanged. */
  const take = async (url: string, at: number, validator: string | undefined): Promise<boolean> => {
    const answer = await ask(url, validator, all);
    if (answer.status === 304) return false;
    await saveAnswer(answer, url, fileOf(at), source.id, all);
    const found = answer.headers.get('etag') ?? answer.headers.get('last-modified');
    if (found) kept[url] = found;
    return true;
  };
  const fileOf = (at: number): string => join(folder, `${at}-${new URL(urls[at]!).pathname.split('/').at(-1)!.replace(/[^\w.-]/g, '_') || 'feed'}`);
  try {
    const isNew = await inTurns(urls, (url, at) => take(url, at, validators[url]));
    if (!isNew.includes(true)) {
      await close();
      return undefined;
    }
    // One file of several is new: all are needed, for together they are the source.
    await inTurns(urls, (url, at) => isNew[at]! || take(url, at, undefined));
    const files = [...urls.keys()].map(fileOf);
    return { close, files, validators: kept, async *records() { for (const file of files) yield* recordsOf(file, defaultFeedLimits); } };
  } catch (error) {
    await close();
    throw error;
  }
}

const save = async (url: string, file: string, id: string, signal: AbortSignal): Promise<void> => saveAnswer(await ask(url, undefined, signal), url, file, id, signal);

const saveAnswer = (answer: Response, url: string, file: string, id: string, signal: AbortSignal): Promise<void> =>
  pipeline(Readable.fromWeb(answer.body as ReadableStream), limited(url), createWriteStream(file), { signal })
    .catch((error: unknown) => { throw error instanceof Problem ? error : new Problem('unavailable', `${id}: the answer broke off: ${(error as Error).message}`, { code: 'source-unreachable', cause: error }); });

/** Bytes of a file that lists others: Red Hat's changes have 15 MB. */
const mostOfList = 128 * 2 ** 20;

async function smallText(url: string, signal: AbortSignal): Promise<string> {
  const { body } = await ask(url, undefined, signal), parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    if ((size += part.length) > mostOfList) throw invalid('feed-too-large', `${url} is larger than ${mostOfList} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
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
