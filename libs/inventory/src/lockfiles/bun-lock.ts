import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, jsonOfJsonc, parseJsonFile } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/**
 * `bun.lock` (bun docs, "Lockfile"): JSON with comments and trailing commas; each of `packages` is a list that begins with `name@version`,
 * or with `name@` and where else it is from. The older `bun.lockb` is a private binary format: that it is not read is a problem, not silence.
 */
export const bunLock: FileCataloger = lockfile('bun-lock', (name) => name === 'bun.lock' || name === 'bun.lockb', (bytes, path): Found => {
  if (path.endsWith('b')) return { packages: [], problems: [{ code: 'bun-lockb-unread', detail: 'the binary lock file of Bun before 1.2 is not read; `bun install --save-text-lockfile` writes bun.lock' }] };
  const entries = parseJsonFile(jsonOfJsonc(bytes), 'bun-lock-invalid')['packages'];
  const packages: FoundPackage[] = [];
  for (const entry of Object.values(isRecord(entries) ? entries : {})) {
    const [, name, version = ''] = /^((?:@[^/@]+\/)?[^@]+)@(.*)$/s.exec(Array.isArray(entry) ? String(entry[0]) : '') ?? [];
    if (!name || /^(?:workspace|link|root|file):/.test(version)) continue;
    packages.push({ type: 'npm', name, version: /^\d/.test(version) ? version : '' });
  }
  return { packages };
});
