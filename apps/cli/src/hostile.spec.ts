import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { addToIndex, blobFile, buildImage, type LayerPlan, paxRecord, serveRegistry, type ServeOptions, tarHeader, type TarSource, writeBlob, writeTar } from '@plimsoll/oci/testing';
import { nestedJar, rpmHeader, writeBdb, writeZip } from '@plimsoll/inventory/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aHome, bin, node } from './plimsoll.spec-helper.ts';

/**
 * What strangers may put into an image or answer as a registry, through the door that people use. Every time: the program ends by
 * itself, with 1 and a name for what is wrong, in bounded memory, having written nothing but its answer, and never says "clean".
 */
const home = aHome();
const MiB = 1 << 20, rssAtMost = 450 * MiB, maxSeconds = 120;
beforeAll(() => mkdirSync(home.file('tmp')));
afterAll(() => home.remove());

interface Outcome { readonly code: number | null; readonly out: string; readonly err: string; readonly rss: number; readonly codes: string[] }

/** Runs `inventory TARGET --json` with a scratch directory of its own and watches its memory (Linux only). */
function inventoryOf(target: string, ...words: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [bin, 'inventory', target, '--json', ...words], { cwd: home.path, env: { PATH: process.env['PATH']!, HOME: home.path, TMPDIR: home.file('tmp') }, stdio: ['ignore', 'pipe', 'pipe'] });
    let rss = 0;
    const watch = setInterval(() => { rss = Math.max(rss, peakOf(child.pid!)); }, 20);
    const out: Buffer[] = [], err: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      const text = Buffer.concat(out).toString(), told = Buffer.concat(err).toString();
      const codes = text === '' ? [...told.matchAll(/\(([a-z0-9-]+)\)/g)].map(([, one]) => one!) : (JSON.parse(text) as { problems: { code: string }[] }).problems.map((one) => one.code);
      resolve({ code, out: text, err: told, rss, codes });
    });
  });
}

function peakOf(pid: number): number {
  try { return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024; } catch { return 0; }
}

/** Everything below the user's home, with sizes: what a scan must leave as it was. */
const listing = (): string[] => readdirSync(home.path, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('.cache')).sort();

async function expectNamed(target: string, code: string, ...words: string[]): Promise<Outcome> {
  const before = listing(), ran = await inventoryOf(target, ...words);
  expect(ran.codes.join(' '), ran.err.slice(0, 600)).toMatch(new RegExp(`(^| )(${code})( |$)`));
  expect(ran.code).toBe(1);
  expect(ran.err).not.toMatch(/No findings|a bug/);
  expect(ran.rss).toBeLessThan(rssAtMost);
  expect(listing()).toEqual(before);
  return ran;
}

let images = 0;
/** An image with these layers below one with an honest package. */
async function anImage(...layers: LayerPlan[]): Promise<string> {
  const layout = home.file(`image-${++images}`);
  await buildImage({ layout, reference: 'x:1', layers: [{ entries: [{ path: 'srv/node_modules/honest/package.json', content: JSON.stringify({ name: 'honest', version: '1.0.0' }) }] }, ...layers] });
  return `oci:${layout}`;
}
const files = (...entries: TarSource[]): LayerPlan => ({ entries });
const packageJson = (path: string, name = 'x'): TarSource => ({ path, content: JSON.stringify({ name, version: '1.0.0' }) });

/** A layer stored as these bytes, which are named rightly. */
async function stored(bytes: Buffer, mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip', diffId = `sha256:${'0'.repeat(64)}`): Promise<string> {
  const layout = home.file(`image-${++images}`), layer = writeBlob(layout, bytes);
  const config = writeBlob(layout, JSON.stringify({ os: 'linux', architecture: 'amd64', config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } }));
  addToIndex(layout, { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...writeBlob(layout, JSON.stringify({
    schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config }, layers: [{ mediaType, ...layer }],
  })) });
  return `oci:${layout}`;
}

