import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { recogniseTarget } from '@plimsoll/oci';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexTarget } from './index-image.ts';
import { LayerPool } from './layer-pool.ts';
import { Inventory, type Package } from './model.ts';
import { inventorySchema } from './schema.ts';

/**
 * Real images against what their own package managers say. The truth is made here without any code under test: `tar` unpacks,
 * `dpkg-query` and `rpm` answer where they are installed, and a few lines of text search where they are not.
 */
const data = '../shared/data', missing = !existsSync(data) || !has('tar');

interface Expectation { readonly target: string; readonly os: string | null; readonly truth: (root: string) => Set<string>; readonly count: number; readonly platform?: string; /** The program that knows the truth. */ readonly needs?: string }

const images: Record<string, Expectation> = {
  'debian:11.11-slim': { target: 'oci-archive:debian11-and-acme-storefront.oci.tar:debian:11.11-slim', os: 'debian 11', truth: dpkgTruth, count: 96 },
  'acme/storefront:1.4.2': { target: 'oci-archive:debian11-and-acme-storefront.oci.tar:acme/storefront:1.4.2', os: 'debian 11', truth: dpkgTruth, count: 115 },
  'debian12-nginx:trimmed': { target: 'oci-archive:misc-7-images.oci.tar:debian12-nginx:trimmed', os: 'debian 12', truth: dpkgTruth, count: 155 },
  'distroless-style/cc-debian12:12.15': { target: 'oci-archive:misc-7-images.oci.tar:distroless-style/cc-debian12:12.15', os: 'debian 12', truth: statusDTruth, count: 12 },
  'ubuntu:20.04-trimmed': { target: 'oci-archive:misc-7-images.oci.tar:ubuntu:20.04-trimmed', os: 'ubuntu 20.04', truth: dpkgTruth, count: 221 },
  'alpine:3.15.0': { target: 'docker-archive:alpine-3.15.0.docker-archive.tar.gz', os: 'alpine 3.15.0', truth: apkTruth, count: 14 },
  'alpine:edge amd64': { target: 'oci-archive:alpine-edge-20240923-multiarch.oci.tar', os: 'alpine 3.21.0_alpha20240923', truth: apkTruth, count: 14, platform: 'linux/amd64' },
  'alpine:edge arm64': { target: 'oci-archive:alpine-edge-20240923-multiarch.oci.tar', os: 'alpine 3.21.0_alpha20240923', truth: apkTruth, count: 14, platform: 'linux/arm64' },
  'almalinux:9.1-micro': { target: 'oci-archive:misc-7-images.oci.tar:almalinux:9.1-micro', os: 'almalinux 9.1', truth: rpmTruth, count: 23, needs: 'rpm' },
  'mariner:2.0-rpmdb-only': { target: 'oci-archive:misc-7-images.oci.tar:mariner:2.0-rpmdb-only', os: 'mariner 2.0', truth: rpmTruth, count: 129, needs: 'rpm' },
  'sles:15.3-ndb-only': { target: 'oci-archive:misc-7-images.oci.tar:sles:15.3-ndb-only', os: 'sles 15.3', truth: ndbTruth, count: 35 },
  'busybox:glibc': { target: 'oci-archive:misc-7-images.oci.tar:busybox:glibc', os: null, truth: () => new Set(), count: 0 },
};

const systemTypes = new Set(['deb', 'apk', 'rpm']);
const line = ({ name, version, arch, source }: Pick<Package, 'name' | 'version' | 'arch' | 'source'>): string => `${name} ${version} ${arch ?? '-'} ${source?.name ?? '-'} ${source?.version ?? '-'}`;

