import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { normalPythonName } from '../catalogers/pypi.ts';
import { isRecord, textOf } from '../json-file.ts';
import { parseYamlFile } from '../yaml-file.ts';
import { lockfile } from './lockfile.ts';
import { requirement } from './python-locks.ts';

/** `environment.yml` (conda docs, "Managing environments"): `channel::name=version=build` as `conda env export` writes it, and a list for pip. */
export const condaEnvironment: FileCataloger = lockfile('conda-environment', (name) => /^(?:conda[-_.])?environment\.ya?ml$|^conda\.ya?ml$/.test(name), (bytes): Found => {
  const packages: FoundPackage[] = [];
  for (const entry of parseYamlFile(bytes, 'conda-environment-invalid').flatMap((document) => listOf(document['dependencies']))) {
    if (typeof entry === 'string') {
      const [, name, version = ''] = /^(?:[^\s:]+::)?([A-Za-z0-9_][\w.-]*)\s*(?:={1,2}\s*([\w.!+*]+))?/.exec(entry.trim()) ?? [];
      if (name) packages.push({ type: 'conda', name, version: version.includes('*') ? '' : version });
    } else if (isRecord(entry)) {
      for (const line of listOf(entry['pip'])) packages.push(...[typeof line === 'string' ? requirement(line) : undefined].filter((one) => one !== undefined));
    }
  }
  return { packages };
});

/** `conda-lock.yml` (conda/conda-lock, lockfile version 1): a list of packages for every platform, of conda or pip. */
export const condaLock: FileCataloger = lockfile('conda-lock', (name) => /^(?:[\w.-]+\.)?conda-lock\.ya?ml$/.test(name), (bytes): Found => {
  const entries = parseYamlFile(bytes, 'conda-lock-invalid').flatMap((document) => listOf(document['package']));
  return { packages: entries.filter(isRecord).flatMap((entry) => named(entry['manager'] === 'pip', textOf(entry['name']), textOf(entry['version']))) };
});

/** `pixi.lock` (prefix-dev/pixi, versions 4 to 6): an address for each package, with name and version in the file name or beside it. */
export const pixiLock: FileCataloger = lockfile('pixi-lock', (name) => name === 'pixi.lock', (bytes): Found => {
  const entries = parseYamlFile(bytes, 'pixi-lock-invalid').flatMap((document) => listOf(document['packages']));
  return {
    packages: entries.filter(isRecord).flatMap((entry) => {
      const ofPip = entry['pypi'] !== undefined || entry['kind'] === 'pypi', address = textOf(entry['conda']) ?? textOf(entry['url']) ?? '';
      const [, name, version] = /\/([^/]+)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)$/.exec(address) ?? [];
      return named(ofPip, textOf(entry['name']) ?? name, textOf(entry['version']) ?? version);
    }),
  };
});

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function named(ofPip: boolean, name: string | undefined, version = ''): FoundPackage[] {
  if (!name) return [];
  return [ofPip ? { type: 'pypi', name: normalPythonName(name), version } : { type: 'conda', name, version }];
}
