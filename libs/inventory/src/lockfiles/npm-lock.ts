import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { lockfile } from './lockfile.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';

/** `package-lock.json` of npm 5 to 11 (lockfileVersion 1 to 3) and `npm-shrinkwrap.json`. */
export const npmLock: FileCataloger = lockfile('npm-lock', (name) => name === 'package-lock.json' || name === 'npm-shrinkwrap.json' || name === '.package-lock.json', (bytes): Found => {
  const json = parseJsonFile(bytes, 'package-lock-invalid');
  const packages = isRecord(json['packages']) ? fromPackages(json['packages']) : isRecord(json['dependencies']) ? fromDependencies(json['dependencies']) : undefined;
  if (!packages) return json['lockfileVersion'] === undefined ? { packages: [], problems: [{ code: 'package-lock-invalid', detail: 'neither packages nor dependencies' }] } : { packages: [] };
  return { packages };
});

/** Version 2 and 3: a flat record by folder; links and the project itself are no packages of their own. */
function fromPackages(entries: Record<string, unknown>): FoundPackage[] {
  const packages: FoundPackage[] = [];
  for (const [folder, entry] of Object.entries(entries)) {
    const modules = `/${folder}`.lastIndexOf('/node_modules/');
    if (modules < 0 || !isRecord(entry) || entry['link'] === true) continue;
    const version = textOf(entry['version']), licence = textOf(entry['license']);
    // An alias (`npm:real@1`) is installed under the wrong name and states the right one.
    packages.push({ type: 'npm', name: textOf(entry['name']) ?? folder.slice(modules + 13), version: version ?? '', ...(licence && { licences: [licence] }) });
  }
  return packages;
}

/** Version 1: a tree. Walked with a list, because depth is the file's to choose. */
function fromDependencies(root: Record<string, unknown>): FoundPackage[] {
  const packages: FoundPackage[] = [];
  const todo = [root];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const [name, entry] of Object.entries(next)) {
      if (!isRecord(entry)) continue;
      const stated = textOf(entry['version']) ?? '', alias = /^npm:(.+)@([^@]+)$/.exec(stated);
      // The project's own folders are no dependencies; what is from a repository or an address has no version of the registry.
      if (!stated.startsWith('file:')) packages.push({ type: 'npm', name: alias?.[1] ?? name, version: alias?.[2] ?? (/^\d/.test(stated) ? stated : '') });
      if (isRecord(entry['dependencies'])) todo.push(entry['dependencies']);
    }
  }
  return packages;
}
