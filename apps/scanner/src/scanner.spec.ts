import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askOver, Bus, connectNats } from '@plimsoll/bus';
import { AddBase, CancelScan, FindInventory, FindScans, ImageForgotten, ImageIndexed, ImageOutdated, ImagePushed, ImageRejected, ListBases, RemoveBase, ListPlatforms, ScanCancelled, scanProgressSubject, type ScanProgress } from '@plimsoll/contracts';
import { Inventory } from '@plimsoll/inventory';
import { addImageIndex, blobFile, buildImage, serveRegistry, type ServedRegistry, type TarSource } from '@plimsoll/oci/testing';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DataSource } from 'typeorm';
import { Garbage } from './garbage.ts';
import { manifest } from './manifest.ts';
import { Presence } from './presence.ts';

let bench: TestBench, service: RunningService, second: RunningService, registry: ServedRegistry, layout: string;
let down = false;
/** Blobs that the registry sends only when told. */
const held = new Map<string, Promise<void>>();
const stop: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  process.env['PLIMSOLL_SCANNER_PRIVATE_REGISTRIES'] = 'on';
  process.env['PLIMSOLL_SCANNER_RESCAN_SECONDS'] = '0.2';
  layout = mkdtempSync(join(tmpdir(), 'scanner-'));
  process.env['PLIMSOLL_SCANNER_LOCAL_ROOTS'] = layout;
  bench = await testBench();
  const { ScannerModule } = await import('./scanner.module.ts');
  service = await startService({ manifest, module: ScannerModule, env: bench.env('scanner') });
  second = await startService({ manifest, module: ScannerModule, env: bench.env('scanner') });
  registry = await serveRegistry(layout, { intercept: (request, response) => {
    if (down) { response.writeHead(503).end(); return true; }
    const digest = request.url!.split('/').at(-1)!, wait = held.get(digest);
    if (wait) void wait.then(() => response.writeHead(200).end(readFileSync(blobFile(layout, digest))));
    return wait !== undefined;
  } });
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

  it('takes other work while a layer comes slowly, and reads that layer once', async () => {
    const slow = { entries: [os, { path: 'usr/share/slow', content: Buffer.alloc(100_000, 'slow') }] };
    const images = await Promise.all(Array.from({ length: 10 }, (_, i) => buildImage({ layout, reference: `slow/app:${i}`, layers: [slow, { entries: [npm(`beside-${i}`, '1.0.0')] }] })));
    await buildImage({ layout, reference: 'quick/app:1', layers: [{ entries: [npm('quick', '1.0.0')] }] });
    const layer = images[0]!.layers[0]!.digest, release = Promise.withResolvers<void>();
    held.set(layer, release.promise);
    const waiting = images.map((_, i) => push(`${registry.host}/slow/app:${i}`));
    // Ten images for four places: all but one are put aside, and what they have besides is read meanwhile.
    await vi.waitFor(async () => {
      const states = await service.get(DataSource).query(`select count(*) filter (where state = 'running')::int as running, count(*) filter (where waits_for = $1)::int as waiting from scans where target like '%/slow/app:%'`, [`layer:${layer}`]);
      expect(states).toEqual([{ running: 1, waiting: 9 }]);
    }, 10_000);
    expect((await push(`${registry.host}/quick/app:1`)).indexed).toMatchObject({ packages: 1 });
    for (const image of images) expect(registry.requests.filter((request) => request.startsWith('GET') && request.includes(image.layers[1]!.digest))).toHaveLength(1);
    release.resolve();
    expect((await Promise.all(waiting)).every(({ indexed }) => indexed?.packages === 1)).toBe(true);
    expect(registry.requests.filter((request) => request.startsWith('GET') && request.includes(layer))).toHaveLength(1);
  });

  it('lets an admission pass what slow registries hold', async () => {
    const slow = await Promise.all(Array.from({ length: 8 }, (_, i) => buildImage({ layout, reference: `stuck/app:${i}`, layers: [{ entries: [npm(`stuck-${i}`, '1.0.0')] }] })));
    const release = Promise.withResolvers<void>();
    for (const image of slow) held.set(image.layers[0]!.digest, release.promise);
    const stuck = slow.map((_, i) => push(`${registry.host}/stuck/app:${i}`));
    // Every place of both services is taken, and on a machine of two cores every thread.
    await vi.waitFor(async () => expect(await service.get(DataSource).query(`select count(*)::int as running from scans where state = 'running'`)).toEqual([{ running: 4 }]), 10_000);
    await buildImage({ layout, reference: 'urgent/app:1', layers: [{ entries: [npm('urgent', '1.0.0')] }, { entries: [npm('urgent-too', '1.0.0')] }] });
    expect((await push(`${registry.host}/urgent/app:1`, { priority: 'admission' })).indexed).toMatchObject({ packages: 2 });
    release.resolve();
    expect((await Promise.all(stuck)).every(({ indexed }) => indexed)).toBe(true);
  });

  it('stops a scan that is cancelled while it reads, and says so', async () => {
    const image = await buildImage({ layout, reference: 'cancelled/app:1', layers: [{ entries: [npm('never', '1.0.0')] }] });
    held.set(image.layers[0]!.digest, new Promise(() => undefined));
    const id = randomUUID();
    await bench.say(ImagePushed, { push: id, project: 'default', target: `${registry.host}/cancelled/app:1` });
    await vi.waitFor(() => expect(registry.requests.some((request) => request.includes(image.layers[0]!.digest))).toBe(true), 10_000);
    const ask = askOver(bench.admin);
    await expect(ask(FindScans, { pushes: [id] })).resolves.toMatchObject({ scans: [{ push: id, state: 'running', attempt: 1 }] });
    await expect(ask(CancelScan, { push: id, project: 'other', target: 't', by: 'alice' })).rejects.toMatchObject({ code: 'operation-missing' });
    await expect(ask(CancelScan, { push: id, project: 'default', target: 't', by: 'alice' })).resolves.toEqual({ was: 'running' });
    await vi.waitFor(async () => expect((await bench.said(ScanCancelled)).filter(({ push }) => push === id)).toMatchObject([{ project: 'default', by: 'alice' }]), 10_000);
    await expect(ask(FindScans, { pushes: [id] })).resolves.toEqual({ scans: [] });
    // Its place is free again: as many scans as there are places end after it.
    await buildImage({ layout, reference: 'after/app:1', layers: [{ entries: [npm('after', '1.0.0')] }] });
    expect((await Promise.all(Array.from({ length: 4 }, () => push(`${registry.host}/after/app:1`)))).every(({ indexed }) => indexed)).toBe(true);
    expect((await bench.said(ImageIndexed)).some(({ push }) => push === id) || (await bench.said(ImageRejected)).some(({ push }) => push === id)).toBe(false);
  });

  it('begins anew when it loses its session, and ends the image once', async () => {
    const image = await buildImage({ layout, reference: 'lost/app:1', layers: [{ entries: [npm('lost', '1.0.0')] }] });
    const layer = image.layers[0]!.digest, release = Promise.withResolvers<void>();
    held.set(layer, release.promise);
    const done = push(`${registry.host}/lost/app:1`);
    const fetches = (): number => registry.requests.filter((request) => request.includes(layer)).length;
    await vi.waitFor(() => expect(fetches()).toBe(1), 10_000);
    const sessions = [service, second].map((one) => one.get(Presence)), workers = await Promise.all(sessions.map(async (presence) => (await presence.here()).worker));
    const admin = await bench.postgres.admin();
    await admin.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and ((classid::bigint << 32) | objid::bigint) = any(select hashtextextended(worker, 0) from unnest($1::text[]) worker)`, [workers]);
    await vi.waitFor(() => expect(fetches()).toBe(2), 10_000);   // by a new worker
    release.resolve();
    expect((await done).indexed).toMatchObject({ packages: 1 });
    expect((await bench.said(ImageIndexed)).filter((one) => one.image.digest === image.digest)).toHaveLength(1);
    expect((await Promise.all(sessions.map(async (presence) => (await presence.here()).worker))).some((worker) => workers.includes(worker))).toBe(false);
    await admin.end();
  });

  it('keeps what it knows of an image that a scheduled look does not find any more', async () => {
    const image = await buildImage({ layout, reference: 'vanished/app:1', layers: [{ entries: [npm('vanished', '1.0.0')] }] });
    await push(`${registry.host}/vanished/app:1`);
    await service.get(DataSource).query(`update images set analyzer = 'older' where digest = $1`, [image.digest]);
    await vi.waitFor(async () => expect((await bench.said(ImageOutdated)).find((one) => one.image.digest === image.digest)).toMatchObject({ image: { project: 'default', reference: `${registry.host}/vanished/app:1` }, platform: 'linux/amd64' }), 10_000);
    rmSync(blobFile(layout, image.digest));
    const id = randomUUID();
    await bench.say(ImagePushed, { push: id, project: 'default', target: `${registry.host}/vanished/app:1`, digest: image.digest, priority: 'scheduled' });
    await vi.waitFor(async () => expect((await bench.said(ScanCancelled)).find(({ push }) => push === id)).toMatchObject({ why: expect.stringContaining('stands') }), 10_000);
    const tag = randomUUID();   // and of a tag, whichever image it was
    await bench.say(ImagePushed, { push: tag, project: 'default', target: `${registry.host}/vanished/app:1`, priority: 'scheduled' });
    await vi.waitFor(async () => expect((await bench.said(ScanCancelled)).find(({ push }) => push === tag)).toBeDefined(), 10_000);
    expect((await bench.said(ImageRejected)).some(({ push }) => push === id || push === tag)).toBe(false);
  });

  it('reads an outdated image again from what it kept: no layer is fetched when the layers are known', async () => {
    const image = await buildImage({ layout, reference: 'again/app:1', layers: [{ entries: [npm('again', '1.0.0')] }] });
    await push(`${registry.host}/again/app:1`);
    await service.get(DataSource).query(`update images set analyzer = 'older' where digest = $1`, [image.digest]);
    const { indexed } = await push(`${registry.host}/again/app:1`, { digest: image.digest, priority: 'scheduled' });
    expect(indexed).toMatchObject({ packages: 1 });
    expect(await service.get(DataSource).query(`select count(*)::int as n from images where digest = $1 and analyzer <> 'older'`, [image.digest])).toEqual([{ n: 1 }]);
    expect(registry.requests.filter((request) => request.includes(image.layers[0]!.digest))).toHaveLength(1);
  });

  it('forgets an image when the last project does, and what only it had, after a grace', async () => {
    const shared = { entries: [npm('shared', '1.0.0')] };
    const one = await buildImage({ layout, reference: 'forget/one:1', layers: [shared, { entries: [npm('one', '1.0.0')] }] });
    await buildImage({ layout, reference: 'forget/two:1', layers: [shared, { entries: [npm('two', '1.0.0')] }] });
    const [first] = await Promise.all([push(`${registry.host}/forget/one:1`), push(`${registry.host}/forget/two:1`), push(`${registry.host}/forget/one:1`, { project: 'other' })]);
    const db = service.get(DataSource), session = await service.get(Presence).here(), garbage = service.get(Garbage), documents = service.get(Bus).documents;
    const forget = async (project: string): Promise<void> => {
      await bench.say(ImageForgotten, { project, digest: one.digest, reference: 'x', why: 'deleted' });
      await vi.waitFor(async () => expect(await db.query('select from image_uses where digest = $1 and project = $2', [one.digest, project])).toEqual([]), 10_000);
    };
    await forget('default');
    await garbage.collect(session, 0);
    await expect(documents.get(first.indexed!.inventory)).resolves.toBeDefined();
    await forget('other');
    await garbage.collect(session, 1);   // the grace
    await expect(documents.get(first.indexed!.inventory)).resolves.toBeDefined();
    await garbage.collect(session, 0);
    await expect(documents.get(first.indexed!.inventory)).rejects.toMatchObject({ code: 'document-missing' });
    const kept = (await db.query('select digest from layers where digest = any($1)', [one.layers.map(({ digest }) => digest)])) as { digest: string }[];
    expect(kept.map(({ digest }) => digest)).toEqual([one.layers[0]!.digest]);
    expect(await db.query('select from layer_results where layer = $1', [one.layers[1]!.digest])).toEqual([]);
    // and a push brings it back, whole
    const again = await push(`${registry.host}/forget/one:1`);
    expect(again.indexed).toMatchObject({ packages: 2 });
    await expect(documents.get(again.indexed!.inventory)).resolves.toBeDefined();
  });

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

  it('says for which platforms an image is there', async () => {
    const one = await buildImage({ layout, reference: 'multi/one:1', layers: [{ entries: [npm('multi', '1.0.0')] }] });
    addImageIndex(layout, 'multi/app:1', [{ digest: one.digest, size: one.size, platform: { os: 'linux', architecture: 'amd64' } }, { digest: one.digest, size: one.size, platform: { os: 'linux', architecture: 's390x' } }]);
    const ask = askOver(bench.admin);
    await expect(ask(ListPlatforms, { target: `${registry.host}/multi/app:1` })).resolves.toEqual({ platforms: ['linux/amd64', 'linux/s390x'] });
    await expect(ask(ListPlatforms, { target: 'oci:/etc' })).rejects.toMatchObject({ code: expect.stringMatching('target-not-allowed') });
    await expect(ask(ListPlatforms, { target: 'docker:alpine' })).rejects.toMatchObject({ code: 'target-not-allowed' });
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

describe('base images', () => {
  it('are known by their layers, belong to their project, and are told by name', async () => {
    const ask = askOver(bench.admin), layers = [{ entries: [npm('below', '1.0.0')] }, { entries: [npm('middle', '1.0.0')] }];
    const built = await buildImage({ layout, reference: 'team/base:1', layers });
    const added = await ask(AddBase, { project: 'default', target: `${registry.host}/team/base:1` });
    expect(added).toMatchObject({ name: `${registry.host}/team/base:1`, digest: built.digest, platform: 'linux/amd64', layers: built.layers.map(({ diffId }) => diffId) });
    // The same chain under a name of one's own is still the same base.
    expect(await ask(AddBase, { project: 'default', target: `${registry.host}/team/base:1`, name: 'acme/base' })).toMatchObject({ id: added.id, name: 'acme/base' });
    expect((await ask(ListBases, { project: 'default' })).items.map(({ id, name }) => [id, name])).toEqual([[added.id, 'acme/base']]);
    expect((await ask(ListBases, { project: 'another' })).items).toEqual([]);
    await expect(ask(RemoveBase, { project: 'another', id: added.id })).rejects.toMatchObject({ code: 'base-missing' });
    await expect(ask(AddBase, { project: 'default', target: '/etc/passwd' })).rejects.toMatchObject({ kind: 'invalid' });
    await ask(RemoveBase, { project: 'default', id: added.id });
    expect((await ask(ListBases, { project: 'default' })).items).toEqual([]);
  });
});
