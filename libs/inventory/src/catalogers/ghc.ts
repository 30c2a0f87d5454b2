import { type FileCataloger, type Found, unreadable } from '../cataloger.ts';

/** Haskell libraries registered with GHC: `package.conf.d/NAME-VERSION.conf`, `package.db/…` of cabal (GHC User's Guide, "InstalledPackageInfo"). */
export const ghc: FileCataloger = {
  name: 'ghc',
  version: 1,
  maxBytes: 4 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 102 && /(?:^|\/)package\.(?:conf\.d|db)\/[^/]+\.conf$/.test(path),
  catalog({ bytes }): Found {
    const text = bytes.toString('utf8'), field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)?.[1];
    const [name, version, licence] = [field('name'), field('version'), field('license')];
    if (!name || !version) return unreadable('ghc-package-incomplete', 'no name or no version');
    return { packages: [{ type: 'hackage', name: field('package-name') ?? name, version, ...(licence && { licences: [licence] }) }] };
  },
};
