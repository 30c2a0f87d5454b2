import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `renv.lock` of R: `Packages` by name. */
export const renvLock: FileCataloger = lockfile('renv-lock', (name) => name === 'renv.lock', (bytes): Found => {
  const entries = parseJsonFile(bytes, 'renv-lock-invalid')['Packages'];
  return { packages: Object.entries(isRecord(entries) ? entries : {}).map(([key, entry]): FoundPackage => ({ type: 'cran', name: (isRecord(entry) && textOf(entry['Package'])) || key, version: (isRecord(entry) && textOf(entry['Version'])) || '' })) };
});
