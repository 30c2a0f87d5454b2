import { type FileCataloger, type Found, type FoundPackage, type FoundProblem, type OwnedFiles, unreadable } from '../cataloger.ts';
import { isOwnable } from '../ownable.ts';

/** The installed database of apk-tools (apk-tools doc/apk-package.5): one letter, a colon, a value; a blank line ends a package. */
export const apk: FileCataloger = {
  name: 'apk',
  version: 2,
  maxBytes: 128 * 1024 * 1024,
  wants: (path) => path.endsWith('lib/apk/db/installed') && (path.length === 20 || path === 'usr/lib/apk/db/installed'),
  catalog: ({ bytes }) => readInstalled(bytes.toString('utf8')),
};

function readInstalled(text: string): Found {
  const packages: FoundPackage[] = [], owned: OwnedFiles[] = [], problems: FoundProblem[] = [];
  let fields = new Map<string, string>(), paths: string[] = [], directory = '';
  const finish = (): void => {
    const name = fields.get('P'), version = fields.get('V');
    if (name && version) {
      const [arch, licence, vendor] = [fields.get('A'), fields.get('L'), fields.get('m')];
      packages.push({
        type: 'apk', name, version,
        ...(arch && { arch }),
        source: { name: fields.get('o') || name, version },
        ...(vendor && { vendor }),
        ...(licence && { licences: [licence] }),
      });
      if (paths.length) owned.push({ type: 'apk', name, version, paths });
    } else if (fields.size) {
      problems.push({ code: 'apk-package-incomplete', detail: name ? `${name} has no version` : 'a package has no name' });
    }
    fields = new Map();
    paths = [];
    directory = '';
  };
  for (const line of text.split('\n')) {
    if (line === '' || line === '\r') { finish(); continue; }
    if (line[1] !== ':') continue;
    const key = line[0]!, value = line.slice(2);
    if (key === 'F') directory = value === '' ? '' : `${value}/`;
    else if (key === 'R') { if (isOwnable(directory + value)) paths.push(directory + value); }
    else if (key === 'P' && fields.has('P')) { finish(); fields.set(key, value); }
    else if ('PVAoLm'.includes(key)) fields.set(key, value);
  }
  finish();
  if (packages.length === 0 && text.trim() !== '') return unreadable('apk-database-unreadable', `${text.length} characters without a complete package`);
  return { packages, ...(owned.length && { owned }), ...(problems.length && { problems }) };
}
