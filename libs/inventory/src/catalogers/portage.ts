import { type CatalogedFile, type FileCataloger, type Found, unreadable } from '../cataloger.ts';
import { isOwnable } from '../ownable.ts';

/**
 * What Gentoo's Portage merged: `var/db/pkg/CATEGORY/NAME-VERSION/CONTENTS` (portage(5)), a line for each directory, file and link. The folder
 * tells name and version; the file is there for packages without files too.
 */
export const portage: FileCataloger = {
  name: 'portage',
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => path.startsWith('var/db/pkg/') && path.endsWith('/CONTENTS') && path.split('/').length === 6,
  catalog({ path, bytes }: CatalogedFile): Found {
    const [category, folder = ''] = path.split('/').slice(3);
    const [, last, version] = /^(.+?)-(\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d*)*(?:-r\d+)?)$/.exec(folder) ?? [];
    // Portage merges into a folder of this name first; what is left of a merge that was broken off is not installed.
    if (folder.startsWith('-MERGING-')) return { packages: [] };
    if (!last || !version) return unreadable('portage-package-unreadable', `${category}/${folder} is not NAME-VERSION`);
    const name = `${category}/${last}`, paths = pathsOf(bytes.toString('utf8'));
    return { packages: [{ type: 'portage', name, version }], ...(paths.length && { owned: [{ type: 'portage', name, version, paths }] }) };
  },
};

/** `obj /usr/bin/x MD5 MTIME`, `sym /usr/lib/x -> y MTIME`; paths may hold spaces. */
function pathsOf(text: string): string[] {
  const paths: string[] = [];
  for (const line of text.split('\n')) {
    const path = /^obj \/(.+) [0-9a-f]{32} \d+$/.exec(line)?.[1];
    if (path && isOwnable(path)) paths.push(path);
  }
  return paths;
}
