import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, textOf } from '../json-file.ts';
import { parseYamlFile } from '../yaml-file.ts';
import { lockfile } from './lockfile.ts';

/** `pubspec.lock` of Dart and Flutter: what comes from the SDK or a folder has no version of the registry. */
export const pubspecLock: FileCataloger = lockfile('pubspec-lock', (name) => name === 'pubspec.lock', (bytes): Found => {
  const entries = parseYamlFile(bytes, 'pubspec-lock-invalid').flatMap((document) => Object.entries(isRecord(document['packages']) ? document['packages'] : {}));
  return {
    packages: entries.flatMap(([name, entry]): FoundPackage[] => {
      const source = isRecord(entry) ? entry['source'] : undefined;
      return !isRecord(entry) || source === 'sdk' || source === 'path' ? [] : [{ type: 'pub', name, version: source === 'git' ? '' : textOf(entry['version']) ?? '' }];
    }),
  };
});
