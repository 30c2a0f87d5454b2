import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobFile, buildImage, serveRegistry, type BuiltImage, type ServedRegistry, type TarSource } from '@plimsoll/oci/testing';

/** A registry of a test's own, and images to put into it. */
export interface Images {
  readonly registry: ServedRegistry;
  readonly layout: string;
  /** An image in two layers: a small Debian, and these npm packages. Its reference in the registry is `target`. */
  add(name: string, packages: Readonly<Record<string, string>>): Promise<BuiltImage & { readonly target: string }>;
  /** Keeps a blob back until the answer is called. */
  hold(digest: string): () => void;
  close(): Promise<void>;
}

/** The base every image shares. */
export const base: readonly TarSource[] = [
  { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n' },
  { path: 'var/lib/dpkg/status', content: ['zlib1g', 'libssl3', 'libc6'].map((name) => `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nSource: ${{ zlib1g: 'zlib', libssl3: 'openssl', libc6: 'glibc' }[name]}\nVersion: 1.0-1\nMaintainer: Debian\n`).join('\n') },
];

export const npm = (name: string, version: string): TarSource => ({ path: `app/node_modules/${name}/package.json`, content: JSON.stringify({ name, version }) });

export async function startImages(): Promise<Images> {
  const layout = mkdtempSync(join(tmpdir(), 'plimsoll-images-'));
  const held = new Map<string, Promise<void>>();
  const registry = await serveRegistry(layout, { intercept: (request, response) => {
    const digest = request.url!.split('/').at(-1)!, wait = held.get(digest);
    void wait?.then(() => response.writeHead(200).end(readFileSync(blobFile(layout, digest))));
    return wait !== undefined;
  } });
  return {
    registry, layout,
    hold(digest) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(digest, promise);
      return () => { held.delete(digest); resolve(); };
    },
    async add(name, packages) {
      const image = await buildImage({ layout, reference: name, config: { User: '1000' }, layers: [{ entries: base }, { entries: Object.entries(packages).map(([one, version]) => npm(one, version)) }] });
      return { ...image, target: `${registry.host}/${name}` };
    },
    async close() {
      await registry.close();
      rmSync(layout, { recursive: true, force: true });
    },
  };
}

/** An OSV record about one npm package. */
export const osv = (id: string, name: string, fixed: string, vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'): object => ({
  id, modified: '2026-01-01T00:00:00Z', published: '2026-01-01T00:00:00Z', severity: [{ type: 'CVSS_V3', score: vector }],
  affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed }] }] }, { package: { ecosystem: 'Debian:12', name: 'unrelated' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '0.1' }] }] }],
});
