import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage, entriesOf, type BuiltImage, type TarSource } from '@plimsoll/oci/testing';

/** What package managers and languages leave on a root filesystem; an image of them says the same as an image of everything. */
const systemFiles = ['etc/os-release', 'usr/lib/os-release', 'etc/debian_version', 'etc/alpine-release', 'etc/redhat-release', 'var/lib/dpkg/status', 'var/lib/dpkg/status.d', 'var/lib/dpkg/info', 'lib/apk/db', 'usr/lib/apk/db', 'var/lib/rpm', 'usr/lib/sysimage/rpm'];
const languageFolders = ['usr/lib/node_modules', 'usr/local/lib/node_modules', 'usr/lib/python3/dist-packages', 'usr/local/lib/python3', 'usr/share/nodejs', 'usr/share/java', 'var/lib/gems'];
const languageFiles = /\/(package\.json|METADATA|PKG-INFO|RECORD|[^/]+\.gemspec|[^/]+\.jar)$/;
const bytesAtMost = 200e6;

/** A small shop with packages as old as people really ship them, so that there is something to find. */
const shop: readonly (readonly [string, string])[] = [['lodash', '4.17.15'], ['minimist', '1.2.5'], ['axios', '0.21.0'], ['node-fetch', '2.6.0'], ['qs', '6.5.2'], ['tar', '4.4.13']];

/**
 * Makes an OCI image in three layers out of this machine: its package database, its language packages, a small application.
 * Nothing is downloaded and nothing but package metadata is read.
 */
export function buildMachineImage(layout: string, reference: string, root = '/'): Promise<BuiltImage> {
  const entries = (paths: readonly string[], keep: (path: string) => boolean): TarSource[] => {
    const found: TarSource[] = [];
    let size = 0;
    for (const path of paths) {
      const from = join(root, path);
      if (!existsSync(from)) continue;
      for (const entry of lstatSync(from).isDirectory() ? entriesOf(from, path, (at) => keep(at)) : single(from, path)) {
        if (entry.type === 'directory') continue;
        const bytes = entry.from ? lstatSync(entry.from).size : 0;
        if (size + bytes > bytesAtMost) return found;
        size += bytes;
        found.push(entry);
      }
    }
    return found;
  };
  return buildImage({
    layout, reference, platform: `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`,
    // A new image every time, of the same layers: those are read once and known from then on.
    created: new Date().toISOString(),
    config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], Entrypoint: ['node', '/app/server.js'], ExposedPorts: { '8080/tcp': {} } },
    layers: [
      { createdBy: 'the package database of this machine', entries: entries(systemFiles, () => true) },
      { createdBy: 'the language packages of this machine', entries: entries(languageFolders, (path) => languageFiles.test(path) || isDirectory(join(root, path))) },
      { createdBy: 'COPY shop /app', compression: 'zstd', entries: [
        { path: 'app/package.json', content: JSON.stringify({ name: 'shop', version: '1.0.0', dependencies: Object.fromEntries(shop) }) },
        ...shop.map(([name, version]): TarSource => ({ path: `app/node_modules/${name}/package.json`, content: JSON.stringify({ name, version }) })),
      ] },
    ],
  });
}

const isDirectory = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function* single(from: string, path: string): Generator<TarSource> {
  const stats = lstatSync(from);
  if (stats.isFile()) yield { path, type: 'file', from, mode: stats.mode & 0o7777 };
}
