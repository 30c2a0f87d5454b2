import type { IncomingMessage } from 'node:http';
import { invalid, Problem } from '@plimsoll/problem';
import { readBody } from './body.ts';
import { engineAway, engineSocket, type Engine } from './engines.ts';

const stallSeconds = 120;
const errorBytes = 64 * 1024;

/**
 * An image of Docker or Podman as the stream of `docker save` (Docker Engine API, "Export an image"; Podman serves the same). It is
 * asked for first, because an export of nothing is an empty archive. Problems `engine-unreachable`, `engine-denied`, `image-missing`,
 * `engine-answer`, `engine-stalled`.
 */
export async function exportImage(engine: Exclude<Engine, 'containerd'>, reference: string, signal?: AbortSignal): Promise<AsyncIterable<Buffer>> {
  const socket = engineSocket(engine);
  const name = reference.split('/').map(encodeURIComponent).join('/');
  (await ask(engine, socket, `/images/${name}/json`, reference, signal)).resume();
  return ask(engine, socket, `/images/${name}/get`, reference, signal);
}

async function ask(engine: Exclude<Engine, 'containerd'>, socketPath: string, path: string, reference: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((done, fail) => {
    let answer: IncomingMessage | undefined;
    const request = process.getBuiltinModule('node:http').request({ socketPath, path, headers: { host: engine, 'user-agent': 'plimsoll' }, agent: false, ...(signal && { signal }) }, (response) => { answer = response; done(response); });
    request.setTimeout(stallSeconds * 1000, () => (answer ?? request).destroy(new Problem('unavailable', `${engine} sent nothing for ${stallSeconds} seconds`, { code: 'engine-stalled' })));
    request.on('error', (error) => fail(signal?.aborted ? signal.reason : error instanceof Problem ? error : engineAway(engine, socketPath, error)));
    request.end();
  });
  if (response.statusCode === 200) return response;
  await readBody(response, errorBytes, `an error answer of ${engine}`).catch(() => undefined);
  if (response.statusCode === 404) throw new Problem('missing', `${engine} has no image ${JSON.stringify(reference)}`, { code: 'image-missing' });
  throw invalid('engine-answer', `${engine} answers ${response.statusCode} for ${JSON.stringify(reference)}`);
}
