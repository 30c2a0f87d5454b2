import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openImage, type OpenOptions } from './open-image.ts';
import { readLayer } from './read-layer.ts';
import { recogniseTarget, type ImageTarget } from './target.ts';
import { addImageIndex, blobFile, buildImage, packDockerArchive, type BuiltImage } from './testing/build-image.ts';
import { serveContainerd, serveDockerEngine, type ServedEngine } from './testing/serve-engines.ts';

let directory: string, built: BuiltImage, arm: BuiltImage;
const before = { ...process.env };
const open: ServedEngine[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'engines-'));
  const layout = join(directory, 'layout');
  built = await buildImage({ layout, reference: 'acme/shop:1', layers: [{ entries: [{ path: 'etc/os-release', content: 'ID=debian' }] }, { entries: [{ path: 'app', content: 'x'.repeat(50_000) }], compression: 'zstd' }] });
  arm = await buildImage({ layout, reference: 'arm', platform: 'linux/arm64', layers: [{ entries: [{ path: 'arm', content: '' }] }] });
});
afterEach(async () => {
  process.env = { ...before };
  for (const engine of open.splice(0)) await engine.close();
});
afterAll(() => { rmSync(directory, { recursive: true }); });

const serving = (engine: ServedEngine): string => { open.push(engine); return engine.socket; };
let sockets = 0;
const aSocket = (): string => join(directory, `${++sockets}.sock`);

async function read(text: string, options: OpenOptions = {}) {
  const image = await openImage(await recogniseTarget(text) as ImageTarget, { scratch: directory, ...options });
  const seen: string[] = [];
  for (let i = 0; i < image.layers.length; i++) await readLayer(image.layerInput(i), { wants: () => false, file() {}, entry: ({ path }) => { seen.push(path); } });
  await image.close();
  return { ...image, seen };
}

describe.each([['docker', 'DOCKER_HOST'], ['podman', 'CONTAINER_HOST']] as const)('%s', (engine, variable) => {
  let images: Record<string, string>;
  beforeAll(async () => {
    const saved = join(directory, `${engine}.tar`), only = join(directory, `only-${engine}`);
    await buildImage({ layout: only, reference: 'acme/shop:1', layers: [{ entries: [{ path: 'etc/os-release', content: 'ID=debian' }] }, { entries: [{ path: 'app', content: 'y' }] }] });
    await packDockerArchive(only, saved);
    images = { 'r.example:5000/acme/shop:1': saved, 'c059bfaa849c': saved, [`r.example:5000/acme/shop@sha256:${'a'.repeat(64)}`]: saved };
  });

  it('gives an image by name, by id and by digest, and leaves nothing behind', async () => {
    process.env[variable] = `unix://${serving(await serveDockerEngine(aSocket(), images))}`;
    for (const name of ['r.example:5000/acme/shop:1', 'c059bfaa849c', `r.example:5000/acme/shop@sha256:${'a'.repeat(64)}`])
      expect(await read(`${engine}:${name}`)).toMatchObject({ reference: `${engine}:${name}`, platform: 'linux/amd64', digest: undefined, seen: ['etc/os-release', 'app'] });
    expect(readdirSync(directory).filter((name) => name.startsWith('plimsoll-'))).toEqual([]);
  });

  it('says what it does not have, and for which platform it has it', async () => {
    process.env[variable] = `unix://${serving(await serveDockerEngine(aSocket(), images))}`;
    await expect(read(`${engine}:nothing`)).rejects.toMatchObject({ code: 'image-missing', kind: 'missing' });
    await expect(read(`${engine}:c059bfaa849c`, { platform: 'linux/arm64' })).rejects.toMatchObject({ code: 'platform-missing' });
  });

  it('that breaks off, answers nonsense or is not there is named', async () => {
    process.env[variable] = `unix://${serving(await serveDockerEngine(aSocket(), images, (request, response) => {
      if (!request.url!.endsWith('/get')) return false;
      response.writeHead(200, { 'content-length': 1_000_000 });
      response.write('x');
      setTimeout(() => response.destroy(), 20);
      return true;
    }))}`;
    await expect(read(`${engine}:c059bfaa849c`)).rejects.toThrow();
    process.env[variable] = `unix://${serving(await serveDockerEngine(aSocket(), images, (_request, response) => { response.writeHead(500).end('{"message":"secret"}'); return true; }))}`;
    await expect(read(`${engine}:c059bfaa849c`)).rejects.toMatchObject({ code: 'engine-answer', detail: expect.not.stringContaining('secret') });
    process.env[variable] = 'unix:///no/such.sock';
    await expect(read(`${engine}:c059bfaa849c`)).rejects.toMatchObject({ code: 'engine-unreachable', detail: expect.stringContaining(variable) });
    process.env[variable] = 'tcp://192.0.2.1:2375';
    await expect(read(`${engine}:c059bfaa849c`)).rejects.toMatchObject({ code: 'engine-address' });
    expect(readdirSync(directory).filter((name) => name.startsWith('plimsoll-'))).toEqual([]);
  });
});

