import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openImage } from './open-image.ts';
import { type RegistryOptions } from './open-registry.ts';
import { readLayer, type RegistryLayerInput } from './read-layer.ts';
import { Registry } from './registry.ts';
import { addToIndex, blobFile, buildImage, type BuiltImage, writeBlob } from './testing/build-image.ts';
import { serveRegistry, type ServedRegistry, type ServeOptions } from './testing/serve-registry.ts';

let directory: string;
let built: BuiltImage;
// Bytes that do not compress, so that a layer is longer than one piece of a download.
const content = createHash('shake256', { outputLength: 300_000 }).update('content').digest();
const running: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'registry-'));
  built = await buildImage({ layout: join(directory, 'layout'), reference: 'acme/shop:1', layers: [{ entries: [{ path: 'package.json', content }] }] });
});
afterAll(() => { rmSync(directory, { recursive: true }); });
afterEach(async () => { for (const server of running.splice(0)) await server.close(); });

const quick = { backoff: 1, retries: 3, stallSeconds: 5 };

async function serve(options: ServeOptions = {}): Promise<ServedRegistry> {
  const server = await serveRegistry(built.layout, options);
  running.push(server);
  return server;
}

/** Another server, for redirects and tokens. */
async function another(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = http.createServer((request, response) => { seen.push(request); answer(request, response); });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  running.push({ close: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); }) });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** Opens the image and reads its layer; answers the layer's digest. */
async function pull(reference: string, registry: RegistryOptions = {}, signal?: AbortSignal): Promise<string> {
  const image = await openImage({ kind: 'registry', reference }, { registry: { dockerConfig: false, ...registry, limits: { ...quick, ...registry.limits } }, ...(signal && { signal }) });
  let bytes = Buffer.alloc(0);
  const reading = await readLayer(image.layerInput(0), { wants: () => true, file: (_entry, file) => { bytes = Buffer.from(file); } }, {}, signal);
  await image.close();
  if (!bytes.equals(content)) throw new Error('other content');
  return reading.digest;
}

const isBlob = (request: IncomingMessage): boolean => request.url!.includes(built.layers[0]!.digest);
const blob = () => readFileSync(blobFile(built.layout, built.layers[0]!.digest));

describe('pulling', () => {
  it('by tag and by digest, streaming the layer', async () => {
    const server = await serve();
    expect(await pull(`${server.host}/acme/shop:1`)).toBe(built.layers[0]!.digest);
    expect(await pull(`${server.host}/acme/shop@${built.digest}`)).toBe(built.layers[0]!.digest);
  });

  it('knows a tag by its digest alone', async () => {
    const server = await serve();
    const image = await openImage({ kind: 'registry', reference: `${server.host}/acme/shop:1` }, { registry: { dockerConfig: false } });
    const { access } = image.layerInput(0) as RegistryLayerInput;
    const registry = new Registry(access);
    expect(await registry.head('1')).toMatchObject({ digest: built.digest });
    registry.close();
    expect(server.requests.at(-1)).toBe('HEAD /v2/acme/shop/manifests/1');
  });

  it('hands a worker everything it needs as plain data', async () => {
    const server = await serve({ token: { username: 'me', password: 'pw' } });
    const image = await openImage({ kind: 'registry', reference: `${server.host}/acme/shop:1` }, { registry: { credentials: { [server.host]: { username: 'me', password: 'pw' } } } });
    const input = structuredClone(image.layerInput(0));
    await expect(readLayer(input, { wants: () => false, file() {} })).resolves.toMatchObject({ digest: built.layers[0]!.digest });
  });

  it.each(['missing/repository:1', 'acme/shop:2'])('says what is missing: %s', async (name) => {
    const server = await serve();
    await expect(pull(`${server.host}/${name}`)).rejects.toMatchObject({ kind: 'missing', code: 'registry-missing' });
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const server = await serve({ intercept: (request) => { if (isBlob(request)) setImmediate(() => stop.abort(new Error('cancelled'))); return isBlob(request); } });
    await expect(pull(`${server.host}/acme/shop:1`, {}, stop.signal)).rejects.toThrow('cancelled');
  });

  it('trusts a private authority from a file, and nobody else', async () => {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=test', '-days', '2', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    const server = await serve({ tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } });
    expect(await pull(`${server.host}/acme/shop:1`, { caFile: cert })).toBe(built.layers[0]!.digest);
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ code: 'registry-certificate' });
    await expect(pull(`${server.host}/acme/shop:1`, { caFile: key })).rejects.toMatchObject({ code: 'ca-file-unreadable' });
  });

  it('asks mirrors first and the registry when they fail', async () => {
    const origin = await serve();
    const mirror = await serve();
    const broken = await serve({ intercept: (_request, response) => { response.writeHead(404).end(); return true; } });
    expect(await pull(`${origin.host}/acme/shop:1`, { mirrors: { [origin.host]: [mirror.host] } })).toBe(built.layers[0]!.digest);
    expect(origin.requests).toEqual(expect.not.arrayContaining([expect.stringContaining('/blobs/')]));
    expect(await pull(`${origin.host}/acme/shop:1`, { mirrors: { [origin.host]: [broken.host] } })).toBe(built.layers[0]!.digest);
    expect(origin.requests).toEqual(expect.arrayContaining([expect.stringContaining('/blobs/')]));
  });

  it('falls back to the registry for a layer the mirror lost', async () => {
    const origin = await serve();
    const mirror = await serve({ intercept: (request, response) => { if (isBlob(request)) response.writeHead(404).end(); return isBlob(request); } });
    expect(await pull(`${origin.host}/acme/shop:1`, { mirrors: { [origin.host]: [mirror.host] } })).toBe(built.layers[0]!.digest);
  });
});