const zeros = (count: number, pack: (bytes: Buffer) => Buffer): Buffer => {
  const piece = pack(Buffer.alloc(64 * MiB));
  return Buffer.concat([pack(tarHeader({ path: 'zeros', size: count * 64 * MiB, flag: '0' })), ...Array.from({ length: count }, () => piece)]);
};
const tar = writeTar([packageJson('app/node_modules/x/package.json')]);
/** A member that names its own size rightly and inflates to that many zeros. */
const zipBomb = (bytes: number): Buffer => writeZip([{ name: 'META-INF/MANIFEST.MF', content: Buffer.alloc(bytes) }]);

describe('layers made to hurt', () => {
  it.each<[string, string, () => Promise<string>]>([
    ['a gzip bomb', 'limit-ratio', () => stored(zeros(17, gzipSync))],
    ['a zstd bomb', 'limit-ratio', () => stored(zeros(17, zstdCompressSync), 'application/vnd.oci.image.layer.v1.tar+zstd')],
    ['gzip inside gzip', 'tar-corrupt|layer-truncated', () => stored(gzipSync(gzipSync(tar)))],
    ['a wrong header checksum', 'tar-corrupt', () => { const wrong = Buffer.from(tar); wrong[100]! ^= 1; return stored(gzipSync(wrong)); }],
    ['a wrong gzip checksum', 'layer-corrupt', () => { const wrong = gzipSync(tar); wrong[wrong.length - 5]! ^= 1; return stored(wrong); }],
    ['a stream cut short', 'layer-truncated', () => stored(gzipSync(tar).subarray(0, -12))],
    ['a zstd stream cut short', 'layer-truncated', () => stored(zstdCompressSync(tar).subarray(0, -4), 'application/vnd.oci.image.layer.v1.tar+zstd')],
    ['another diffId than the configuration says', 'diff-id-mismatch', () => stored(gzipSync(tar))],
    ['another digest', 'digest-mismatch', async () => { const target = await stored(gzipSync(tar)); change(target, (bytes) => { bytes[bytes.length >> 1]! ^= 1; return bytes; }); return target; }],
    ['another size', 'size-mismatch', async () => { const target = await stored(gzipSync(tar)); change(target, (bytes) => Buffer.concat([bytes, Buffer.from([0])])); return target; }],
    ['a manifest of ten thousand layers', 'limit-layers', async () => {
      const layout = home.file(`image-${++images}`), layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...writeBlob(layout, gzipSync(tar)) };
      const config = writeBlob(layout, JSON.stringify({ os: 'linux', architecture: 'amd64', config: {}, rootfs: { type: 'layers', diff_ids: Array.from({ length: 10_000 }, () => layer.digest) } }));
      addToIndex(layout, { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...writeBlob(layout, JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config }, layers: Array.from({ length: 10_000 }, () => layer) })) });
      return `oci:${layout}`;
    }],
  ])('%s is %s', async (_what, code, target) => { await expectNamed(await target(), code); }, maxSeconds * 1000);

  it('a million entries are read, in bounded memory', async () => {
    const ran = await inventoryOf(await stored(zstdCompressSync(millionEntries()), 'application/vnd.oci.image.layer.v1.tar+zstd', undefined));
    // The bytes are honest but for the diffId, which only a whole reading finds out.
    expect(ran.codes).toEqual(['diff-id-mismatch']);
    expect(ran.rss).toBeLessThan(rssAtMost);
  }, maxSeconds * 1000);
});

