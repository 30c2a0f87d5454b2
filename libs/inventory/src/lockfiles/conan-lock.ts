import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, parseJsonFile } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `conan.lock` of Conan 1 (a graph of nodes) and 2 (lists of references). */
export const conanLock: FileCataloger = lockfile('conan-lock', (name) => name === 'conan.lock', (bytes): Found => {
  const json = parseJsonFile(bytes, 'conan-lock-invalid'), graph = isRecord(json['graph_lock']) ? json['graph_lock']['nodes'] : undefined;
  const references = [
    ...Object.values(isRecord(graph) ? graph : {}).filter(isRecord).map((node) => node['ref'] ?? node['pref']),
    ...['requires', 'build_requires', 'python_requires', 'config_requires'].flatMap((key) => json[key]),
  ];
  return { packages: references.flatMap((one) => (typeof one === 'string' ? fromReference(one) : [])) };
});

/** `zlib/1.2.13@user/channel#revision%time` or `:package` (Conan docs, "Package references"); the consumer itself has no `/`. */
export function fromReference(reference: string): FoundPackage[] {
  const [, name, version] = /^([A-Za-z0-9_][\w.+-]*)\/([^@#:%\s]+)/.exec(reference) ?? [];
  return name && version ? [{ type: 'conan', name, version: version.startsWith('[') ? '' : version }] : [];
}
