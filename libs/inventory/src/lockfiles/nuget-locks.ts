import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `packages.lock.json` of NuGet: `resolved` by target framework; `Project` entries are the solution's own. */
export const nugetLock: FileCataloger = lockfile('nuget-lock', (name) => name === 'packages.lock.json', (bytes): Found => {
  const frameworks = parseJsonFile(bytes, 'nuget-lock-invalid')['dependencies'];
  const packages: FoundPackage[] = [];
  for (const entries of Object.values(isRecord(frameworks) ? frameworks : {})) {
    for (const [name, entry] of Object.entries(isRecord(entries) ? entries : {})) {
      const version = isRecord(entry) && entry['type'] !== 'Project' ? textOf(entry['resolved']) : undefined;
      if (version) packages.push({ type: 'nuget', name, version });
    }
  }
  return { packages };
});

/** `project.assets.json`, which a restore writes: `libraries` keyed `Name/1.0.0`. */
export const nugetAssets: FileCataloger = lockfile('nuget-assets', (name) => name === 'project.assets.json', (bytes): Found => {
  const libraries = parseJsonFile(bytes, 'project-assets-invalid')['libraries'];
  return {
    packages: Object.entries(isRecord(libraries) ? libraries : {}).flatMap(([key, library]): FoundPackage[] => {
      const slash = key.indexOf('/');
      return slash > 0 && isRecord(library) && library['type'] === 'package' ? [{ type: 'nuget', name: key.slice(0, slash), version: key.slice(slash + 1) }] : [];
    }),
  };
});

/** `packages.config` (NuGet docs, "packages.config reference"): XML of one shape, `<package id="…" version="…" />`. */
export const packagesConfig: FileCataloger = lockfile('packages-config', (name) => name === 'packages.config', (bytes): Found => {
  const text = bytes.toString('utf8').replace(/<!--[^]*?(?:-->|$)/g, '');
  return {
    packages: [...text.matchAll(/<package\s([^<>]*)>/g)].flatMap(([, attributes = '']): FoundPackage[] => {
      const [id, version] = ['id', 'version'].map((key) => new RegExp(`(?:^|\\s)${key}\\s*=\\s*["']([^"']*)["']`).exec(attributes)?.[1]);
      return id ? [{ type: 'nuget', name: id, version: version ?? '' }] : [];
    }),
  };
});
