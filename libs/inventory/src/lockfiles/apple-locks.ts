import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/**
 * `Package.resolved` of the Swift package manager, versions 1 to 3: pins by address, which is the package's name in advisories
 * (`github.com/apple/swift-nio`). A pin of a branch or a commit has no version.
 */
export const packageResolved: FileCataloger = lockfile('package-resolved', (name) => name === 'Package.resolved', (bytes): Found => {
  const json = parseJsonFile(bytes, 'package-resolved-invalid'), pins = json['pins'] ?? (isRecord(json['object']) ? json['object']['pins'] : undefined);
  return {
    packages: (Array.isArray(pins) ? pins : []).filter(isRecord).flatMap((pin): FoundPackage[] => {
      const address = textOf(pin['location']) ?? textOf(pin['repositoryURL']), name = address ? nameOf(address) : textOf(pin['identity']);
      return name ? [{ type: 'swift', name, version: isRecord(pin['state']) ? textOf(pin['state']['version']) ?? '' : '' }] : [];
    }),
  };
});

/** `https://user@github.com/a/b.git`, `git@github.com:a/b.git` → `github.com/a/b`. */
const nameOf = (address: string): string => address.replace(/^(?:\w+:\/\/)?(?:[^@/]*@)?/, '').replace(/^([\w.-]+):(?!\d+\/)/, '$1/').replace(/\/+$/, '').replace(/\.git$/, '');

/** `Podfile.lock` of CocoaPods: `PODS:` lists pods and their parts (`Name/Part (1.0)`), which share a version; advisories speak of the pod. */
export const podfileLock: FileCataloger = lockfile('podfile-lock', (name) => name === 'Podfile.lock', (bytes): Found => {
  const pods = new Map<string, FoundPackage>(), own = new Set<string>();
  let section = '', external = '';
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    if (/^[A-Z]/.test(line)) section = line.replace(/:.*$/, '');
    const [, name, version] = section === 'PODS' ? /^ {2}- "?([^\s"(/]+)(?:\/[^\s"(]*)? \(([^)]+)\)/.exec(line) ?? [] : [];
    if (name && version) pods.set(`${name} ${version}`, { type: 'cocoapods', name, version });
    if (section === 'EXTERNAL SOURCES') {
      external = /^ {2}"?([^\s":/]+)[^:]*:$/.exec(line)?.[1] ?? external;
      if (/^ {4}:path:/.test(line)) own.add(external);
    }
  }
  return { packages: [...pods.values()].filter(({ name }) => !own.has(name)) };
});