describe.skipIf(missing)('every image of ../shared/data (skipped without it or without tar)', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'accuracy-')), pool = new LayerPool(2);
  const table: Record<string, { expected: number; found: number; missing: number; extra: number }> = {};
  const validate = (() => { const ajv = new Ajv2020({ strict: false }); addFormats.default(ajv); return ajv.compile(inventorySchema()); })();
  const unpacked = new Map<string, string>();
  const read = async ({ target, platform }: Expectation) => indexTarget(await recogniseTarget(target.replace(':', `:${data}/images/`)), { pool, ...(platform && { platform }) });
  const known = new Map<Expectation, Promise<Inventory>>();
  const index = async (expectation: Expectation) => known.get(expectation) ?? known.set(expectation, read(expectation)).get(expectation)!;

  beforeAll(() => {
    for (const file of readdirSync(join(data, 'images'))) {
      const directory = join(scratch, file);
      mkdirSync(directory);
      execFileSync('tar', ['xf', join(data, 'images', file), '-C', directory]);
      unpacked.set(file, directory);
    }
  });
  afterAll(async () => {
    await pool.close();
    rmSync(scratch, { recursive: true });
    console.table(table);
  });

  for (const [name, expectation] of Object.entries(images)) {
    const lacks = expectation.needs !== undefined && !has(expectation.needs);
    it.skipIf(lacks)(`${name} holds what its package manager reports${lacks ? ` (skipped: it takes ${expectation.needs} to know; apt-get install ${expectation.needs})` : ''}`, () => compare(name, expectation), 120_000);
  }

  async function compare(name: string, expectation: Expectation): Promise<void> {
    const inventory = await index(expectation);
    const root = unpackImage(expectation, unpacked, join(scratch, name.replaceAll('/', '_')));
    const expected = expectation.truth(root), found = new Set(inventory.packages.filter(({ type }) => systemTypes.has(type)).map(line));
    const lost = [...expected].filter((one) => !found.has(one)), extra = [...found].filter((one) => !expected.has(one));
    table[name] = { expected: expected.size, found: found.size, missing: lost.length, extra: extra.length };
    expect({ lost, extra }).toEqual({ lost: [], extra: [] });
    expect(expected.size).toBe(expectation.count);
    expect(inventory.os ? `${inventory.os.id} ${inventory.os.version_id}` : null).toBe(expectation.os);
    expect(inventory.problems).toEqual([]);
    Inventory.parse(inventory);
    expect(validate(inventory), JSON.stringify(validate.errors)).toBe(true);
    if (inventory.target.layers.length === 1) expect(JSON.stringify(await read(expectation))).toBe(JSON.stringify(inventory));
  }

  it('acme/storefront:1.4.2 holds the language packages listed for it, where they are listed', async () => {
    const ecosystems: Record<string, string> = { npm: 'npm', Maven: 'maven', PyPI: 'pypi', RubyGems: 'gem', Go: 'golang' };
    const listed: { ecosystem: string; name: string; version: string; path: string }[] = JSON.parse(readFileSync(join(data, 'expected/acme-storefront-1.4.2-lang.json'), 'utf8')).components;
    const expected = new Set(listed.map(({ ecosystem, name, version, path }) => `${ecosystems[ecosystem]} ${name} ${ecosystem === 'Go' ? 'v' : ''}${version} ${path.slice(1)}`));
    const { packages } = await index(images['acme/storefront:1.4.2']!);
    const found = new Set(packages.filter(({ type }) => !systemTypes.has(type)).flatMap(({ type, name, version, locations }) =>
      locations.map(({ path }) => `${type} ${name} ${version} ${path.replace(/\/(package\.json|METADATA|PKG-INFO)$/, '')}`)));
    const lost = [...expected].filter((one) => !found.has(one)), extra = [...found].filter((one) => !expected.has(one));
    table['acme/storefront:1.4.2, languages'] = { expected: expected.size, found: found.size, missing: lost.length, extra: extra.length };
    expect(lost).toEqual([]);
    // The application itself: the list holds dependencies only.
    expect(extra.sort()).toEqual(['golang github.com/evanw/esbuild  usr/local/bin/esbuild', 'maven com.acme:inventory-service 0.9.3 opt/inventory/inventory-service-0.9.3.jar']);
  });

  it('acme/storefront:1.4.2 tells the layer of each package, and nothing of removed ones', async () => {
    const { packages, target } = await index(images['acme/storefront:1.4.2']!);
    const layerOf = (name: string) => target.layers.findIndex(({ digest }) => digest === packages.find((one) => one.name === name)?.layer);
    expect(['libc6', 'libpython3.9-minimal', 'openssl', 'express', 'org.jsoup:jsoup', 'django', 'ws'].map(layerOf)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(['ip', 'werkzeug', 'lefthook'].map(layerOf)).toEqual([-1, -1, -1]);
  });

  it('ubuntu:20.04-trimmed tells which Debian package owns each Python package', async () => {
    const { packages } = await index(images['ubuntu:20.04-trimmed']!);
    const python = packages.filter(({ type }) => type === 'pypi');
    expect(python.length).toBe(10);
    expect(python.filter(({ owner }) => !owner?.startsWith('pkg:deb/ubuntu/'))).toEqual([]);
  });
});

/** Unpacks the package databases of an image, layer over layer. */
function unpackImage({ target, platform }: Expectation, archives: ReadonlyMap<string, string>, root: string): string {
  const [, file, ...reference] = target.split(':');
  const archive = archives.get(file!)!, json = (path: string) => JSON.parse(readFileSync(join(archive, path), 'utf8'));
  const blob = (digest: string) => `blobs/sha256/${digest.slice(7)}`;
  let layers: string[];
  if (target.startsWith('docker-archive:')) layers = json('manifest.json')[0].Layers;
  else {
    const entries: { digest: string; annotations?: Record<string, string> }[] = json('index.json').manifests;
    let manifest = json(blob(entries.find(({ annotations }) => reference.length === 0 || annotations?.['org.opencontainers.image.ref.name'] === reference.join(':'))!.digest));
    if (manifest.manifests) manifest = json(blob(manifest.manifests.find((one: { platform: { os: string; architecture: string } }) => `${one.platform.os}/${one.platform.architecture}` === platform).digest));
    layers = manifest.layers.map(({ digest }: { digest: string }) => blob(digest));
  }
  mkdirSync(root);
  layers.forEach((layer, i) => {
    const bytes = readFileSync(join(archive, layer));
    const tar = bytes.readUInt16BE(0) === 0x1f8b ? gunzipSync(bytes) : bytes.readUInt32BE(0) === 0x28b52ffd ? zstdDecompressSync(bytes) : bytes;
    const own = join(`${root}-${i}`);
    mkdirSync(own);
    // Not every pattern is in every layer, which tar calls an error; what is missing shows in the comparison.
    spawnSync('tar', ['xf', '-', '-C', own, '--wildcards', '--no-same-owner', '--no-same-permissions', ...['var/lib/dpkg', 'lib/apk/db', 'usr/lib/apk/db', 'var/lib/rpm', 'usr/lib/sysimage/rpm'].flatMap((path) => [path, `./${path}`])], { input: tar, maxBuffer: 1e8 });
    for (const hidden of execFileSync('find', [own, '-name', '.wh.*'], { encoding: 'utf8' }).split('\n').filter(Boolean)) {
      const path = hidden.replace(own, root), isOpaque = path.endsWith('/.wh..wh..opq');
      rmSync(isOpaque ? dirname(path) : path.replace('/.wh.', '/'), { recursive: true, force: true });
      rmSync(hidden);
    }
    execFileSync('cp', ['-a', `${own}/.`, root]);
  });
  return root;
}

