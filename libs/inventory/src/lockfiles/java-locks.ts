import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `gradle.lockfile`, and one file for each configuration before Gradle 7 (Gradle docs, "Locking Versions"): `group:artifact:version=configurations`. */
export const gradleLock: FileCataloger = lockfile('gradle-lock', (name) => name.endsWith('.lockfile'), (bytes): Found => ({
  packages: bytes.toString('utf8').split(/\r?\n/).flatMap((line): FoundPackage[] => {
    const [, name, version] = /^([\w.-]+:[\w.-]+):([^:=\s]+)(?:=|$)/.exec(line.trim()) ?? [];
    return name && version ? [{ type: 'maven', name, version }] : [];
  }),
}));

/** `build.sbt.lock` of the plugin sbt-dependency-lock: `dependencies` with `org`, `name`, `version`. */
export const sbtLock: FileCataloger = lockfile('sbt-lock', (name) => name.endsWith('.sbt.lock'), (bytes): Found => {
  const entries = parseJsonFile(bytes, 'sbt-lock-invalid')['dependencies'];
  return {
    packages: (Array.isArray(entries) ? entries : []).filter(isRecord).flatMap((entry): FoundPackage[] => {
      const [org, name, version] = [textOf(entry['org']), textOf(entry['name']), textOf(entry['version'])];
      return org && name && version ? [{ type: 'maven', name: `${org}:${name}`, version }] : [];
    }),
  };
});
