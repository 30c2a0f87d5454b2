import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, textOf } from '../json-file.ts';
import { parseYamlFile } from '../yaml-file.ts';
import { lockfile } from './lockfile.ts';

/** `cabal.project.freeze` (Cabal user guide, `cabal freeze`): constraints `any.aeson ==2.0.3.0` among flags. */
export const cabalFreeze: FileCataloger = lockfile('cabal-freeze', (name) => name.startsWith('cabal.project') && name.endsWith('.freeze'), (bytes): Found => ({
  packages: bytes.toString('utf8').replace(/^\s*--.*$/gm, '').split(/[,\n]/).flatMap((part): FoundPackage[] => {
    const [, name, version] = /^(?:\s*constraints:)?\s*(?:any\.)?([A-Za-z][A-Za-z0-9-]*)\s*==\s*([\d.]+)\s*$/.exec(part) ?? [];
    return name && version ? [{ type: 'hackage', name, version }] : [];
  }),
}));

/** `stack.yaml.lock` (Stack docs, "Lock files"): `completed: {hackage: aeson-2.0.3.0@sha256:…}`; what a snapshot brings is not in it. */
export const stackLock: FileCataloger = lockfile('stack-lock', (name) => name === 'stack.yaml.lock', (bytes): Found => {
  const entries = parseYamlFile(bytes, 'stack-lock-invalid').flatMap((document) => (Array.isArray(document['packages']) ? document['packages'] : []));
  return {
    packages: entries.flatMap((entry): FoundPackage[] => {
      const completed = isRecord(entry) && isRecord(entry['completed']) ? entry['completed'] : {};
      const [, name, version] = /^([A-Za-z][A-Za-z0-9-]*)-([\d.]+)(?:@|$)/.exec(textOf(completed['hackage']) ?? '') ?? [];
      const stated = name ?? textOf(completed['name']);
      return stated ? [{ type: 'hackage', name: stated, version: version ?? textOf(completed['version']) ?? '' }] : [];
    }),
  };
});
