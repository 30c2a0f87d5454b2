import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildImage, type TarSource } from '@plimsoll/oci/testing';
import type { Inventory } from '@plimsoll/inventory';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aHome, inShell, published } from './plimsoll.spec-helper.ts';

const home = aHome();
afterAll(() => home.remove());
const write = (name: string, content: string): void => { mkdirSync(dirname(home.file(name)), { recursive: true }); writeFileSync(home.file(name), content); };
const bases = ['--base', 'bases.json'];

// Put together here, so that nobody's scanner finds a key in this file.
const key = `AKIA${'Q3EGRJ7WZT4MXYLB'}`, password = `Tr0ub4dor${'-x7Qp'}`;
const installed = (name: string): TarSource => ({ path: `app/node_modules/${name}/package.json`, content: JSON.stringify({ name, version: '1.0.0' }) });
const base = { entries: [installed('below')], createdBy: 'ADD rootfs.tar.gz / # buildkit' };

beforeAll(async () => {
  await buildImage({ layout: home.file('base'), reference: 'base:1', layers: [base] });
  await buildImage({
    layout: home.file('shop'), reference: 'shop:1',
    layers: [base, { entries: [installed('above'), { path: 'app/settings.env', content: `A=1\nAWS_KEY=${key}\n` }], createdBy: `RUN |1 DEPLOY_TOKEN=${password} /bin/sh -c curl -u ci:${password} https://ci.acme.dev && ./login --key ${key} && echo ${password} # buildkit` }, { entries: [{ path: 'app/.wh.settings.env' }] }],
    config: { Env: ['PATH=/bin', `DB_PASSWORD=${password}`], Labels: { 'com.acme.token': password, title: 'shop' }, Entrypoint: ['/app/run', `--token=${password}`] },
  });
  write('empty/readme.txt', 'nothing');
  write('bases.json', JSON.stringify({ version: 1, bases: [] }));
  write('feed/GHSA-aaaa-0000-0001.json', JSON.stringify({ schema_version: '1.6.0', id: 'GHSA-aaaa-0000-0001', modified: '2026-01-02T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name: 'below' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] }] }));
});

async function inventoryOf(...words: string[]): Promise<Inventory> {
  const ran = await home.plimsoll(['inventory', ...words, '--json']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  return JSON.parse(ran.out) as Inventory;
}

it('a secret is told wherever it is, also where a layer above removed it, and is shown nowhere', async () => {
  const { secrets, target, configuration } = await inventoryOf('shop');
  expect(secrets.map(({ rule, place, path, line, match, layer, deleted }) => [rule, place, path, line, match, layer && target.layers.findIndex(({ digest }) => digest === layer), deleted])).toEqual([
    ['aws-access-key', 'file', 'app/settings.env', 2, 'AKIA…MXYLB'.replace('MXYLB', 'XYLB'), 1, true],
    ['aws-access-key', 'history', undefined, 2, 'AKIA…XYLB', 1, undefined],
    ['password', 'environment', 'DB_PASSWORD', undefined, '…', undefined, undefined],
  ]);
  expect(configuration.findings.find(({ id }) => id === 'CIS-DI-0010')?.count).toBe(3);
  for (const words of [['inventory', 'shop', '--json'], ['inventory', 'shop', '--format', 'cyclonedx'], ['inventory', 'shop', '--format', 'spdx'], ['scan', 'shop', '--scanners', 'secret,config']]) {
    const { out, err } = await home.plimsoll(words);
    expect(out).not.toContain(key);
    expect(out + err).not.toContain(password);
  }
});

it('lists every file with its layer when asked', async () => {
  const { files, target } = await inventoryOf('shop', '--files');
  expect(files?.map(({ path, layer }) => [path, target.layers.findIndex(({ digest }) => digest === layer)])).toEqual([['app/node_modules/above/package.json', 1], ['app/node_modules/below/package.json', 0]]);
  expect((await inventoryOf('shop')).files).toBeUndefined();
  expect((await inventoryOf('dir:empty', '--files')).files).toEqual([{ path: 'readme.txt' }]);
});

it('SARIF tells them beside the findings', async () => {
  const built = await home.plimsoll(['db', 'build', 'osv-npm=feed']);
  expect(built).toMatchObject({ code: 0 });
  const { out } = await home.plimsoll(['scan', 'shop', '--format', 'sarif', ...bases]), [run] = (JSON.parse(out) as { runs: { tool: { driver: { rules: { id: string }[] } }; results: { ruleId: string; ruleIndex: number; message: { text: string } }[] }[] }).runs;
  for (const { ruleId, ruleIndex } of run!.results) expect(run!.tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
  expect(run!.results.map(({ ruleId }) => ruleId)).toEqual(expect.arrayContaining(['aws-access-key', 'CIS-DI-0010']));
  expect(out).not.toContain(key);
});

it('what is not looked for is not told', async () => {
  const without = await inventoryOf('shop', '--scanners', 'vuln');
  expect({ secrets: without.secrets, findings: without.configuration.findings }).toEqual({ secrets: [], findings: [] });
  expect(JSON.stringify(without)).not.toContain(password);
  expect(await home.plimsoll(['inventory', 'shop', '--scanners', 'vuln,nonsense'])).toMatchObject({ code: 1 });
});

it('the inventory follows its published schema', async () => {
  const isInventory = published('inventory.schema.json');
  expect(isInventory(await inventoryOf('shop')), JSON.stringify(isInventory.errors)).toBe(true);
});

it('marks what comes from a known base, and says when there is none', async () => {
  expect(await home.plimsoll(['bases', 'add', 'base', '--name', 'acme/base:1', '--file', 'bases.json'])).toMatchObject({ code: 0, err: '' });
  const { target, packages, secrets, configuration } = await inventoryOf('shop', ...bases);
  expect(target.base).toMatchObject({ name: 'acme/base:1', layers: 1, told: 'registered' });
  expect(packages.map(({ name, base: isBase }) => [name, isBase])).toEqual([['above', false], ['below', true]]);
  expect(secrets[0]).toMatchObject({ base: false });
  expect(configuration.findings.map(({ id }) => id)).not.toContain('CIS-DI-0002');
  await buildImage({ layout: home.file('other'), reference: 'other:1', layers: [{ entries: [installed('alone')] }] });
  expect((await inventoryOf('other', ...bases)).configuration.findings.map(({ id }) => id)).toContain('CIS-DI-0002');
  // An image may be told the same thing by its own list of this machine.
  expect((await home.plimsoll(['bases', 'list', '--file', 'bases.json'])).out).toContain('acme/base:1');
  expect(await home.plimsoll(['bases', 'remove', 'acme/base:1', '--file', 'bases.json'])).toMatchObject({ code: 0 });
  expect(await home.plimsoll(['bases', 'remove', 'acme/base:1', '--file', 'bases.json'])).toMatchObject({ code: 1 });
  write('broken.json', '{"version": 2}');
  expect((await home.plimsoll(['inventory', 'shop', '--base', 'broken.json'])).err).toContain('no list of base images');
});

it.each([
  [0, []], [2, ['--fail-on', 'critical']], [2, ['--fail-on', 'high']], [5, ['--fail-on', 'high', '--exit-code', '5']],
])('exits %s with %j', async (code, words) => {
  expect(await home.plimsoll(['scan', 'shop', '--scanners', 'secret', ...words])).toMatchObject({ code });
});

it('problems of the configuration count for the exit code only where they are asked for', async () => {
  expect(await home.plimsoll(['scan', 'base', '--scanners', 'secret', '--fail-on', 'medium'])).toMatchObject({ code: 0 });
  expect(await home.plimsoll(['scan', 'base', '--scanners', 'config', '--fail-on', 'medium'])).toMatchObject({ code: 2 });
  expect(await home.plimsoll(['scan', 'base', '--scanners', 'config', '--fail-on', 'critical'])).toMatchObject({ code: 0 });
});

it('the table fits 80 columns', () => {
  const { out } = inShell('COLUMNS=80 plimsoll scan shop --scanners secret,config', { cwd: home.path });
  expect(out).toMatch(/3 secrets: 2 critical, 1 high/);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});
