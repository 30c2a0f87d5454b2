import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from './digests.ts';
import { openImage, type OpenOptions, platformsOf } from './open-image.ts';
import { hostPlatform } from './platforms.ts';
import { readLayer, walkLayer, type FileLayerInput } from './read-layer.ts';
import { recogniseTarget, type ImageTarget } from './target.ts';
import { addImageIndex, addToIndex, blobFile, buildImage, type BuiltImage, packDockerArchive, packOciArchive, readIndex, writeBlob } from './testing/build-image.ts';
import { writeTar } from './testing/write-tar.ts';

let directory: string;
beforeAll(() => { directory = mkdtempSync(join(tmpdir(), 'open-image-')); });
afterAll(() => { rmSync(directory, { recursive: true }); });

let layouts = 0;
const aLayout = () => join(directory, `layout-${++layouts}`);
const anImage = (change: Partial<Parameters<typeof buildImage>[0]> = {}): Promise<BuiltImage> => buildImage({
  layout: aLayout(), reference: 'acme/shop:1.2',
  config: { User: 'app', Env: ['A=1'], ExposedPorts: { '80/tcp': {} }, Entrypoint: ['/bin/app'], Labels: { team: 'x' } },
  layers: [
    { entries: [{ path: 'etc/os-release', content: 'ID=debian' }], createdBy: 'ADD rootfs' },
    { entries: [{ path: 'app', content: 'x' }], compression: 'zstd', createdBy: 'COPY app' },
    { entries: [{ path: 'b', content: 'y' }], compression: 'none' },
  ],
  ...change,
});

async function open(text: string, options: OpenOptions = {}) {
  const image = await openImage(await recogniseTarget(text) as ImageTarget, options);
  const seen: string[] = [];
  for (let i = 0; i < image.layers.length; i++) await readLayer(image.layerInput(i), { wants: () => false, file() {}, entry: ({ path }) => { seen.push(path); } });
  await image.close();
  return { ...image, seen };
}

describe('platformsOf', () => {
  it('lists those of an index and the one of an image', async () => {
    const layout = aLayout();
    const one = await anImage({ layout, reference: 'one' }), arm = await anImage({ layout, reference: 'arm', platform: 'linux/arm64/v8' });
    addImageIndex(layout, 'both', [{ ...one, platform: { os: 'linux', architecture: 'amd64' } }, { ...arm, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }].map(({ digest, size, platform }) => ({ digest, size, platform })));
    const platforms = async (text: string) => platformsOf(await recogniseTarget(text) as ImageTarget);
    expect(await platforms(`oci:${layout}:both`)).toEqual(['linux/amd64', 'linux/arm64/v8']);
    expect(await platforms(`oci:${layout}:arm`)).toEqual(['linux/arm64/v8']);
    await expect(platforms(`oci:${layout}:none`)).rejects.toMatchObject({ code: 'reference-missing' });
    const saved = join(directory, 'platforms.tar'), single = await anImage();
    await packDockerArchive(single.layout, saved);
    expect(await platforms(saved)).toEqual(['linux/amd64']);
  });
});

