import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, textOf } from '../json-file.ts';
import { parseYamlFile } from '../yaml-file.ts';
import { lockfile } from './lockfile.ts';

/** `pnpm-lock.yaml` 5 to 9: the keys of `packages` name every package with its version. What pnpm itself was configured with is a document of its own before it. */
export const pnpmLock: FileCataloger = lockfile('pnpm-lock', (name) => name === 'pnpm-lock.yaml', (bytes): Found => {
  const packages: FoundPackage[] = [];
  for (const document of parseYamlFile(bytes, 'pnpm-lock-invalid')) {
    for (const [key, value] of Object.entries(isRecord(document['packages']) ? document['packages'] : {})) {
      const [name, version] = identify(key, isRecord(value) ? value : {});
      if (name) packages.push({ type: 'npm', name, version });
    }
  }
  return { packages };
});

/**
 * 5: `/name/1.0.0_peers`; 6: `/name@1.0.0(peers)`; 9: `name@1.0.0`; with another registry `host/name/1.0.0`. What is from a repository or an
 * address states its version, and until 6 its name, in fields: `name@https://…` and `github.com/user/repo/commit`. `file:` is the project's own.
 */
function identify(key: string, fields: Record<string, unknown>): [name: string | undefined, version: string] {
  const stated = [textOf(fields['name']), textOf(fields['version'])] as const;
  const bare = key.replace(/^(?:[\w-]+\.)+[\w-]+(?::\d+)?\/(?=.*[/@]\d)/, '').replace(/^\//, '');
  const [, name, version] = /^((?:@[^/@]+\/)?[^/@]+)[/@](\d[^(_]*)/.exec(bare) ?? [];
  if (name && version) return [stated[0] ?? name, stated[1] ?? version];
  const [, remote, address] = /^((?:@[^/@]+\/)?[^/@:]+)@(.+)$/.exec(key) ?? [];
  if ((address ?? key).startsWith('file:') || (address ?? key).startsWith('link:')) return [undefined, ''];
  return [stated[0] ?? remote, stated[1] ?? ''];
}
