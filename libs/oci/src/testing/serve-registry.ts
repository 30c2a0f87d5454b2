import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Digest } from '../digests.ts';
import { blobFile, readIndex } from './build-image.ts';

export interface ServeOptions {
  /** Asks for a token, to be had at `/token` for these credentials, or for none when `anonymous`. */
  readonly token?: { readonly username: string; readonly password: string; readonly anonymous?: boolean };
  /** Asks for Basic authentication. */
  readonly basic?: { readonly username: string; readonly password: string };
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Looks at each request first; true when it answered (or chose never to). */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface ServedRegistry {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** `127.0.0.1:PORT`, what references begin with. */
  readonly host: string;
  /** `METHOD path` of every request, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves the images of an OCI layout over the distribution API on loopback, read-only. An image named `acme/shop:1.2` in
 * index.json is `HOST/acme/shop:1.2`; any repository has every blob, and manifests by digest.
 */
export async function serveRegistry(layout: string, options: ServeOptions = {}): Promise<ServedRegistry> {
  const requests: string[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    if (options.intercept?.(request, response)) return;
    try { answer(layout, options, request, response); } catch { response.writeHead(500).end(); }
  };
  const server = options.tls === undefined ? http.createServer(handle) : https.createServer(options.tls, handle);
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host, requests, url: `${options.tls === undefined ? 'http' : 'https'}://${host}`,
    close: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); }),
  };
}

const issued = 'token-of-the-test-registry';

function answer(layout: string, { token, basic }: ServeOptions, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const { authorization } = request.headers;
  const is = ({ username, password }: { username: string; password: string }) => authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  if (token !== undefined && url.pathname === '/token') {
    if (token.anonymous || is(token)) json(response, 200, { token: issued });
    else json(response, 401, { errors: [{ code: 'UNAUTHORIZED' }] });
    return;
  }
  if (token !== undefined && authorization !== `Bearer ${issued}`) {
    response.setHeader('www-authenticate', `Bearer realm="http://${request.headers.host}/token",service="test",scope="repository:x:pull,push"`);
    json(response, 401, { errors: [{ code: 'UNAUTHORIZED' }] });
  } else if (basic !== undefined && !is(basic)) {
    response.setHeader('www-authenticate', 'Basic realm="test"');
    json(response, 401, { errors: [{ code: 'UNAUTHORIZED' }] });
  } else if (url.pathname === '/v2/') {
    json(response, 200, {});
  } else {
    const [, repository = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (kind === 'manifests') sendManifest(layout, repository, reference, request, response);
    else if (kind === 'blobs') sendBlob(layout, reference, request, response);
    else json(response, 404, { errors: [{ code: 'NAME_UNKNOWN' }] });
  }
}

function sendManifest(layout: string, repository: string, reference: string, request: IncomingMessage, response: ServerResponse): void {
  const named = readIndex(layout).find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === `${repository}:${reference}`);
  const digest = named?.digest ?? reference;
  if (!digest.startsWith('sha256:') || !existsSync(blobFile(layout, digest))) { json(response, 404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] }); return; }
  const bytes = readFileSync(blobFile(layout, digest));
  const mediaType = named?.mediaType ?? (JSON.parse(bytes.toString('utf8')) as { mediaType?: string }).mediaType ?? 'application/vnd.oci.image.manifest.v1+json';
  response.writeHead(200, { 'content-type': mediaType, 'content-length': bytes.length, 'docker-content-digest': digest });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function sendBlob(layout: string, digest: Digest, request: IncomingMessage, response: ServerResponse): void {
  const path = /^sha256:[0-9a-f]{64}$/.test(digest) ? blobFile(layout, digest) : '';
  if (!existsSync(path)) { json(response, 404, { errors: [{ code: 'BLOB_UNKNOWN' }] }); return; }
  const { size } = statSync(path);
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start >= size && size > 0) { response.writeHead(416).end(); return; }
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': size - start, 'docker-content-digest': digest, ...(start > 0 ? { 'content-range': `bytes ${start}-${size - 1}/${size}` } : {}) });
  if (request.method === 'HEAD') response.end();
  else createReadStream(path, { start }).pipe(response);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