describe('openImage', () => {
  it('opens the same image as a layout, an OCI archive and a docker-archive, plain and compressed', async () => {
    const built = await anImage();
    const tar = join(directory, 'shop.tar'), saved = join(directory, 'saved.tar');
    await packOciArchive(built.layout, tar);
    await packDockerArchive(built.layout, saved);
    writeFileSync(`${saved}.gz`, gzipSync(readFileSync(saved)));
    writeFileSync(`${tar}.zst`, zstdCompressSync(readFileSync(tar)));
    for (const target of [built.layout, `oci:${built.layout}`, `oci:${built.layout}:acme/shop:1.2`, tar, `oci-archive:${tar}`, `${tar}:acme/shop:1.2`, `${tar}.zst`, `${tar}:@${built.digest}`]) {
      const image = await open(target);
      expect(image).toMatchObject({ digest: built.digest, configDigest: built.configDigest, platform: 'linux/amd64', layers: built.layers, seen: ['etc/os-release', 'app', 'b'] });
      expect(image.layers.map(({ createdBy }) => createdBy)).toEqual(['ADD rootfs', 'COPY app', 'COPY layer 2']);
      expect(image.config.config).toMatchObject({ User: 'app', Env: ['A=1'], ExposedPorts: ['80/tcp'], Entrypoint: ['/bin/app'], Labels: { team: 'x' } });
      expect(image.reference).toContain(':acme/shop:1.2');
    }
    for (const target of [saved, `docker-archive:${saved}`, `docker-archive:${saved}.gz`, `${saved}.gz:acme/shop:1.2`, `${saved}:@0`]) {
      expect(await open(target)).toMatchObject({ digest: undefined, configDigest: built.configDigest, seen: ['etc/os-release', 'app', 'b'] });
    }
  });

  it('leaves nothing in the scratch directory', async () => {
    const scratch = mkdtempSync(join(directory, 'scratch-'));
    const { layout } = await anImage();
    const tar = join(directory, 'scratch.tar');
    await packOciArchive(layout, tar);
    const stored = gzipSync(readFileSync(tar));
    writeFileSync(tar, stored);
    await open(tar, { scratch });
    writeFileSync(tar, stored.subarray(0, -10));
    await expect(openImage({ kind: 'archive', path: tar, reference: undefined }, { scratch })).rejects.toMatchObject({ code: 'archive-truncated' });
    await expect(openImage({ kind: 'docker-archive', path: tar, reference: undefined }, { scratch, limits: { spoolBytes: 1000 } })).rejects.toMatchObject({ code: 'limit-spool-bytes' });
    writeFileSync(tar, gzipSync(Buffer.alloc(4 << 20)));
    await expect(openImage({ kind: 'archive', path: tar, reference: undefined }, { scratch, limits: { spoolRatioFrom: 1 << 20 } })).rejects.toMatchObject({ code: 'limit-ratio' });
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('reads an archive from standard input', async () => {
    const built = await anImage();
    const tar = join(directory, 'stdin.tar');
    await packOciArchive(built.layout, tar);
    const program = `
      import { openImage, recogniseTarget } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      const image = await openImage(await recogniseTarget('oci-archive:-:acme/shop:1.2'));
      console.log(image.digest, image.layers.length);
      await image.close();`;
    const output = execFileSync(process.execPath, ['--conditions=@plimsoll/source', '--input-type=module', '-e', program], { input: gzipSync(readFileSync(tar)), encoding: 'utf8' });
    expect(output.trim()).toBe(`${built.digest} 3`);
  });

  it('walks the plain layers of a docker-archive where they are', async () => {
    const built = await anImage();
    const saved = join(directory, 'walk.tar');
    await packDockerArchive(built.layout, saved);
    const image = await openImage({ kind: 'docker-archive', path: saved, reference: undefined });
    expect(image.layers[0]).toMatchObject({ mediaType: 'application/vnd.docker.image.rootfs.diff.tar', digest: built.layers[0]!.diffId });
    await expect(walkLayer(image.layerInput(1) as FileLayerInput, { wants: () => false, file() {} })).resolves.toMatchObject({ entries: 1 });
  });

  it('follows the symlinks that old docker save writes for a layer used twice, and not in circles', async () => {
    const tar = writeTar([{ path: 'a', content: 'x' }]);
    const diffId = digestOf(tar);
    const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [diffId, diffId] } });
    const archive = (link: string) => {
      const path = join(directory, `linked-${++layouts}.tar`);
      writeFileSync(path, writeTar([
        { path: 'one/layer.tar', content: tar }, { path: 'two/layer.tar', type: 'symlink', link }, { path: 'c.json', content: config },
        { path: 'manifest.json', content: JSON.stringify([{ Config: 'c.json', RepoTags: null, Layers: ['one/layer.tar', 'two/layer.tar'] }]) },
      ]));
      return path;
    };
    expect((await open(archive('../one/layer.tar'))).seen).toEqual(['a', 'a']);
    for (const link of ['../two/layer.tar', '../../../../etc/passwd', '/etc/passwd']) await expect(open(archive(link))).rejects.toMatchObject({ code: 'archive-member-missing' });
  });
});

