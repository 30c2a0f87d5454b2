import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, blobFile, type BuiltImage, type LayerPlan, packDockerArchive, type TarSource } from '@plimsoll/oci/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogerKey } from './cataloger.ts';
import { catalogers } from './catalogers.ts';
import { type IndexOptions, indexTarget, type Progress } from './index-image.ts';
import { type LayerAnalysis, mergeAnalyses } from './layer-analysis.ts';
import { LayerPool } from './layer-pool.ts';
import { inlineBuildInfo, pointerProgram, writeElf } from './testing/write-elf.ts';
import { nestedJar } from './testing/write-zip.ts';

let layout: string;
beforeEach(() => { layout = mkdtempSync(join(tmpdir(), 'index-image-')); });
afterEach(() => rmSync(layout, { recursive: true }));

const npm = (name: string): TarSource => ({ path: `app/node_modules/${name}/package.json`, content: JSON.stringify({ name, version: '1' }) });
const layers = (...entries: TarSource[][]): LayerPlan[] => entries.map((one) => ({ entries: one }));
const build = (plans: LayerPlan[]): Promise<BuiltImage> => buildImage({ layout, layers: plans });
const index = ({ digest }: BuiltImage, options: IndexOptions = {}) => indexTarget({ kind: 'oci-layout', path: layout, reference: digest }, options);
const names = ({ packages }: { packages: { name: string }[] }) => packages.map(({ name }) => name);

