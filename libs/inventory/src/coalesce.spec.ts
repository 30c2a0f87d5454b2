import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImage } from '@plimsoll/oci';
import { buildImage, type LayerPlan, type TarSource } from '@plimsoll/oci/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyzeLayer } from './analyze-layer.ts';
import { coalesce } from './coalesce.ts';
import { mergeAnalyses } from './layer-analysis.ts';
import { catalogers } from './catalogers.ts';
import { catalogerKey } from './cataloger.ts';
import { pointerProgram } from './testing/write-elf.ts';
import type { Inventory } from './model.ts';

let layout: string;
beforeEach(() => { layout = mkdtempSync(join(tmpdir(), 'coalesce-')); });
afterEach(() => rmSync(layout, { recursive: true }));

/** The inventory of an image of these layers, each package as `name version @layer`, and the layers' digests as numbers. */
async function inventoryOf(...layers: (readonly TarSource[])[]): Promise<{ inventory: Inventory; packages: string[] }> {
  const built = await buildImage({ layout, layers: layers.map((entries): LayerPlan => ({ entries })) });
  const image = await openImage({ kind: 'oci-layout', path: layout, reference: built.digest });
  const parts = await Promise.all(image.layers.map(async ({ digest, size }, i) => ({ layer: { digest, size }, analysis: await analyzeLayer(image.layerInput(i)) })));
  const inventory = coalesce({ target: { reference: 'x' }, config: image.config, layers: parts });
  const number = (digest: string | undefined) => built.layers.findIndex((one) => one.digest === digest);
  return { inventory, packages: inventory.packages.map(({ name, version, layer, locations }) => `${name} ${version} @${number(layer)}${locations.length > 1 ? ` ${locations.map((one) => `${one.path}@${number(one.layer)}`).join(' ')}` : ''}`) };
}

const file = (path: string, content: string | Buffer, mode?: number): TarSource => ({ path, content, ...(mode && { mode }) });
const status = (packages: Record<string, string>): TarSource =>
  file('var/lib/dpkg/status', Object.entries(packages).map(([name, version]) => `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`).join('\n'));
const npm = (name: string, version: string, root = 'app'): TarSource => file(`${root}/node_modules/${name}/package.json`, JSON.stringify({ name, version }));
const os = file('etc/os-release', 'ID=debian\nVERSION_ID=11\n');