/** Every name that may not be is told of, and the honest rest of the layer is read. */
describe('names made to hurt', () => {
  it.each<[string, string, TarSource[]]>([
    ['a path ten thousand deep', 'limit-name', [packageJson(`${'d/'.repeat(10_000)}node_modules/deep/package.json`)]],
    ['a path out of the image', 'name-unsafe', [packageJson('../../../../etc/node_modules/x/package.json')]],
    ['an absolute path', 'name-absolute', [packageJson('/etc/node_modules/absolute/package.json')]],
    ['a hard link out of the image', 'link-unsafe|name-unsafe', [{ path: 'app/node_modules/x/package.json', type: 'hardlink', link: '../../../../etc/passwd' }]],
    ['two contents of one name', 'entry-duplicate', [packageJson('app/node_modules/x/package.json', 'one'), packageJson('app/node_modules/x/package.json', 'two')]],
    ['a file that is a directory too', 'entry-duplicate', [{ path: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\n' }, { path: 'etc/os-release', type: 'directory' }]],
    ['a whiteout of the parent', 'whiteout-unsafe', [{ path: 'srv/.wh...' }]],
  ])('%s is %s', async (_what, code, entries) => {
    const ran = await expectNamed(await anImage(files(...entries)), code);
    expect(ran.out).toContain('"honest"');
  });

  it('a NUL in a name is named', async () => {
    const record = Buffer.from(paxRecord('path', 'app/node_modules/x\0y/package.json'));
    const nul = Buffer.concat([tarHeader({ path: 'PaxHeaders/x', size: record.length, flag: 'x' }), record, Buffer.alloc(512 - record.length), writeTar([packageJson('y')])]);
    expect((await expectNamed(await anImage({ tar: nul }), 'name-unsafe')).out).toContain('"honest"');
  });

  it('links in circles, links to nothing and devices: nothing is followed, nothing opened, and what cannot be told is named', async () => {
    const ran = await expectNamed(await anImage(files(
      { path: 'app/node_modules/a', type: 'symlink', link: '../node_modules/b' }, { path: 'app/node_modules/b', type: 'symlink', link: 'a' },
      { path: 'app/node_modules/h/package.json', type: 'hardlink', link: 'app/node_modules/i/package.json' }, { path: 'app/node_modules/i/package.json', type: 'hardlink', link: 'app/node_modules/h/package.json' },
      { path: 'etc/os-release', type: 'symlink', link: '../../../../../../../etc/os-release' }, { path: 'app/node_modules/d/package.json', type: 'character' }, { path: 'app/node_modules/f/package.json', type: 'fifo' },
    )), 'link-dangling');
    const { packages, os } = JSON.parse(ran.out) as { packages: { name: string }[]; os: unknown };
    expect({ names: packages.map(({ name }) => name), os }).toEqual({ names: ['honest'], os: null });
  });

  it('a root filesystem that points out of itself is not left', async () => {
    mkdirSync(home.file('root/app/node_modules'), { recursive: true });
    mkdirSync(home.file('outside/secret'), { recursive: true });
    writeFileSync(home.file('outside/secret/package.json'), '{"name":"secret","version":"1.0.0"}');
    symlinkSync(home.file('outside/secret'), home.file('root/app/node_modules/secret'));
    symlinkSync('.', home.file('root/app/node_modules/loop'));
    expect((await inventoryOf('dir:root')).out).not.toContain('"secret"');
  });
});

/** The file is named, the rest is read. */
describe('files made to hurt', () => {
  const loop = writeBdb([rpmHeader({ name: 'a', version: '1', release: '1', padding: 9000 })]);
  loop.writeUInt32LE(2, 3 * 4096 + 16);

  it.each<[string, string, () => LayerPlan]>([
    ['an rpm database that points at itself', 'rpmdb-loop', () => files({ path: 'var/lib/rpm/Packages', content: loop })],
    ['a jar in a jar a hundred times', 'limit-jar-depth', () => files({ path: 'srv/x.jar', content: nestedJar(100) })],
    ['a zip bomb', 'limit-(jar|zip|member)[a-z-]*|zip-[a-z-]+', () => files({ path: 'srv/x.jar', content: zipBomb(300 * MiB) })],
    ['zip bombs inside a zip', 'limit-(jar|zip|member)[a-z-]*|zip-[a-z-]+', () => { const inner = zipBomb(120 * MiB); return files({ path: 'srv/x.war', content: writeZip(Array.from({ length: 20 }, (_, i) => ({ name: `lib/${i}.jar`, content: inner, stored: true }))) }); }],
    ['a package.json of a hundred megabytes', 'limit-file-bytes', () => files({ path: 'app/node_modules/x/package.json', content: Buffer.alloc(100 * MiB, 32) })],
    ['a package.json ten thousand brackets deep', 'package-json-invalid', () => files({ path: 'app/node_modules/x/package.json', content: '['.repeat(10_000) })],
  ])('%s is %s', async (_what, code, layer) => {
    const ran = await expectNamed(await anImage(layer()), code);
    expect(ran.out).toContain('"honest"');
  }, maxSeconds * 1000);
});

it('a package.json of a gigabyte in a directory is limit-file-bytes', async () => {
  mkdirSync(home.file('huge/app/node_modules/x'), { recursive: true });
  writeFileSync(home.file('huge/app/node_modules/x/package.json'), '{');
  truncateSync(home.file('huge/app/node_modules/x/package.json'), 1024 * MiB);
  await expectNamed('dir:huge', 'limit-file-bytes');
});

it('limits are what people set', async () => {
  const target = await anImage(files({ path: 'a', content: 'a' }, { path: 'b', content: 'b' }));
  expect((await inventoryOf(target)).code).toBe(0);
  await expectNamed(target, 'limit-entries', '--limit', 'entries=1');
  await expectNamed(target, 'limit-layers', '--limit', 'layers=1');
  await expectNamed(target, 'limit-unknown', '--limit', 'entires=1');
});

describe('registries made to hurt', () => {
  const answering = (part: string, answer: (response: ServerResponse) => void): ServeOptions => ({ intercept: (request, response) => { if (!request.url!.includes(part)) return false; answer(response); return true; } });
  const redirect = (location: string) => (response: ServerResponse): void => { response.writeHead(302, { location }).end(); };

  it.each<[string, string, ServeOptions]>([
    ['redirects to a metadata service', 'plain-http-refused', answering('/blobs/', redirect('http://169.254.169.254/latest/meta-data/'))],
    ['redirects to it with TLS', 'address-refused', answering('/blobs/', redirect('https://169.254.169.254/latest/meta-data/'))],
    ['redirects in a circle', 'redirect-[a-z]+|registry-[a-z-]+', { intercept: (request, response) => { if (!request.url!.includes('/blobs/')) return false; redirect(request.url!)(response); return true; } }],
    ['answers another layer', 'digest-mismatch|size-mismatch', answering('/blobs/', (response) => response.end('another'))],
    ['answers a page', 'document-invalid', answering('/manifests/', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'))],
    ['asks for credentials at another host', 'address-refused', { intercept: (_request, response) => { response.writeHead(401, { 'www-authenticate': 'Bearer realm="https://169.254.169.254/token",service="x"' }).end(); return true; } }],
  ])('one that %s: %s', async (_what, code, options) => {
    const layout = home.file(`image-${++images}`);
    await buildImage({ layout, reference: 'a/b:1', layers: [files(packageJson('app/node_modules/x/package.json'))] });
    const server = await serveRegistry(layout, options);
    try { await expectNamed(`${server.host}/a/b:1`, code); } finally { await server.close(); }
  }, maxSeconds * 1000);
});

/** Changes the layer's stored bytes under their old name. */
function change(target: string, how: (bytes: Buffer) => Buffer): void {
  const layout = target.slice('oci:'.length), [name] = readdirSync(join(layout, 'blobs/sha256')).filter((one) => readFileSync(join(layout, 'blobs/sha256', one))[0] === 0x1f);
  const path = blobFile(layout, `sha256:${name!}`);
  writeFileSync(path, how(readFileSync(path)));
}

/** One header repeated, with its number and its checksum changed: a million headers without a million objects. */
function millionEntries(): Buffer {
  const count = 1_000_000, all = Buffer.alloc((count + 2) * 512), header = tarHeader({ path: 'directory/with/a/name/number-0000000', flag: '0', size: 0 });
  let rest = 0;
  for (let k = 0; k < 512; k++) if (k < 29 || (k >= 36 && (k < 148 || k >= 156))) rest += header[k]!;
  for (let i = 0; i < count; i++) {
    const at = i * 512, number = String(i).padStart(7, '0');
    header.copy(all, at);
    all.write(number, at + 29, 'latin1');
    let sum = rest + 8 * 32;
    for (let k = 0; k < 7; k++) sum += number.charCodeAt(k);
    all.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return all;
}
