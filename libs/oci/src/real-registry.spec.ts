import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImage } from './open-image.ts';
import { readLayer } from './read-layer.ts';
import { addImageIndex, buildImage, type BuiltImage } from './testing/build-image.ts';

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const missing = ['docker-registry', 'skopeo'].filter((program) => !has(program));

describe.skipIf(missing.length > 0)(`docker-registry filled by skopeo${missing.length > 0 ? ` (skipped: ${missing.join(' and ')} not installed)` : ''}`, () => {
  let directory: string, registry: ChildProcess, host: string, built: BuiltImage;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'docker-registry-'));
    const layout = join(directory, 'layout');
    const big = Array.from({ length: 200 }, (_, i) => ({ path: `file-${i}`, content: `${i}`.repeat(5000) }));
    built = await buildImage({ layout, reference: 'one', layers: [{ entries: big }, { entries: [{ path: 'app/package.json', content: '{}' }], compression: 'zstd' }] });
    const arm = await buildImage({ layout, reference: 'arm', platform: 'linux/arm64', layers: [{ entries: [{ path: 'arm', content: '' }] }] });
    addImageIndex(layout, 'both', [{ ...built, platform: { os: 'linux', architecture: 'amd64' } }, { ...arm, platform: { os: 'linux', architecture: 'arm64' } }].map(({ digest, size, platform }) => ({ digest, size, platform })));
    const port = await freePort();
    host = `127.0.0.1:${port}`;
    const config = join(directory, 'config.yml');
    writeFileSync(config, JSON.stringify({ version: 0.1, log: { level: 'error' }, storage: { filesystem: { rootdirectory: join(directory, 'data') } }, http: { addr: host } }));
    registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    await untilUp(`http://${host}/v2/`);
    const copy = (...args: string[]) => execFileSync('skopeo', ['copy', '--quiet', '--insecure-policy', '--dest-tls-verify=false', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    copy(`oci:${layout}:one`, `docker://${host}/acme/shop:1`);
    copy('--all', `oci:${layout}:both`, `docker://${host}/acme/both:1`);
  });
  afterAll(() => { registry?.kill(); rmSync(directory, { recursive: true, force: true }); });

  const pull = async (name: string, platform?: string) => {
    const image = await openImage({ kind: 'registry', reference: `${host}/${name}` }, { registry: { dockerConfig: false }, ...(platform && { platform }) });
    const paths: string[] = [];
    for (let i = 0; i < image.layers.length; i++) await readLayer(image.layerInput(i), { wants: () => true, file: ({ path }) => { paths.push(path); } });
    return { ...image, paths };
  };

  it('gives the image that was pushed', async () => {
    const image = await pull('acme/shop:1');
    expect(image).toMatchObject({ digest: built.digest, layers: built.layers.map(({ digest, diffId }) => ({ digest, diffId })) });
    expect(image.paths.length).toBe(201);
    expect((await pull(`acme/shop@${built.digest}`)).digest).toBe(built.digest);
  });

  it('gives each platform of an index', async () => {
    expect((await pull('acme/both:1', 'linux/arm64')).paths).toEqual(['arm']);
    expect((await pull('acme/both:1', 'linux/amd64')).digest).toBe(built.digest);
  });

  it('names what it does not have', async () => {
    await expect(pull('acme/shop:2')).rejects.toMatchObject({ code: 'registry-missing', detail: expect.stringContaining('MANIFEST_UNKNOWN') });
    await expect(pull('acme/nothing:1')).rejects.toMatchObject({ code: 'registry-missing' });
  });
});

const freePort = (): Promise<number> => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
  });
});

async function untilUp(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    if (await fetch(url).then(({ ok }) => ok, () => false)) return;
    if (tries > 200) throw new Error(`${url} does not answer`);
    await setTimeout(50);
  }
}