describe('coalesce', () => {
  it('lets a database of an upper layer replace the lower one, and a package keep the layer since which it has stayed', async () => {
    const { packages } = await inventoryOf([os, status({ a: '1', b: '1', c: '1' })], [status({ a: '1', b: '2', d: '1' })], [status({ a: '1', b: '2', c: '1' })]);
    expect(packages).toEqual(['a 1 @0', 'b 2 @1', 'c 1 @2']);
  });

  it('honours whiteouts of files and directories', async () => {
    const { packages } = await inventoryOf([npm('a', '1'), npm('b', '1'), npm('c', '1', 'other')], [file('app/node_modules/.wh.a', ''), file('.wh.other', '')]);
    expect(packages).toEqual(['b 1 @0']);
  });

  it('hides what is below an opaque directory, but not what its own layer holds', async () => {
    const { packages } = await inventoryOf([npm('a', '1'), npm('b', '1')], [npm('c', '1'), file('app/node_modules/.wh..wh..opq', '')]);
    expect(packages).toEqual(['c 1 @1']);
  });

  it.each<[string, TarSource]>([
    ['a symlink', { path: 'app/node_modules', type: 'symlink', link: '/elsewhere' }],
    ['a file', file('app/node_modules', 'now a file')],
  ])('hides what was below a directory that became %s', async (_, entry) => {
    expect((await inventoryOf([npm('a', '1')], [entry])).packages).toEqual([]);
  });

  it('hides a file that became a directory', async () => {
    const { packages } = await inventoryOf([file('lib/a-1.egg-info', 'Name: a\nVersion: 1\n')], [{ path: 'lib/a-1.egg-info', type: 'directory' }, file('lib/a-1.egg-info/PKG-INFO', 'Name: a\nVersion: 2\n')]);
    expect(packages).toEqual(['a 2 @1']);
  });

  it('forgets a program that was overwritten by something without packages', async () => {
    const { packages } = await inventoryOf([file('bin/app', pointerProgram('go1.17.2', ''), 0o755)], [file('bin/app', '#!/bin/sh\n', 0o644)]);
    expect(packages).toEqual([]);
  });

  it('gives the same language package in two places once, with both places', async () => {
    const { packages } = await inventoryOf([npm('a', '1')], [npm('a', '1', 'srv'), npm('a', '2', 'opt')]);
    expect(packages).toEqual(['a 1 @0 app/node_modules/a/package.json@0 srv/node_modules/a/package.json@1', 'a 2 @1']);
  });

  it('attributes a language package put there again to the first layer, and one removed and put back to the last', async () => {
    const { packages } = await inventoryOf([npm('a', '1'), npm('b', '1')], [npm('a', '1'), file('app/node_modules/.wh.b', '')], [npm('b', '1')]);
    expect(packages).toEqual(['a 1 @0', 'b 1 @2']);
  });

  it('reads a hard link as the file it names', async () => {
    const { packages } = await inventoryOf([file('store/abc', '{"name":"a","version":"1"}'), { path: 'app/node_modules/a/package.json', type: 'hardlink', link: 'store/abc' }, npm('b', '1'), { path: 'srv/node_modules/b/package.json', type: 'hardlink', link: 'app/node_modules/b/package.json' }]);
    expect(packages).toEqual(['a 1 @0', 'b 1 @0 app/node_modules/b/package.json@0 srv/node_modules/b/package.json@0']);
  });

  it('counts the later of two entries of one path', async () => {
    expect((await inventoryOf([npm('a', '1'), npm('a', '2')])).packages).toEqual(['a 2 @0']);
    expect((await inventoryOf([npm('a', '1'), { path: 'app/node_modules/a/package.json', type: 'symlink', link: '/x' }])).packages).toEqual([]);
  });

  it('names the owner of language packages, across merged directories, until the owner is gone', async () => {
    const base = [os, status({ 'python3-six': '1.16-2' }), file('var/lib/dpkg/info/python3-six.list', '/.\n/lib/python3/dist-packages/six-1.16.egg-info\n'), file('usr/lib/python3/dist-packages/six-1.16.egg-info', 'Name: six\nVersion: 1.16\n'), npm('a', '1')];
    const ownerOf = async (...layers: (readonly TarSource[])[]) => (await inventoryOf(...layers)).inventory.packages.filter(({ type }) => type !== 'deb').map(({ name, owner }) => [name, owner]);
    expect(await ownerOf(base)).toEqual([['a', undefined], ['six', 'pkg:deb/debian/python3-six@1.16-2?arch=amd64&distro=debian-11']]);
    expect(await ownerOf(base, [status({ other: '1' })])).toEqual([['a', undefined], ['six', undefined]]);
  });

  it('takes os-release of /etc before that of /usr/lib, whichever layer it lies in', async () => {
    const { inventory } = await inventoryOf([file('etc/os-release', 'ID=debian\n')], [file('usr/lib/os-release', 'ID=ubuntu\n')]);
    expect(inventory.os?.id).toBe('debian');
  });

  it('keeps every problem with its layer and path, and forgets those of hidden files', async () => {
    const broken = file('app/node_modules/a/package.json', '{"name');
    const { inventory } = await inventoryOf([broken, file('app/node_modules/b/package.json', '{')], [file('app/node_modules/.wh.b', '')]);
    expect(inventory.problems).toMatchObject([{ code: 'package-json-invalid', where: `${inventory.target.layers[0]!.digest} app/node_modules/a/package.json` }]);
  });

  it('gives the same bytes whatever the order of entries and catalogers', async () => {
    const entries = [os, status({ b: '1', a: '1' }), npm('z', '1'), npm('a', '1')];
    const built = await buildImage({ layout, layers: [{ entries }] });
    const image = await openImage({ kind: 'oci-layout', path: layout, reference: built.digest });
    const layer = { digest: built.layers[0]!.digest, size: 1 };
    const whole = await analyzeLayer(image.layerInput(0));
    const half = catalogers.filter((_, i) => i % 2 === 0), rest = catalogers.filter((_, i) => i % 2 === 1);
    const merged = mergeAnalyses(await analyzeLayer(image.layerInput(0), { catalogers: rest }), await analyzeLayer(image.layerInput(0), { catalogers: half }));
    expect(Object.keys(merged.results).sort()).toEqual(catalogers.map(catalogerKey).sort());
    const document = (analysis: typeof whole) => JSON.stringify(coalesce({ target: { reference: 'x' }, config: image.config, layers: [{ layer, analysis }] }));
    expect(document(JSON.parse(JSON.stringify(merged)))).toBe(document(whole));
  });
});
