import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, parseJsonFile } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `deno.lock` 3 to 5: `npm` names packages as `name@1.0.0_peer@2.0.0`. Packages of JSR and plain addresses are of no registry advisories speak of. */
export const denoLock: FileCataloger = lockfile('deno-lock', (name) => name === 'deno.lock', (bytes): Found => {
  const json = parseJsonFile(bytes, 'deno-lock-invalid');
  const entries = isRecord(json['npm']) ? json['npm'] : isRecord(json['packages']) && isRecord(json['packages']['npm']) ? json['packages']['npm'] : {};
  const packages = Object.keys(entries).flatMap((key): FoundPackage[] => {
    const [, name, version] = /^((?:@[^/@]+\/)?[^/@]+)@([^_]+)/.exec(key) ?? [];
    return name && version ? [{ type: 'npm', name, version }] : [];
  });
  return { packages };
});