describe('an archive with several images', () => {
  it('asks for the reference and lists them', async () => {
    const layout = aLayout();
    await anImage({ layout, reference: 'acme/shop:1' });
    await anImage({ layout, reference: 'acme/cart:2', layers: [] });
    const saved = join(directory, 'several.tar');
    await packDockerArchive(layout, saved);
    for (const target of [layout, saved]) {
      await expect(open(target)).rejects.toMatchObject({ code: 'reference-needed', detail: expect.stringContaining('acme/shop:1, acme/cart:2'), errors: [{ where: 'reference', what: 'acme/shop:1' }, { where: 'reference', what: 'acme/cart:2' }] });
      await expect(open(`${target}:nope`)).rejects.toMatchObject({ code: 'reference-missing', kind: 'missing' });
      expect((await open(`${target}:acme/cart:2`)).layers).toEqual([]);
    }
    expect((await open(`docker-archive:${saved}:docker.io/acme/shop:1`)).layers.length).toBe(3);
    await expect(open(`docker-archive:${saved}:@7`)).rejects.toMatchObject({ code: 'reference-missing' });
  });
});

describe('an index of several platforms', () => {
  const [hostArchitecture] = hostPlatform().split('/').slice(1);
  const multi = async (...platforms: readonly string[]) => {
    const layout = aLayout();
    const images = [];
    for (const platform of platforms) {
      const { digest, size } = await anImage({ layout, reference: `only/${platform.replaceAll('/', '-')}:x`, platform, layers: [] });
      const [os = '', architecture = '', variant] = platform.split('/');
      images.push({ digest, size, platform: { os, architecture, ...(variant && { variant }) } });
    }
    const attestation = writeBlob(layout, JSON.stringify({ schemaVersion: 2 }));
    addImageIndex(layout, 'multi:1', [...images, { ...attestation, platform: { os: 'unknown', architecture: 'unknown' } }]);
    return `${layout}:multi:1`;
  };

  it('gives the wanted one, else this machine\'s, else the only one', async () => {
    const three = await multi('linux/s390x', `linux/${hostArchitecture}`, 'linux/arm/v7');
    expect((await open(three)).platform).toBe(`linux/${hostArchitecture}`);
    expect((await open(three, { platform: 'linux/s390x' })).platform).toBe('linux/s390x');
    expect((await open(three, { platform: 's390x' })).platform).toBe('linux/s390x');
    expect((await open(three, { platform: 'linux/arm' })).platform).toBe('linux/arm/v7');
    expect((await open(await multi('linux/s390x'))).platform).toBe('linux/s390x');
  });

  it('lists what there is when none can be chosen', async () => {
    const two = await multi('linux/s390x', 'linux/ppc64le');
    await expect(open(two)).rejects.toMatchObject({ code: 'platform-needed', detail: expect.stringContaining('linux/s390x, linux/ppc64le') });
    await expect(open(two, { platform: 'windows/amd64' })).rejects.toMatchObject({ code: 'platform-missing' });
    await expect(open(two, { platform: 'a b' })).rejects.toMatchObject({ code: 'platform-invalid' });
  });

  it('refuses another platform than the single image has', async () => {
    const { layout } = await anImage();
    await expect(open(layout, { platform: 'linux/s390x' })).rejects.toMatchObject({ code: 'platform-missing' });
  });
});