describe('credentials', () => {
  const me = { username: 'me', password: 'p:w' };

  it('get a token, for this repository and no more', async () => {
    const server = await serve({ token: me });
    expect(await pull(`${server.host}/acme/shop:1`, { credentials: { [server.host]: me } })).toBe(built.layers[0]!.digest);
    expect(server.requests).toContain('GET /token?service=test&scope=repository%3Aacme%2Fshop%3Apull');
  });

  it('are not needed where anybody gets a token', async () => {
    const server = await serve({ token: { ...me, anonymous: true } });
    expect(await pull(`${server.host}/acme/shop:1`)).toBe(built.layers[0]!.digest);
  });

  it('come from Docker\'s configuration', async () => {
    const server = await serve({ basic: me });
    const dockerConfig = join(directory, 'config.json');
    writeFileSync(dockerConfig, JSON.stringify({ auths: { [server.host]: { auth: Buffer.from('me:p:w').toString('base64') } } }));
    expect(await pull(`${server.host}/acme/shop:1`, { dockerConfig })).toBe(built.layers[0]!.digest);
  });

  it.each<[string, ServeOptions]>([['token', { token: me }], ['basic', { basic: me }]])('that are wrong or absent are refused: %s', async (_kind, options) => {
    const server = await serve(options);
    for (const credentials of [{}, { [server.host]: { username: 'me', password: 'secret-word' } }]) {
      const error: Error = await pull(`${server.host}/acme/shop:1`, { credentials }).then(() => { throw new Error('let in'); }, (reason) => reason);
      expect(error).toMatchObject({ kind: 'unauthenticated', code: 'registry-unauthenticated' });
      expect(JSON.stringify(error) + error.message).not.toContain('secret-word');
    }
  });

  it('as an identity token are exchanged by POST', async () => {
    const forms: string[] = [];
    const server = await serve({
      intercept: (request, response) => {
        if (request.url === '/oauth') {
          let form = '';
          request.on('data', (part: Buffer) => { form += part.toString(); }).on('end', () => { forms.push(form); response.end(JSON.stringify({ access_token: 'abc' })); });
          return true;
        }
        if (request.headers.authorization === 'Bearer abc') return false;
        response.writeHead(401, { 'www-authenticate': `Basic realm="x", Bearer realm="http://${request.headers.host}/oauth",service="s"` }).end();
        return true;
      },
    });
    expect(await pull(`${server.host}/acme/shop:1`, { credentials: { [server.host]: { identityToken: 'refresh-me' } } })).toBe(built.layers[0]!.digest);
    expect(new URLSearchParams(forms[0])).toEqual(new URLSearchParams('grant_type=refresh_token&client_id=plimsoll&refresh_token=refresh-me&scope=repository:acme/shop:pull&service=s'));
  });

  const asksAt = (realm: string): ServeOptions => ({
    intercept: (request, response) => {
      if (request.headers.authorization === 'Bearer elsewhere') return false;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
      return true;
    },
  });

  it('never go to a token server on another host, unless that is listed', async () => {
    const elsewhere = await another((_request, response) => response.end('{"token":"elsewhere"}'));
    const realm = elsewhere.url.replace('127.0.0.1', 'localhost');
    const server = await serve(asksAt(realm));
    const credentials = { [server.host]: me };
    await expect(pull(`${server.host}/acme/shop:1`, { credentials })).rejects.toMatchObject({ kind: 'denied', code: 'token-realm-refused' });
    expect(elsewhere.seen).toEqual([]);
    expect(await pull(`${server.host}/acme/shop:1`, { credentials, tokenHosts: { [server.host]: ['localhost'] } })).toBe(built.layers[0]!.digest);
    expect(await pull(`${server.host}/acme/shop:1`)).toBe(built.layers[0]!.digest);
    expect(elsewhere.seen.at(-1)!.headers.authorization).toBeUndefined();
  });

  it.each(['http://169.254.169.254/latest/meta-data/', 'https://169.254.169.254/', 'https://10.0.0.1/token', 'https://[fd00:ec2::254]/'])('and nobody at all asks %s for a token', async (realm) => {
    const server = await serve(asksAt(realm));
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ kind: 'denied', code: expect.stringMatching(/^(address|plain-http)-refused$/) });
  });

  it.each(['not a url', ''])('a realm that is %j is an odd answer', async (realm) => {
    const server = await serve(asksAt(realm));
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ code: 'registry-answer' });
  });
});

