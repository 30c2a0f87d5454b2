import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askOver, Bus, connectNats } from '@plimsoll/bus';
import { FindInventory, ImageIndexed, ImagePushed, ImageRejected, scanProgressSubject, type ScanProgress } from '@plimsoll/contracts';
import { Inventory } from '@plimsoll/inventory';
import { blobFile, buildImage, serveRegistry, type ServedRegistry, type TarSource } from '@plimsoll/oci/testing';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { manifest } from './manifest.ts';

let bench: TestBench, service: RunningService, second: RunningService, registry: ServedRegistry, layout: string;
let down = false;
const stop: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  process.env['PLIMSOLL_SCANNER_PRIVATE_REGISTRIES'] = 'on';
  layout = mkdtempSync(join(tmpdir(), 'scanner-'));
  process.env['PLIMSOLL_SCANNER_LOCAL_ROOTS'] = layout;
  bench = await testBench();
  const { ScannerModule } = await import('./scanner.module.ts');
  service = await startService({ manifest, module: ScannerModule, env: bench.env('scanner') });
  second = await startService({ manifest, module: ScannerModule, env: bench.env('scanner') });
  registry = await serveRegistry(layout, { intercept: (_request, response) => { if (down) response.writeHead(503).end(); return down; } });
});
afterAll(async () => {
  for (const one of stop) await one();
  await registry?.close();
  await service?.stop();
  await second?.stop();
  await bench?.close();
  rmSync(layout, { recursive: true, force: true });
});

