import type { EntryCataloger, FileCataloger } from '../cataloger.ts';
import { licencesOfText } from './of-text.ts';

const most = 40;

/** What Debian packages say of their licences: `usr/share/doc/NAME/copyright`, in the machine-readable form (DEP-5) or as prose. */
export const dpkgCopyright: FileCataloger = {
  name: 'dpkg-copyright',
  version: 1,
  maxBytes: 4 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 116 && path.endsWith('/copyright') && documented.test(path),
  catalog({ path, bytes }) {
    const text = bytes.toString('utf8'), licences = isMachineReadable(text) ? shortNames(text) : licencesOfText(text.slice(0, 200_000));
    return { packages: [], licences: { type: 'deb', name: documented.exec(path)![1]!, licences: licences.slice(0, most) } };
  },
};

/** Packages that share the documentation of another one: `usr/share/doc/NAME -> OTHER`, or the file alone. */
export const dpkgDocumentation: EntryCataloger = {
  name: 'dpkg-documentation',
  version: 1,
  look: () => ({ path, type, link }) => {
    if (type !== 'symlink' || !path.startsWith('usr/share/doc/')) return undefined;
    const name = /^usr\/share\/doc\/([^/]+)(?:\/copyright)?$/.exec(path)?.[1], as = /^(?:(?:\.\.\/)*(?:usr\/share\/doc\/)?|\/usr\/share\/doc\/)([a-z0-9][a-z0-9+.-]+)(?:\/copyright|\/)?$/.exec(link)?.[1];
    return name && as && as !== name ? { packages: [], licences: { type: 'deb', name, licences: [], as } } : undefined;
  },
};

const documented = /^usr\/share\/doc\/([^/]+)\/copyright$/;
const isMachineReadable = (text: string): boolean => /^Format(?:-Specification)?:\s*\S+/im.test(text.slice(0, 2000)) && /^License:/im.test(text);

/** The short names of all stanzas, each once. */
function shortNames(text: string): string[] {
  const names = new Set<string>();
  for (const [, name] of text.matchAll(/^License:[ \t]*(\S[^\n]*)$/gim)) if (names.size < most) names.add(name!.trim());
  return [...names].sort();
}
