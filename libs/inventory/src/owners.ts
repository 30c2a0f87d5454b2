import type { Found, FoundPackage } from './cataloger.ts';

/**
 * Tells which operating-system package owns a path: its purl, or undefined. A list whose package is not installed any more owns nothing.
 * `/bin/x` and `/usr/bin/x` are one file on merged systems, whichever of the two a database wrote.
 */
export function findOwners(seen: readonly { readonly path: string; readonly found: Found }[], purlOf: (found: FoundPackage) => string): (path: string) => string | undefined {
  const installed = new Map<string, FoundPackage[]>();
  for (const { found } of seen) {
    for (const one of found.packages) {
      const key = `${one.type} ${one.name}`;
      const list = installed.get(key);
      if (list) list.push(one);
      else installed.set(key, [one]);
    }
  }
  const owners = new Map<string, FoundPackage>();
  for (const { found } of seen) {
    for (const { type, name, version, arch, paths } of found.owned ?? []) {
      const owner = installed.get(`${type} ${name}`)?.find((one) => (version === undefined || one.version === version) && (arch === undefined || one.arch === arch));
      if (owner) for (const path of paths) owners.set(merged(path), owner);
    }
  }
  return (path) => {
    const owner = owners.get(merged(path));
    return owner && purlOf(owner);
  };
}

const merged = (path: string): string => path.replace(/^usr\/(s?bin|lib\w*)\//, '$1/');