function dpkgTruth(root: string): Set<string> {
  const text = has('dpkg-query')
    ? execFileSync('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '-W', '-f', '${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\\n'], { encoding: 'utf8', maxBuffer: 1e8 })
    : readFileSync(`${root}/var/lib/dpkg/status`, 'utf8').split('\n\n').map((stanza) => `${field(stanza, 'Status')?.split(' ')[2]} ${stanzaLine(stanza)}\n`).join('');
  return new Set(text.split('\n').filter((one) => one.startsWith('installed ')).map((one) => one.slice('installed '.length)));
}

function statusDTruth(root: string): Set<string> {
  const directory = `${root}/var/lib/dpkg/status.d`;
  return new Set(readdirSync(directory).filter((name) => !name.endsWith('.md5sums')).map((name) => stanzaLine(readFileSync(join(directory, name), 'utf8'))));
}

function stanzaLine(stanza: string): string {
  const source = /^(\S+)(?: \((.+)\))?$/.exec(field(stanza, 'Source') ?? field(stanza, 'Package')!)!;
  return [field(stanza, 'Package'), field(stanza, 'Version'), field(stanza, 'Architecture'), source[1], source[2] ?? field(stanza, 'Version')].join(' ');
}

function apkTruth(root: string): Set<string> {
  const text = readFileSync(`${root}/lib/apk/db/installed`, 'utf8');
  return new Set(text.split('\n\n').filter((one) => one.includes('P:')).map((one) => [field(one, 'P', ':'), field(one, 'V', ':'), field(one, 'A', ':'), field(one, 'o', ':'), field(one, 'V', ':')].join(' ')));
}

function rpmTruth(root: string): Set<string> {
  const text = execFileSync('rpm', ['--dbpath', `${root}/var/lib/rpm`, '-qa', '--qf', '%{NAME} %|EPOCH?{%{EPOCH}}:{0}|:%{VERSION}-%{RELEASE} %{ARCH} %{SOURCERPM}\\n'], { encoding: 'utf8' });
  return new Set(text.split('\n').filter(Boolean).map((one) => {
    const [name, version = '', arch, file = ''] = one.split(' ');
    const source = /^(.*)-([^-]+-[^-]+)\.src\.rpm$/.exec(file), epoch = version.split(':')[0]!, own = version.split(':')[1]!;
    return [name, epoch === '0' ? own : version, arch === '(none)' ? '-' : arch, source?.[1] ?? '-', source ? (epoch !== '0' && source[2] === own ? version : source[2]) : '-'].join(' ');
  }));
}

/** rpm of Debian cannot read ndb: every blob is found by its mark, and the fields by their tag numbers. */
function ndbTruth(root: string): Set<string> {
  const database = readFileSync(`${root}/usr/lib/sysimage/rpm/Packages.db`), found = new Set<string>();
  for (let at = database.indexOf('BlbS', 4096); at >= 0; at = database.indexOf('BlbS', at + 1)) {
    const header = database.subarray(at + 16, at + 16 + database.readUInt32LE(at + 12)), tags = header.readUInt32BE(0);
    const text = (tag: number): string | undefined => {
      for (let i = 0; i < tags; i++) {
        if (header.readUInt32BE(8 + i * 16) !== tag) continue;
        const start = 8 + tags * 16 + header.readUInt32BE(16 + i * 16);
        return header.toString('utf8', start, header.indexOf(0, start));
      }
      return undefined;
    };
    const source = /^(.*)-([^-]+-[^-]+)\.src\.rpm$/.exec(text(1044) ?? '');
    found.add([text(1000), `${text(1001)}-${text(1002)}`, text(1022) ?? '-', source?.[1] ?? '-', source?.[2] ?? '-'].join(' '));
  }
  return found;
}

function field(text: string, name: string, mark = ': '): string | undefined {
  return new RegExp(`^${name}${mark}(.*)$`, 'm').exec(text)?.[1];
}

function has(command: string): boolean { return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0; }