describe('redirects', () => {
  const redirecting = (location: (request: IncomingMessage) => string, options: ServeOptions = {}): ServeOptions => ({
    ...options,
    intercept: (request, response) => {
      if (!isBlob(request) || request.headers.authorization === undefined && options.basic) return false;
      response.writeHead(307, { location: location(request) }).end();
      return true;
    },
  });

  it('are followed, and credentials stay behind', async () => {
    const storage = await another((_request, response) => response.end(blob()));
    const server = await serve(redirecting(() => `${storage.url}/blob?signature=x`, { basic: { username: 'me', password: 'pw' } }));
    expect(await pull(`${server.host}/acme/shop:1`, { credentials: { [server.host]: { username: 'me', password: 'pw' } } })).toBe(built.layers[0]!.digest);
    expect(storage.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each([
    ['address-refused', 'https://169.254.169.254/latest/meta-data/iam'],
    ['plain-http-refused', 'http://169.254.169.254/latest/meta-data/iam'],
    ['address-refused', 'https://[::ffff:169.254.169.254]/'],
    ['address-refused', 'https://2852039166/'],
    ['address-refused', 'https://192.168.0.1/'],
    ['redirect-refused', 'file:///etc/passwd'],
    ['redirect-refused', 'ftp://example.com/'],
    ['redirect-refused', 'http://['],
  ])('end with %s: %s', async (code, location) => {
    const server = await serve(redirecting(() => location));
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ code });
  });

  it('in a circle end', async () => {
    const server = await serve(redirecting((request) => request.url!));
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ code: 'redirect-loop' });
  });
});

describe('a registry nobody chose', () => {
  it('may not be at a private address where strangers name registries', async () => {
    const server = await serve();
    await expect(pull(`${server.host}/acme/shop:1`, { privateRegistries: false })).rejects.toMatchObject({ kind: 'denied', code: 'address-refused' });
    expect(await pull(`${server.host}/acme/shop:1`, { privateRegistries: false, allowedHosts: ['127.0.0.1'] })).toBe(built.layers[0]!.digest);
    expect(server.requests.length).toBeGreaterThan(0);
  });

  it.each(['169.254.169.254', '169.254.169.254:80', '[fe80::1]:5000'])('is never a metadata service: %s', async (host) => {
    await expect(pull(`${host}/acme/shop:1`)).rejects.toMatchObject({ code: 'address-refused' });
  });
});

