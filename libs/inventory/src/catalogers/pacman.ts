import { type CatalogedFile, type FileCataloger, type Found, type OwnedFiles, unreadable } from '../cataloger.ts';
import { isOwnable } from '../ownable.ts';

/**
 * The local database of pacman (pacman lib/libalpm/be_local.c): a folder for each package with `desc`, its fields, and `files`, its paths.
 * A field is a line `%NAME%`, its values line by line, and an empty line.
 */
export const pacman: FileCataloger = {
  name: 'pacman',
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => path.startsWith('var/lib/pacman/local/') && (path.endsWith('/desc') || path.endsWith('/files')) && path.split('/').length === 6,
  catalog: (file) => (file.path.endsWith('/files') ? ownedBy(file) : describe(file)),
};

function describe({ bytes }: CatalogedFile): Found {
  const fields = fieldsOf(bytes.toString('utf8'));
  const [name, version, arch, base, packager] = ['NAME', 'VERSION', 'ARCH', 'BASE', 'PACKAGER'].map((key) => fields.get(key)?.[0]);
  if (!name || !version) return unreadable('pacman-desc-incomplete', name ? `${name} has no %VERSION%` : 'no %NAME%');
  const licences = fields.get('LICENSE') ?? [];
  return {
    packages: [{
      type: 'alpm', name, version,
      ...(arch && { arch }),
      source: { name: base ?? name, version },
      ...(packager && { vendor: packager }),
      ...(licences.length && { licences }),
    }],
  };
}

/** The folder's name is NAME-VERSION-RELEASE, and neither of the last two holds a dash. */
function ownedBy({ path, bytes }: CatalogedFile): Found {
  const [, name, version] = /^(.+)-([^-]+-[^-]+)$/.exec(path.split('/').at(-2)!) ?? [];
  if (!name || !version) return unreadable('pacman-files-unreadable', 'the folder is not named NAME-VERSION-RELEASE');
  const paths = (fieldsOf(bytes.toString('utf8')).get('FILES') ?? []).filter((one) => !one.endsWith('/') && isOwnable(one));
  return { packages: [], ...(paths.length && { owned: [{ type: 'alpm', name, version, paths }] satisfies OwnedFiles[] }) };
}

function fieldsOf(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd(), field = /^%([A-Z0-9]+)%$/.exec(line)?.[1];
    if (field) fields.set(field, values = []);
    else if (line === '') values = undefined;
    else values?.push(line);
  }
  return fields;
}
