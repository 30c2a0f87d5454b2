import { zstdDecompressSync } from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, textOf } from '../json-file.ts';
import { isOwnable } from '../ownable.ts';

const MiB = 1024 * 1024;

/**
 * What Chisel cut out of Ubuntu's packages: `var/lib/chisel/manifest.wall` (Chisel docs, "Chisel Manifest"), zstd over one JSON object a line, of kind
 * `package`, `path` with its slices (`libssl3_libs`), and others. It names no source packages, by which Ubuntu's advisories go: that is a problem.
 */
export const chisel: FileCataloger = {
  name: 'chisel',
  version: 1,
  maxBytes: 16 * MiB,
  wants: (path) => path === 'var/lib/chisel/manifest.wall',
  catalog({ bytes }): Found {
    const packages: FoundPackage[] = [], paths = new Map<string, string[]>();
    for (const line of unpack(bytes).split('\n')) {
      const entry = objectOf(line), kind = entry?.['kind'], name = textOf(entry?.['name']), version = textOf(entry?.['version']), arch = textOf(entry?.['arch']), path = textOf(entry?.['path'])?.replace(/^\//, '');
      if (kind === 'package' && name && version) packages.push({ type: 'deb', name, version, ...(arch && { arch }) });
      if (kind !== 'path' || !path || !isOwnable(path) || !Array.isArray(entry!['slices'])) continue;
      const owner = /^([a-z0-9][a-z0-9+.-]*)_/.exec(String(entry!['slices'][0]))?.[1];
      const known = owner && paths.get(owner);
      if (known) known.push(path);
      else if (owner) paths.set(owner, [path]);
    }
    if (packages.length === 0) throw invalid('chisel-manifest-unreadable', 'no package in it');
    return {
      packages, owned: [...paths].map(([name, of]) => ({ type: 'deb' as const, name, paths: of })),
      problems: [{ code: 'chisel-sources-unknown', detail: `${packages.length} packages do not name the source package they were built from; what is said of it is found only where both have one name` }],
    };
  },
};

function unpack(bytes: Buffer): string {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: 128 * MiB }).toString('utf8');
  } catch (error) {
    throw invalid('chisel-manifest-unreadable', (error as Error).message);
  }
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
