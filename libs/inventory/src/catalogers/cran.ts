import { type FileCataloger, type Found, unreadable } from '../cataloger.ts';

/**
 * Installed R packages by the `DESCRIPTION` in their folder (Writing R Extensions, section 1.1.1). R adds `Built` when it installs; a source
 * tree has none.
 */
export const cran: FileCataloger = {
  name: 'cran',
  version: 1,
  maxBytes: 4 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 78 && path.endsWith('/DESCRIPTION'),
  catalog({ bytes }): Found {
    const text = bytes.toString('utf8'), field = (name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(\\S[^\\n]*)`, 'm').exec(text)?.[1]?.trim();
    const [name, version, licence] = [field('Package'), field('Version'), field('License')];
    if (field('Built') === undefined) return { packages: [] };
    if (!name || !version) return unreadable('r-description-incomplete', 'no Package or no Version');
    return { packages: [{ type: 'cran', name, version, ...(licence && { licences: [licence] }) }] };
  },
};