describe('an image that is not what it says', () => {
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${'1'.repeat(64)}`, size: 10 };
  const imageConfig = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [layer.digest] } };

  /** A layout whose manifest and configuration say what they are told to. */
  function forged(manifest: Record<string, unknown>, config: unknown = imageConfig): string {
    const layout = aLayout();
    const stored = writeBlob(layout, JSON.stringify(config));
    const blob = writeBlob(layout, JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...stored }, layers: [layer], ...manifest }));
    addToIndex(layout, { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...blob });
    return layout;
  }

  it.each<[string, string, () => string]>([
    ['limit-layers', 'ten thousand layers', () => forged({ layers: Array.from({ length: 10_000 }, () => layer) })],
    ['layer-foreign', 'a foreign layer', () => forged({ layers: [{ ...layer, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', urls: ['http://169.254.169.254/'] }] })],
    ['layer-foreign', 'a non-distributable layer', () => forged({ layers: [{ ...layer, mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar' }] })],
    ['layer-unsupported', 'an unknown layer', () => forged({ layers: [{ ...layer, mediaType: 'application/x-brotli' }] })],
    ['not-an-image', 'a Helm chart', () => forged({ config: { ...layer, mediaType: 'application/vnd.cncf.helm.config.v1+json' } })],
    ['manifest-unsupported', 'schema version 1', () => forged({ schemaVersion: 1 })],
    ['manifest-unsupported', 'something else', () => forged({ mediaType: 'text/plain' })],
    ['document-invalid', 'layers that are no list', () => forged({ layers: {} })],
    ['document-invalid', 'a negative size', () => forged({ layers: [{ ...layer, size: -1 }] })],
    ['digest-invalid', 'a digest that is a path', () => forged({ layers: [{ ...layer, digest: '../../../../etc/passwd' }] })],
    ['digest-invalid', 'a digest of another algorithm', () => forged({ layers: [{ ...layer, digest: `md5:${'0'.repeat(32)}` }] })],
    ['document-invalid', 'fewer diffIds than layers', () => forged({ layers: [layer, layer] })],
    ['document-invalid', 'a configuration without rootfs', () => forged({}, { os: 'linux' })],
    ['document-invalid', 'an environment of numbers', () => forged({}, { ...imageConfig, config: { Env: [1] } })],
    ['document-invalid', 'labels that are a list', () => forged({}, { ...imageConfig, config: { Labels: ['x'] } })],
    ['digest-invalid', 'a diffId that is none', () => forged({}, { ...imageConfig, rootfs: { diff_ids: ['x'] } })],
    ['layout-incomplete', 'a layer that is not there', () => forged({})],
    ['limit-document-bytes', 'a manifest of 5 MiB', () => forged({ annotations: { a: 'x'.repeat(5 << 20) } })],
    ['digest-mismatch', 'a changed configuration', () => { const layout = forged({}); const config = readdirSync(join(layout, 'blobs/sha256')).find((name) => !readFileSync(join(layout, 'blobs/sha256', name), 'utf8').includes('schemaVersion'))!; const path = join(layout, 'blobs/sha256', config); writeFileSync(path, readFileSync(path, 'utf8').replace('linux', 'limux')); return layout; }],
    ['size-mismatch', 'a shortened manifest', () => { const layout = forged({}); const path = blobFile(layout, readIndex(layout)[0]!.digest); writeFileSync(path, readFileSync(path).subarray(1)); return layout; }],
    ['document-invalid', 'an index.json that is no JSON', () => { const layout = forged({}); writeFileSync(join(layout, 'index.json'), '{'); return layout; }],
    ['reference-missing', 'an index.json without images', () => { const layout = forged({}); writeFileSync(join(layout, 'index.json'), '{"manifests":[]}'); return layout; }],
    ['layout-incomplete', 'a blob that is a device', () => { const layout = forged({}); const path = blobFile(layout, readIndex(layout)[0]!.digest); rmSync(path); symlinkSync('/dev/zero', path); return layout; }],
    ['limit-index-depth', 'indexes inside indexes', () => {
      const layout = forged({});
      let inner: { digest: string; size: number } = readIndex(layout)[0]!;
      let mediaType = 'application/vnd.oci.image.manifest.v1+json';
      for (let depth = 0; depth < 6; depth++) {
        inner = writeBlob(layout, JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest: inner.digest, size: inner.size }] }));
        mediaType = 'application/vnd.oci.image.index.v1+json';
      }
      writeFileSync(join(layout, 'index.json'), JSON.stringify({ manifests: [{ mediaType, ...inner }] }));
      return layout;
    }],
  ])('is Problem %s: %s', async (code, _what, layout) => {
    await expect(open(layout())).rejects.toMatchObject({ name: 'Problem', code });
  });

  it.each<[string, () => Buffer]>([
    ['archive-truncated', () => writeTar([{ path: 'manifest.json', content: 'x'.repeat(2000) }]).subarray(0, 1500)],
    ['archive-corrupt', () => { const tar = writeTar([{ path: 'a', content: '' }, { path: 'manifest.json', content: '[]' }]); tar[512] = 0x41; return tar; }],
    ['archive-duplicate', () => writeTar([{ path: 'manifest.json', content: '[]' }, { path: 'manifest.json', content: '[{}]' }])],
    ['not-an-image', () => writeTar([{ path: 'readme', content: '' }])],
    ['reference-missing', () => writeTar([{ path: 'manifest.json', content: '[]' }])],
    ['document-invalid', () => writeTar([{ path: 'manifest.json', content: '{}' }])],
    ['archive-member-missing', () => writeTar([{ path: 'manifest.json', content: '[{"Config":"../../etc/passwd","Layers":[]}]' }])],
    ['limit-document-bytes', () => writeTar([{ path: 'manifest.json', content: ' '.repeat(5 << 20) }])],
  ])('in an archive is Problem %s', async (code, tar) => {
    const path = join(directory, `hostile-${++layouts}.tar`);
    writeFileSync(path, tar());
    await expect(openImage({ kind: 'archive', path, reference: undefined })).rejects.toMatchObject({ code });
  });

  it('has a limit for members', async () => {
    const path = join(directory, 'members.tar');
    writeFileSync(path, writeTar(Array.from({ length: 20 }, (_, i) => ({ path: `${i}` }))));
    await expect(openImage({ kind: 'archive', path, reference: undefined }, { limits: { archiveMembers: 10 } })).rejects.toMatchObject({ code: 'limit-archive-members' });
  });
});

describe('recogniseTarget', () => {
  it('looks at bare paths', async () => {
    const { layout } = await anImage();
    const root = join(directory, 'root');
    mkdirSync(root);
    const lock = join(directory, 'package-lock.json');
    writeFileSync(lock, '{}');
    const tgz = join(directory, 'not-a-tar.gz');
    writeFileSync(tgz, gzipSync('hello'));
    expect(await recogniseTarget(layout)).toEqual({ kind: 'oci-layout', path: layout, reference: undefined });
    expect(await recogniseTarget(root)).toEqual({ kind: 'directory', path: root });
    expect(await recogniseTarget(lock)).toEqual({ kind: 'file', path: lock });
    expect(await recogniseTarget(tgz)).toEqual({ kind: 'file', path: tgz });
    expect(await recogniseTarget(`dir:${layout}`)).toEqual({ kind: 'directory', path: layout });
    expect(await recogniseTarget('-')).toEqual({ kind: 'archive', path: '-', reference: undefined });
  });

  it.each([
    ['alpine:3.15', 'alpine:3.15'], ['docker://ghcr.io/a/b@sha256:' + '0'.repeat(64), 'ghcr.io/a/b@sha256:' + '0'.repeat(64)], ['registry:localhost:5000/a', 'localhost:5000/a'], ['localhost:5000/a:1', 'localhost:5000/a:1'],
  ])('takes %s for a registry reference', async (text, reference) => {
    expect(await recogniseTarget(text)).toEqual({ kind: 'registry', reference });
  });

  it.each([
    ['target-missing', './nowhere'], ['target-missing', '/nowhere.tar'], ['target-missing', 'oci:nowhere'], ['target-missing', 'dir:nowhere'], ['target-missing', 'docker-archive:'], ['reference-invalid', 'docker://UPPER'], ['reference-invalid', ''], ['not-a-file', '/dev/null'],
  ])('answers %s for %j', async (code, text) => {
    await expect(recogniseTarget(text)).rejects.toMatchObject({ code });
  });
});