describe('indexTarget', () => {
  it('tells how far it is, and what image it read', async () => {
    const image = await build(layers([npm('a')], [npm('b')], [npm('c')])), seen: Progress[] = [];
    const inventory = await index(image, { onProgress: (progress) => seen.push(progress), workers: 2 });
    expect([...new Set(seen.map(({ layersDone }) => layersDone))].filter(Boolean)).toEqual([1, 2, 3]);
    expect(seen.at(-1)).toMatchObject({ layersTotal: 3, bytesDone: seen[0]!.bytesTotal });
    expect(inventory.target).toMatchObject({ kind: 'image', digest: image.digest, platform: 'linux/amd64', layers: image.layers.map(({ digest, diffId }) => ({ digest, diff_id: diffId })) });
    expect(names(inventory)).toEqual(['a', 'b', 'c']);
  });

  it.each([0, 1])('tells how far it is inside a layer, with %i threads', async (threads) => {
    const image = await build([{ entries: [{ path: 'large', content: randomBytes(3_000_000) }] }]), seen: Progress[] = [];
    await using pool = threads > 0 ? new LayerPool(threads) : undefined;
    await index(image, { onProgress: (progress) => seen.push(progress), pool });
    const [first] = seen, last = seen.at(-1)!;
    expect(first).toMatchObject({ layersDone: 0, layersTotal: 1, bytesTotal: image.layers[0]!.size });
    expect(first!.bytesDone).toBeLessThan(first!.bytesTotal);
    expect(seen.map(({ bytesDone }) => bytesDone)).toEqual(seen.map(({ bytesDone }) => bytesDone).sort((a, b) => a - b));
    expect(last).toMatchObject({ layersDone: 1, bytesDone: last.bytesTotal });
  });

  it.each([undefined, 2])('reads a docker-archive without verifying it only when told so, and says so (%s threads)', async (workers) => {
    await build(layers([npm('a'), { path: 'large', content: randomBytes(100_000) }], [npm('b')]));
    const path = join(layout, 'saved.tar'), kept: string[] = [];
    await packDockerArchive(layout, path);
    const read = (verify?: boolean) => indexTarget({ kind: 'docker-archive', path, reference: undefined }, { workers, verify, analyzed: async ({ digest }) => void kept.push(digest) });
    const verified = await read();
    expect({ problems: verified.problems, kept: kept.length }).toEqual({ problems: [], kept: 2 });
    const unverified = await read(false);
    expect(unverified).toEqual({ ...verified, target: { ...verified.target, layers: verified.target.layers.map((layer) => ({ ...layer, verified: false })) } });
    expect(kept).toHaveLength(2);

    const bytes = readFileSync(path);
    bytes[bytes.indexOf('large') + 5000]! ^= 1;
    writeFileSync(path, bytes);
    expect((await read()).problems).toMatchObject([{ code: 'diff-id-mismatch' }]);
    expect(names(await read(false))).toEqual(['a', 'b']);
  });

  it('reads a directory', async () => {
    mkdirSync(join(layout, 'root/app/node_modules/a'), { recursive: true });
    writeFileSync(join(layout, 'root/app/node_modules/a/package.json'), '{"name":"a","version":"1"}');
    const { target, packages, problems } = await indexTarget({ kind: 'directory', path: join(layout, 'root') });
    expect({ target, problems }).toEqual({ target: { kind: 'filesystem', reference: join(layout, 'root'), layers: [] }, problems: [] });
    expect(packages).toEqual([{ purl: 'pkg:npm/a@1', name: 'a', version: '1', type: 'npm', locations: [{ path: 'app/node_modules/a/package.json' }], licences: [] }]);
  });

  it('reads the lock files of a directory of sources, not those that lie in a system', async () => {
    mkdirSync(join(layout, 'sources'));
    writeFileSync(join(layout, 'sources/go.mod'), 'module m\nrequire a.b/c v1.0.0\n');
    const read = () => indexTarget({ kind: 'directory', path: join(layout, 'sources') });
    expect(names(await read())).toEqual(['a.b/c']);
    mkdirSync(join(layout, 'sources/var/lib/dpkg'), { recursive: true });
    expect(names(await read())).toEqual([]);
  });

  it.each<[string, (image: BuiltImage) => void, string]>([
    ['cut off', ({ layers: [, layer] }) => truncateSync(blobFile(layout, layer!.digest), layer!.size - 20), 'size-mismatch'],
    ['of other bytes than promised', ({ layers: [, layer] }) => writeFileSync(blobFile(layout, layer!.digest), Buffer.alloc(layer!.size)), 'digest-mismatch'],
    ['gone', ({ layers: [, layer] }) => rmSync(blobFile(layout, layer!.digest)), 'layout-incomplete'],
  ])('keeps the other layers and names one that is %s', async (_, damage) => {
    const image = await build(layers([npm('a')], [npm('b')], [npm('c')]));
    damage(image);
    const inventory = await index(image);
    expect(names(inventory)).toEqual(['a', 'c']);
    expect(inventory.problems).toHaveLength(1);
    expect(inventory.problems[0]!.where).toBe(image.layers[1]!.digest);
  });

  it('reads no layer twice, and a layer again only with the catalogers that have not seen it', async () => {
    const image = await build(layers([npm('a')], [npm('b')])), store = new Map<string, LayerAnalysis>(), written: string[] = [];
    const options: IndexOptions = { cached: async (digest) => store.get(digest), analyzed: async (fresh) => { written.push(fresh.digest); store.set(fresh.digest, JSON.parse(JSON.stringify(mergeAnalyses(store.get(fresh.digest) ?? fresh, fresh)))); } };
    const first = await index(image, options);
    expect(written.sort()).toEqual(image.layers.map(({ digest }) => digest).sort());
    rmSync(blobFile(layout, image.layers[0]!.digest));
    expect(JSON.stringify(await index(image, options))).toBe(JSON.stringify(first));
    expect(written).toHaveLength(2);

    const npmKey = catalogerKey(catalogers.find(({ name }) => name === 'npm')!), second = store.get(image.layers[1]!.digest)!;
    delete second.results[npmKey];
    expect(JSON.stringify(await index(image, options))).toBe(JSON.stringify(first));
    expect(written).toEqual([...written.slice(0, 2), image.layers[1]!.digest]);
  });

  it('rejects with the Problem of a layer when told to be strict, and takes layers one by one when asked', async () => {
    const image = await build(layers([npm('a')], [npm('b')])), asked: string[] = [];
    await index(image, { alone: (digest, work) => { asked.push(digest); return work(); } });
    expect(asked.sort()).toEqual(image.layers.map(({ digest }) => digest).sort());
    truncateSync(blobFile(layout, image.layers[0]!.digest), 50);
    await expect(index(image, { strict: true })).rejects.toMatchObject({ code: 'size-mismatch' });
  });

  it('does not take a known layer for one the configuration lies about', async () => {
    const honest = await build(layers([npm('a')])), store = new Map<string, LayerAnalysis>();
    await index(honest, { analyzed: async (analysis) => void store.set(analysis.digest, analysis) });
    const liar = await buildImage({ layout, layers: [{ entries: [npm('a')], claims: { diffId: `sha256:${'0'.repeat(64)}` } }] });
    expect((await index(liar, { cached: async (digest) => store.get(digest) })).problems).toMatchObject([{ code: 'diff-id-mismatch' }]);
  });

  it('stops when told, and leaves the pool able to work', async () => {
    await using pool = new LayerPool(1);
    const stop = new AbortController(), image = await build(layers([npm('a')], [npm('c')]));
    const reading = index(image, { pool, signal: stop.signal, alone: (_, work) => {
      const started = work();
      setImmediate(() => stop.abort(new Error('enough')));
      return started;
    } });
    await expect(reading).rejects.toThrow('enough');
    expect(names(await index(await build(layers([npm('b')])), { pool }))).toEqual(['b']);
  });
});

