import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openImage } from './open-image.ts';
import { readLayer } from './read-layer.ts';
import { recogniseTarget, type ImageTarget } from './target.ts';
import { survivingPaths } from './whiteouts.ts';

const images = fileURLToPath(new URL('../../../../shared/data/images/', import.meta.url));
const absent = !existsSync(images);

/** Every image there, with its platform and the files by which its packages are known. */
const expected: readonly [target: string, platform: string, layers: number, databases: readonly string[]][] = [
  ['debian11-and-acme-storefront.oci.tar:debian:11.11-slim', 'linux/amd64', 1, ['var/lib/dpkg/status']],
  ['debian11-and-acme-storefront.oci.tar:acme/storefront:1.4.2', 'linux/amd64', 7, ['var/lib/dpkg/status']],
  ['alpine-edge-20240923-multiarch.oci.tar linux/amd64', 'linux/amd64', 1, ['lib/apk/db/installed']],
  ['alpine-edge-20240923-multiarch.oci.tar linux/arm64', 'linux/arm64', 1, ['lib/apk/db/installed']],
  ['alpine-3.15.0.docker-archive.tar.gz', 'linux/amd64', 1, ['lib/apk/db/installed']],
  ['misc-7-images.oci.tar:debian12-nginx:trimmed', 'linux/amd64', 1, ['var/lib/dpkg/status']],
  ['misc-7-images.oci.tar:distroless-style/cc-debian12:12.15', 'linux/amd64', 1, ['var/lib/dpkg/status.d/']],
  ['misc-7-images.oci.tar:almalinux:9.1-micro', 'linux/arm64', 1, ['var/lib/rpm/rpmdb.sqlite']],
  ['misc-7-images.oci.tar:ubuntu:20.04-trimmed', 'linux/arm/v7', 1, ['var/lib/dpkg/status']],
  ['misc-7-images.oci.tar:mariner:2.0-rpmdb-only', 'linux/amd64', 1, ['var/lib/rpm/']],
  ['misc-7-images.oci.tar:sles:15.3-ndb-only', 'linux/amd64', 1, ['usr/lib/sysimage/rpm/Packages.db']],
  ['misc-7-images.oci.tar:busybox:glibc', 'linux/amd64', 1, ['bin/busybox']],
];

describe.skipIf(absent)(`the shared images${absent ? ' (skipped: ../shared/data absent)' : ''}`, () => {
  it.each(expected)('%s', async (text, platform, layers, databases) => {
    const [target = '', wanted] = text.split(' ');
    const image = await openImage(await recogniseTarget(images + target) as ImageTarget, wanted === undefined ? {} : { platform: wanted });
    expect(image.platform.replace('arm64/v8', 'arm64')).toBe(platform);
    expect(image.layers.length).toBe(layers);
    const found: string[][] = [], readings = [];
    for (let i = 0; i < image.layers.length; i++) {
      const paths: string[] = [];
      const reading = await readLayer(image.layerInput(i), { wants: () => false, file() {}, entry: ({ path, type }) => { if (type !== 'directory') paths.push(path); } });
      expect(reading).toMatchObject({ diffId: image.layers[i]!.diffId, problems: [] });
      found.push(paths);
      readings.push(reading);
    }
    await image.close();
    const files = survivingPaths(readings, found).flatMap((paths) => [...paths]);
    for (const database of databases) expect(files.some((path) => path === database || (database.endsWith('/') && path.startsWith(database)))).toBe(true);
    expect(new Set(files).size).toBe(files.length);
  });

  it.each(['debian11-and-acme-storefront.oci.tar', 'misc-7-images.oci.tar'])('%s asks which of its images is meant', async (name) => {
    const target = await recogniseTarget(images + name) as ImageTarget;
    await expect(openImage(target)).rejects.toMatchObject({ code: 'reference-needed' });
  });

  it('drops what the upper layers of the storefront removed', async () => {
    const image = await openImage(await recogniseTarget(`${images}debian11-and-acme-storefront.oci.tar:acme/storefront:1.4.2`) as ImageTarget);
    const found: string[][] = [], readings = [];
    for (let i = 0; i < image.layers.length; i++) {
      const paths: string[] = [];
      readings.push(await readLayer(image.layerInput(i), { wants: () => false, file() {}, entry: ({ path, type }) => { if (type !== 'directory') paths.push(path); } }));
      found.push(paths);
    }
    const before = new Set(found.flat()), after = new Set(survivingPaths(readings, found).flatMap((paths) => [...paths]));
    const removed = readings.flatMap(({ whiteouts }) => whiteouts);
    expect(removed.length).toBeGreaterThan(0);
    for (const path of removed) expect([...after].filter((kept) => kept === path || kept.startsWith(`${path}/`)).length).toBe(found.at(-1)!.filter((kept) => kept === path || kept.startsWith(`${path}/`)).length);
    expect(after.size).toBeLessThan(before.size);
  });
});
