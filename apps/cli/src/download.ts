import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Problem } from '@plimsoll/problem';
import type { Platform } from './platform.ts';

/**
 * Fetches a file of the platform to `place`, which is asked for with the name the platform gives it. It appears there whole,
 * as its digest says, or not at all. Answers the path.
 */
export async function download(platform: Platform, path: string, query: Readonly<Record<string, string | number | undefined>>, place: (name: string) => string): Promise<string> {
  const response = await platform.open(path, query);
  const name = /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'plimsoll-download';
  const to = place(name), draft = `${to}.${process.pid}.draft`, sum = createHash('sha256');
  await mkdir(dirname(to), { recursive: true });
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), new Transform({ transform(chunk: Buffer, _encoding, done) { sum.update(chunk); done(null, chunk); } }), createWriteStream(draft));
    const digest = /sha-256=:([^:]+):/.exec(response.headers.get('repr-digest') ?? '')?.[1];
    if (digest !== sum.digest('base64')) throw new Problem('unavailable', `${name} arrived otherwise than it was sent; try again`, { code: 'download-broken' });
    await rename(draft, to);
    return to;
  } finally {
    await rm(draft, { force: true });
  }
}
