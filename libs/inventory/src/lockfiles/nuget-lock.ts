import type { FileCataloger, Found } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `packages.lock.json` of NuGet: `resolved` by target framework; `Project` entries are the solution's own. */
export const nugetLock: FileCataloger = lockfile('nuget-lock', (name) => name === 'packages.lock.json', (bytes): Found => {
  const frameworks = parseJsonFile(bytes, 'nuget-lock-invalid')['dependencies'];
  const packages: Found['packages'] = [];
  for (const entries of Object.values(isRecord(frameworks) ? frameworks : {})) {
    for (const [name, entry] of Object.entries(isRecord(entries) ? entries : {})) {
      const version = isRecord(entry) && entry['type'] !== 'Project' ? textOf(entry['resolved']) : undefined;
      if (version) packages.push({ type: 'nuget', name, version });
    }
  }
  return { packages };
});