describe('trouble that passes', () => {
  const failing = (times: number, fail: (response: ServerResponse) => void, where = isBlob): ServeOptions => {
    let left = times;
    return { intercept: (request, response) => { if (!where(request) || left-- <= 0) return false; fail(response); return true; } };
  };

  it.each<[string, (response: ServerResponse) => void]>([
    ['500', (response) => response.writeHead(500).end()],
    ['503 with Retry-After', (response) => response.writeHead(503, { 'retry-after': '0' }).end()],
    ['429', (response) => response.writeHead(429, { 'retry-after': '0' }).end()],
    ['a broken connection', (response) => response.destroy()],
    ['half a layer', (response) => { response.writeHead(200, { 'content-length': blob().length }); response.write(blob().subarray(0, 100_000), () => response.destroy()); }],
    ['half a layer that claims to be all', (response) => { response.writeHead(200); response.end(blob().subarray(0, 100_000)); }],
  ])('is tried again: %s', async (_what, fail) => {
    const server = await serve(failing(3, fail));
    expect(await pull(`${server.host}/acme/shop:1`)).toBe(built.layers[0]!.digest);
  });

  it('goes on where a download stopped', async () => {
    const ranges: (string | undefined)[] = [];
    let first = true;
    const server = await serve({ intercept: (request, response) => {
      if (!isBlob(request)) return false;
      ranges.push(request.headers.range);
      if (!first) return false;
      first = false;
      response.writeHead(200, { 'content-length': blob().length });
      response.write(blob().subarray(0, 65_536), () => setTimeout(() => response.destroy(), 50));
      return true;
    } });
    expect(await pull(`${server.host}/acme/shop:1`)).toBe(built.layers[0]!.digest);
    expect(ranges).toEqual([undefined, 'bytes=65536-']);
  });

  it('starts over with a registry that knows no ranges', async () => {
    let first = true;
    const server = await serve({ intercept: (request, response) => {
      if (!isBlob(request)) return false;
      response.writeHead(200, { 'content-length': blob().length });
      if (first) response.write(blob().subarray(0, 65_536), () => setTimeout(() => response.destroy(), 50));
      else response.end(blob());
      first = false;
      return true;
    } });
    expect(await pull(`${server.host}/acme/shop:1`)).toBe(built.layers[0]!.digest);
  });

  it('is given up in the end', async () => {
    const server = await serve(failing(99, (response) => response.writeHead(502).end()));
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ kind: 'unavailable', code: 'registry-unavailable' });
  });

  it('is not waited for longer than allowed', async () => {
    const server = await serve(failing(99, (response) => response.writeHead(429, { 'retry-after': '3600' }).end(), () => true));
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ kind: 'limited', code: 'rate-limited' });
    expect(server.requests.filter((request) => request.startsWith('GET')).length).toBe(1);
  });

  it('ends when a registry stalls', async () => {
    const server = await serve({ intercept: (request, response) => { if (isBlob(request)) { response.writeHead(200, { 'content-length': blob().length }); response.write('x'); } return isBlob(request); } });
    await expect(pull(`${server.host}/acme/shop:1`, { limits: { stallSeconds: 0.2, retries: 1 } })).rejects.toMatchObject({ code: 'registry-stalled' });
  });

  it('ends when a registry drips', async () => {
    const server = await serve({ intercept: (request, response) => {
      if (!isBlob(request)) return false;
      response.writeHead(200, { 'content-length': blob().length });
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
      return true;
    } });
    await expect(pull(`${server.host}/acme/shop:1`, { limits: { seconds: 1 } })).rejects.toMatchObject({ code: 'registry-timeout' });
  });
});

describe('a registry that lies', () => {
  const answering = (path: (url: string) => boolean, answer: (response: ServerResponse) => void): ServeOptions => ({ intercept: (request, response) => { if (!path(request.url!)) return false; answer(response); return true; } });
  const atBlob = (url: string) => url.includes(built.layers[0]!.digest);
  const atManifest = (url: string) => url.includes('/manifests/');

  it.each<[string, string, ServeOptions]>([
    ['digest-mismatch', 'about a layer', answering(atBlob, (response) => response.end(Buffer.concat([blob().subarray(0, -1), Buffer.from([7])])))],
    ['size-mismatch', 'with a longer layer', answering(atBlob, (response) => response.end(Buffer.concat([blob(), Buffer.alloc(10)])))],
    ['size-mismatch', 'with an endless layer', answering(atBlob, (response) => { const more = () => { while (response.write(Buffer.alloc(65_536))); }; response.on('drain', more); more(); })],
    ['size-mismatch', 'with a shorter layer', answering(atBlob, (response) => response.writeHead(200, { 'content-length': 10 }).end(blob().subarray(0, 10)))],
    ['digest-mismatch', 'in its digest header', answering(atManifest, (response) => response.writeHead(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end('{}'))],
    ['limit-document-bytes', 'with an endless manifest', answering(atManifest, (response) => { const more = () => { while (response.write(Buffer.alloc(65_536, 32))); }; response.on('drain', more); more(); })],
    ['document-invalid', 'with a page of HTML', answering(atManifest, (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'))],
  ])('%s: %s', async (code, _what, options) => {
    const server = await serve(options);
    await expect(pull(`${server.host}/acme/shop:1`)).rejects.toMatchObject({ code });
  });

  it('about the manifest of a digest', async () => {
    const server = await serve(answering(atManifest, (response) => response.end('{}')));
    await expect(pull(`${server.host}/acme/shop@${built.digest}`)).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('with a manifest that promises too large a configuration', async () => {
    const layout = join(directory, 'large-config');
    const manifest = writeBlob(layout, JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: built.configDigest, size: 1e12 }, layers: [] }));
    addToIndex(layout, { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'a/b:1' } });
    const server = await serveRegistry(layout);
    running.push(server);
    await expect(pull(`${server.host}/a/b:1`)).rejects.toMatchObject({ code: 'limit-document-bytes' });
  });
});