describe('containerd', () => {
  const served = async (more: { chunkBytes?: number; namespace?: string } = {}): Promise<void> => {
    const index = addImageIndex(built.layout, 'both', [{ ...built, platform: { os: 'linux', architecture: 'amd64' } }, { ...arm, platform: { os: 'linux', architecture: 'arm64' } }].map(({ digest, size, platform }) => ({ digest, size, platform })));
    const { size } = statSync(blobFile(built.layout, index));
    const manifest = 'application/vnd.oci.image.manifest.v1+json';
    process.env['CONTAINERD_ADDRESS'] = serving(await serveContainerd(aSocket(), { namespace: more.namespace ?? 'default', layout: built.layout, images: {
      'docker.io/acme/shop:1': { digest: built.digest, size: built.size, mediaType: manifest },
      'import-2026': { digest: built.digest, size: built.size, mediaType: manifest },
      'docker.io/acme/both:latest': { digest: index, size, mediaType: 'application/vnd.oci.image.index.v1+json' },
      'lying': { digest: built.digest, size: built.size - 1, mediaType: manifest },
      'partial': { digest: `sha256:${'0'.repeat(64)}`, size: 100, mediaType: manifest },
    } }, more.chunkBytes));
  };

  it.each([1_000, 1, 1_000_000])('gives an image out of its content store, in messages of %d bytes', async (chunkBytes) => {
    await served({ chunkBytes });
    for (const name of ['docker.io/acme/shop:1', 'acme/shop:1', 'import-2026'])
      expect(await read(`containerd:${name}`)).toMatchObject({ reference: `containerd:${name}`, digest: built.digest, layers: built.layers, seen: ['etc/os-release', 'app'] });
  });

  it('gives each platform of an index', async () => {
    await served();
    expect((await read('containerd:acme/both', { platform: 'linux/arm64' })).seen).toEqual(['arm']);
    expect((await read('containerd:acme/both', { platform: 'linux/amd64' })).digest).toBe(built.digest);
  });

  it('looks into the namespace it is told', async () => {
    await served({ namespace: 'k8s.io' });
    await expect(read('containerd:acme/shop:1')).rejects.toMatchObject({ code: 'image-missing', detail: expect.stringContaining('k8s.io') });
    process.env['CONTAINERD_NAMESPACE'] = 'k8s.io';
    expect((await read('containerd:acme/shop:1')).digest).toBe(built.digest);
  });

  it('that lies, lacks a part or is not there is named', async () => {
    await served();
    await expect(read('containerd:lying')).rejects.toMatchObject({ code: 'size-mismatch' });
    await expect(read('containerd:partial')).rejects.toMatchObject({ code: 'content-missing', detail: expect.stringContaining('discard_unpacked_layers') });
    await expect(read('containerd:nothing')).rejects.toMatchObject({ code: 'image-missing' });
    process.env['CONTAINERD_ADDRESS'] = '/no/such.sock';
    await expect(read('containerd:acme/shop:1')).rejects.toMatchObject({ code: 'engine-unreachable' });
    // a server that does not speak HTTP/2
    process.env['CONTAINERD_ADDRESS'] = serving(await serveDockerEngine(aSocket(), {}));
    await expect(read('containerd:acme/shop:1')).rejects.toMatchObject({ code: 'engine-unreachable' });
  });

  it('stops when told', async () => {
    await served({ chunkBytes: 1 });
    await expect(read('containerd:acme/shop:1', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('the name of an image of an engine', () => {
  it.each(['docker:', 'docker:../x', 'podman:a/../b', 'containerd:a b', 'docker:a\nb', 'docker:-rf', 'docker:a?b', 'docker:%2e%2e/x'])('%j is refused', async (text) => {
    await expect(recogniseTarget(text)).rejects.toMatchObject({ code: 'reference-invalid' });
  });

  it('is not that of a registry\'s', async () => {
    expect(await recogniseTarget('docker://alpine')).toMatchObject({ kind: 'registry' });
    expect(await recogniseTarget('docker:alpine')).toEqual({ kind: 'engine', engine: 'docker', reference: 'alpine' });
  });
});