const npm = (name: string, version: string): TarSource => ({ path: `app/node_modules/${name}/package.json`, content: JSON.stringify({ name, version }) });
const os: TarSource = { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n' };
const dpkg: TarSource = { path: 'var/lib/dpkg/status', content: 'Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nSource: zlib\nVersion: 1:1.2.13.dfsg-1\nMaintainer: Debian\n\n' };

async function push(target: string, more: object = {}) {
  const id = randomUUID();
  await bench.say(ImagePushed, { push: id, project: 'default', target, ...more });
  return vi.waitFor(async () => {
    const indexed = (await bench.said(ImageIndexed)).find((one) => one.push === id), rejected = (await bench.said(ImageRejected)).find((one) => one.push === id);
    expect(indexed ?? rejected).toBeDefined();
    return { indexed, rejected };
  }, 25_000);
}

describe('the scanner', () => {
  it('turns a pushed image into an inventory', async () => {
    const image = await buildImage({ layout, reference: 'team/app:1', config: { User: '1000' }, layers: [{ entries: [os, dpkg] }, { entries: [npm('left', '1.0.0')], compression: 'zstd' }] });
    const told: ScanProgress[] = [];
    const subscription = bench.admin.subscribe(scanProgressSubject, { callback: (_error, message) => { told.push(message.json()); } });
    const { indexed } = await push(`${registry.host}/team/app:1`);
    subscription.unsubscribe();
    expect(indexed).toMatchObject({ image: { project: 'default', digest: image.digest }, packages: 2, problems: 0, os: { id: 'debian', version_id: '12' }, configuration: { user: '1000' }, platform: 'linux/amd64' });
    const inventory = Inventory.parse(await service.get(Bus).documents.get(indexed!.inventory));
    expect(inventory.packages.map(({ purl, layer }) => [purl, layer])).toEqual([
      ['pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&distro=debian-12', image.layers[0]!.digest],
      ['pkg:npm/left@1.0.0', image.layers[1]!.digest],
    ]);
    expect(told.at(-1)).toMatchObject({ layers_done: 2, layers_total: 2 });
    const gateway = await connectNats({ url: bench.nats.url, name: 'gateway', seed: bench.secrets.nats['gateway']!.seed });
    stop.push(() => gateway.close());
    await expect(askOver(gateway)(FindInventory, { digest: image.digest })).resolves.toMatchObject({ inventory: indexed!.inventory });
    await expect(askOver(gateway)(FindInventory, { digest: `sha256:${'0'.repeat(64)}` })).rejects.toMatchObject({ code: 'image-missing' });
  });

  it('reads a layer once, however many images, pushes and processes', async () => {
    const base = { entries: [os, dpkg, { path: 'usr/share/large', content: Buffer.alloc(3_000_000, 'x') }] };
    const images = await Promise.all(Array.from({ length: 12 }, (_, i) => buildImage({ layout, reference: `many/app:${i}`, layers: [base, { entries: [npm(`only-${i}`, '1.0.0')] }] })));
    const results = await Promise.all(images.flatMap((_, i) => [push(`${registry.host}/many/app:${i}`), push(`${registry.host}/many/app:${i}`)]));
    expect(results.every(({ indexed }) => indexed)).toBe(true);
    const reads = registry.requests.filter((request) => request.startsWith('GET') && request.includes(images[0]!.layers[0]!.digest));
    expect(reads).toHaveLength(1);
  }, 60_000);

  it('reads what the webhook named, wherever the tag points by now', async () => {
    const old = await buildImage({ layout, reference: 'moved/app:1', layers: [{ entries: [npm('old', '1.0.0')] }] });
    await buildImage({ layout, reference: 'moved/app:2', layers: [{ entries: [npm('new', '1.0.0')] }] });
    const { indexed } = await push(`${registry.host}/moved/app:2`, { digest: old.digest });
    expect(indexed!.image.digest).toBe(old.digest);
  });

  it('waits for a registry that is away', async () => {
    await buildImage({ layout, reference: 'later/app:1', layers: [{ entries: [npm('later', '1.0.0')] }] });
    down = true;
    setTimeout(() => { down = false; }, 2_000);
    const { indexed } = await push(`${registry.host}/later/app:1`);
    expect(indexed).toMatchObject({ packages: 1 });
  });

  it('reads an allowed directory and no other', async () => {
    await buildImage({ layout, reference: 'local:1', layers: [{ entries: [npm('local', '1.0.0')] }] });
    expect((await push(`oci:${layout}:local:1`)).indexed).toMatchObject({ packages: 1 });
    expect((await push('oci:/etc')).rejected!.problem).toMatchObject({ code: expect.stringMatching('target-not-allowed') });
    expect((await push('dir:/')).rejected!.problem).toMatchObject({ code: 'target-not-an-image' });
  });

  it.each([
    ['does not exist', async () => `${registry.host}/no/such:1`, /missing/],
    ['has a layer cut short', async () => {
      const image = await buildImage({ layout, reference: 'bad/cut:1', layers: [{ entries: [npm('a', '1'), { path: 'x', content: 'y'.repeat(100_000) }] }] });
      truncateSync(blobFile(layout, image.layers[0]!.digest), 200);
      return `${registry.host}/bad/cut:1`;
    }, /size-mismatch|truncated|digest-mismatch/],
    ['has a layer of other content', async () => {
      const image = await buildImage({ layout, reference: 'bad/digest:1', layers: [{ entries: [npm('b', '1')] }] });
      const file = blobFile(layout, image.layers[0]!.digest);
      writeFileSync(file, Buffer.alloc(image.layers[0]!.size, 'z'));
      return `${registry.host}/bad/digest:1`;
    }, /digest-mismatch|corrupt/],
    ['lies about its diffID', async () => {
      await buildImage({ layout, reference: 'bad/diff:1', layers: [{ entries: [npm('c', '1')], claims: { diffId: `sha256:${'1'.repeat(64)}` } }] });
      return `${registry.host}/bad/diff:1`;
    }, /diff-id-mismatch/],
    ['has a layer of an unknown kind', async () => {
      await buildImage({ layout, reference: 'bad/kind:1', layers: [{ entries: [npm('d', '1')], claims: { mediaType: 'application/x-surprise' } }] });
      return `${registry.host}/bad/kind:1`;
    }, /layer-unsupported/],
  ])('rejects an image that %s, and says so', async (_, make, code) => {
    const { rejected, indexed } = await push(await make());
    expect(indexed).toBeUndefined();
    expect(rejected!.problem.code).toMatch(code);
  });

  it('says that an inventory is partial when a package database cannot be read', async () => {
    await buildImage({ layout, reference: 'bad/rpm:1', layers: [{ entries: [{ path: 'var/lib/rpm/rpmdb.sqlite', content: 'not a database at all' }] }] });
    const { indexed } = await push(`${registry.host}/bad/rpm:1`);
    expect(indexed).toMatchObject({ packages: 0, problems: 1 });
  });
});
