import { createWriteStream, existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buildImage, entriesOf, packDockerArchive, tarChunks, type TarSource } from '@plimsoll/oci/testing';

/** An image of four layers in three forms. */
export interface LargeImage { readonly gzip: string; readonly zstd: string; readonly dockerArchive: string; readonly bytes: number }

const MiB = 1024 * 1024;

/**
 * Makes an image of about 1.4 GB from this machine's own files: a Debian-like base, programs and libraries, node_modules, and a
 * small layer with whiteouts. Kept in `directory` for the next run; about 2.5 GB of disk.
 */
export async function largeImage(directory: string, nodeModules: string): Promise<LargeImage> {
  const image = { gzip: join(directory, 'gzip'), zstd: join(directory, 'zstd'), dockerArchive: join(directory, 'docker-archive.tar') };
  const done = join(directory, 'done.json');
  const layers = (): Iterable<TarSource>[] => [
    atMost(420 * MiB, entriesOf('/usr/share', 'usr/share'), entriesOf('/usr/bin', 'usr/bin'), entriesOf('/etc', 'etc', (path) => path !== 'etc/shadow' && !path.startsWith('etc/ssl/private')), entriesOf('/var/lib/dpkg', 'var/lib/dpkg')),
    atMost(520 * MiB, entriesOf('/usr/lib', 'usr/lib')),
    atMost(480 * MiB, entriesOf(nodeModules, 'app/node_modules')),
    [{ path: 'etc/app/config.yaml', content: 'a: 1\n'.repeat(100) }, { path: 'usr/share/doc/.wh..wh..opq' }, { path: 'etc/.wh.motd' }],
  ];
  if (!existsSync(done)) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    // Each layer is written once and compressed twice: the machine's files change meanwhile.
    const tars: string[] = [];
    for (const entries of layers()) {
      tars.push(join(directory, `layer-${tars.length}.tar`));
      await pipeline(Readable.from(tarChunks(entries), { objectMode: false }), createWriteStream(tars.at(-1)!));
    }
    for (const compression of ['gzip', 'zstd'] as const) {
      await buildImage({ layout: image[compression], reference: 'bench:1', layers: tars.map((tarFile) => ({ tarFile, compression, level: compression === 'gzip' ? 6 : 3 })) });
    }
    for (const tar of tars) rmSync(tar);
    await packDockerArchive(image.gzip, image.dockerArchive);
    writeFileSync(done, '{}');
  }
  return { ...image, bytes: lstatSync(image.dockerArchive).size };
}

/** The entries until their files fill so many bytes. */
function* atMost(bytes: number, ...sources: Iterable<TarSource>[]): Generator<TarSource> {
  let left = bytes;
  for (const source of sources) {
    for (const entry of source) {
      if (entry.from !== undefined) left -= lstatSync(entry.from).size;
      if (left < 0) return;
      yield entry;
    }
  }
}