describe('a program larger than any file that is held', () => {
  const program = writeElf([{ name: '.data', address: 0x800000, writable: true, bytes: inlineBuildInfo('go1.20.1', 'dep\texample.org/a\tv1.0.0\n') }]);
  const large = 400 << 20;

  it('is read in a directory, and as the target', async () => {
    const path = join(layout, 'root', 'program');
    mkdirSync(join(layout, 'root'));
    writeFileSync(path, program, { mode: 0o755 });
    truncateSync(path, 700 << 20);
    for (const target of [{ kind: 'directory', path: join(layout, 'root') }, { kind: 'file', path }] as const) {
      const { packages, problems } = await indexTarget(target);
      expect({ names: names({ packages }), problems }).toEqual({ names: ['example.org/a', 'stdlib'], problems: [] });
    }
  });

  it('is read in a layer, also behind a hard link, and where its texts stand before what points at them', async () => {
    const pointers = pointerProgram('go1.17.2', 'dep\texample.org/b\tv1.0.0\n'), path = join(layout, 'large');
    writeFileSync(path, program);
    truncateSync(path, large);
    const inventory = await index(await build(layers([
      { path: 'bin/large', from: path, mode: 0o755 }, { path: 'bin/link', type: 'hardlink', link: 'bin/large', mode: 0o755 },
      { path: 'bin/old', content: pointers, mode: 0o755 }, { path: 'bin/old-link', type: 'hardlink', link: 'bin/old', mode: 0o755 },
    ])));
    expect(inventory.problems).toEqual([]);
    const places = (name: string) => inventory.packages.find((one) => one.name === name)?.locations.map((one) => one.path);
    expect({ large: places('example.org/a'), old: places('example.org/b') }).toEqual({ large: ['bin/large', 'bin/link'], old: ['bin/old', 'bin/old-link'] });
  });
});

describe('hostile files', () => {
  it.each<[string, TarSource, string]>([
    ['a package.json of 30 MB', { path: 'app/node_modules/x/package.json', content: Buffer.alloc(30_000_000, 32) }, 'limit-file-bytes'],
    ['a package.json of bytes', { path: 'app/node_modules/x/package.json', content: Buffer.alloc(100, 0xfe) }, 'package-json-invalid'],
    ['a jar in a jar ×100', { path: 'srv/x.jar', content: nestedJar(100) }, 'limit-jar-depth'],
    ['an rpm database of zeros', { path: 'var/lib/rpm/rpmdb.sqlite', content: Buffer.alloc(4096) }, 'rpmdb-unreadable'],
    ['a program with false build information', { path: 'bin/x', mode: 0o755, content: falseProgram() }, 'elf-corrupt'],
  ])('%s is named, and the rest is read', async (_, entry, code) => {
    const image = await build(layers([npm('a'), entry]));
    const inventory = await index(image);
    expect(names(inventory)).toContain('a');
    expect(inventory.problems).toMatchObject([{ code, where: expect.stringContaining(`${image.layers[0]!.digest} ${entry.path}`) }]);
  });
});

describe('LayerPool', () => {
  it('names the death of a thread and goes on', async () => {
    await using pool = new LayerPool(1);
    const image = await build(layers([npm('a')]));
    // A job no thread can take apart: what a crash in native code looks like from outside.
    await expect(pool.analyze({ input: undefined as never, keys: [], limits: undefined })).rejects.toMatchObject({ code: expect.stringMatching(/^layer-(failed|worker-died)$/) });
    expect(names(await index(image, { pool }))).toEqual(['a']);
  });

  it('refuses work once closed', async () => {
    const pool = new LayerPool(1);
    await pool.close();
    const image = await build(layers([npm('a')]));
    await expect(index(image, { pool })).rejects.toMatchObject({ code: 'pool-closed' });
  });
});

it('reads from compiled files as from source', { skip: !existsSync(new URL('../dist/layer-worker.js', import.meta.url)) }, async () => {
  const compiled = await import(/* @vite-ignore */ new URL('../dist/index.js', import.meta.url).href) as { indexTarget: typeof indexTarget };
  const { digest } = await build(layers([npm('a')]));
  expect(names(await compiled.indexTarget({ kind: 'oci-layout', path: layout, reference: digest }))).toEqual(['a']);
});

function falseProgram(): Buffer {
  const bytes = Buffer.alloc(8192);
  bytes.write('\x7fELF', 'latin1');
  bytes.set([2, 1, 1], 4);
  bytes.writeBigUInt64LE(1n << 50n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(3, 56);
  bytes.write('\xff Go buildinf:', 4096, 'latin1');
  return bytes;
}
