import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bytesOf, recordsOf, recordsOfStream } from '@plimsoll/advisories';
import type { Inventory, OperatingSystem, Package } from '@plimsoll/inventory';

/** The shared data beside the repository, and whether it is there. */
export const shared = (path: string): string => fileURLToPath(new URL(`../../../../shared/data/${path}`, import.meta.url));
export const hasShared = existsSync(shared('MANIFEST.md'));

type Files = Map<string, Buffer>;
type Bundle = Pick<Inventory, 'os' | 'packages'>;

/** Operating-system packages of an image in an OCI layout or docker-archive tar, read without the scanner. */
export async function operatingSystemOf(path: string, ref?: string): Promise<Bundle> {
  const blobs: Files = new Map();
  for await (const record of recordsOf(path)) blobs.set(record.name, await bytesOf(record, 1 << 30));
  const files: Files = new Map();
  for (const layer of layersOf(blobs, ref)) {
    for await (const record of recordsOfStream(layer, one(blobs.get(layer)!))) {
      const name = record.name.replace(/^(\.\/|\/)/, '');
      if (/^(var\/lib\/dpkg\/(status|status\.d\/[^.]+)|lib\/apk\/db\/installed|(etc|usr\/lib)\/os-release)$/.test(name)) {
        const bytes = await bytesOf(record, 1 << 28);
        if (bytes.length > 0) files.set(name, bytes);
      }
    }
  }
  const text = (name: string) => files.get(name)?.toString('utf8') ?? '';
  const os = osRelease(text('etc/os-release') || text('usr/lib/os-release'));
  const packages = [...stanzas(text('var/lib/dpkg/status')).flatMap(deb), ...stanzas(text('lib/apk/db/installed')).map(apk)];
  return { os, packages };
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> { yield bytes; }

function layersOf(blobs: Files, ref: string | undefined): string[] {
  const json = (name: string) => JSON.parse(blobs.get(name)!.toString('utf8'));
  const blob = (digest: string) => `blobs/${digest.replace(':', '/')}`;
  if (!blobs.has('index.json')) return json('manifest.json')[0].Layers;
  const manifests: { digest: string; annotations?: Record<string, string> }[] = json('index.json').manifests;
  const found = manifests.find(({ annotations }) => ref === undefined || annotations?.['org.opencontainers.image.ref.name'] === ref)!;
  let manifest = json(blob(found.digest));
  if (manifest.manifests) manifest = json(blob(manifest.manifests[0].digest));
  return manifest.layers.map(({ digest }: { digest: string }) => blob(digest));
}

function osRelease(text: string): OperatingSystem {
  const fields = Object.fromEntries(text.split('\n').flatMap((line) => {
    const [, key, value] = /^(\w+)="?([^"]*)"?$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, value]];
  }));
  return { id: fields['ID'], name: fields['NAME'], version_id: fields['VERSION_ID'], codename: fields['VERSION_CODENAME'] };
}

const stanzas = (text: string): Map<string, string>[] => text.split('\n\n').filter((stanza) => stanza.trim() !== '')
  .map((stanza) => new Map(stanza.split('\n').flatMap((line): [string, string][] => {
    const [, key, value] = /^([\w-]+):\s?(.*)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, value!]];
  })));

function deb(fields: Map<string, string>): Package[] {
  if (!/ installed$/.test(fields.get('Status') ?? '')) return [];
  const name = fields.get('Package')!, version = fields.get('Version')!;
  const [, source = name, sourceVersion = version] = /^(\S+)(?: \((.*)\))?$/.exec(fields.get('Source') ?? name) ?? [];
  return [{ purl: `pkg:deb/debian/${name}@${version}`, name, version, type: 'deb', source: { name: source, version: sourceVersion }, vendor: fields.get('Maintainer'), locations: [], licences: [] }];
}

function apk(fields: Map<string, string>): Package {
  const name = fields.get('P')!, version = fields.get('V')!;
  return { purl: `pkg:apk/alpine/${name}@${version}`, name, version, type: 'apk', source: { name: fields.get('o') ?? name, version }, locations: [], licences: [] };
}
