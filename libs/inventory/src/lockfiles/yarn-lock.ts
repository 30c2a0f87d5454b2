import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { lockfile } from './lockfile.ts';

/** `yarn.lock`, classic and berry: a line of descriptors, then indented fields; berry is YAML of the same look. */
export const yarnLock: FileCataloger = lockfile('yarn-lock', (name) => name === 'yarn.lock', (bytes): Found => {
  const packages: FoundPackage[] = [];
  let name: string | undefined;
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    if (line !== '' && !/^[\s#]/.test(line)) name = nameOf(line);
    const version = /^  version:?\s+"?([^"\s]+)"?/.exec(line)?.[1];
    const resolution = /^  resolution:\s+"?((?:@[^/@]+\/)?[^@"]+)@([a-z]+):/.exec(line);
    if (version && name) packages.push({ type: 'npm', name, version });
    // Berry states the real name of an alias afterwards; the project's own workspaces, links and portals are no dependencies.
    if (resolution && packages.length && name) {
      if (resolution[2] === 'workspace' || packages.at(-1)!.version === '0.0.0-use.local') packages.pop();
      else packages[packages.length - 1]!.name = resolution[1]!;
      name = undefined;
    }
  }
  return { packages };
});

/** `"@scope/a@^1.0.0", "@scope/a@npm:^1.2.0":` → `@scope/a`; `alias@npm:real@1:` → `real`. Berry's `__metadata:` is no descriptor. */
function nameOf(line: string): string | undefined {
  const first = line.replace(/:\s*$/, '').split(',')[0]!.trim().replace(/^"|"$/g, '');
  const match = /^((?:@[^/]+\/)?[^@]+)@(?:npm:((?:@[^/]+\/)?[^@\s]+)@)?/.exec(first);
  return match ? match[2] ?? match[1] : undefined;
}
