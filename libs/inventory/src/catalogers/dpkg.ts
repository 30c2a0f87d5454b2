import { baseName, type CatalogedFile, type FileCataloger, type Found, type FoundPackage, type FoundProblem, unreadable } from '../cataloger.ts';
import { isOwnable } from '../ownable.ts';

const MiB = 1024 * 1024;

/**
 * The database of dpkg (deb-control(5), dpkg-query(1)): `status`, distroless `status.d/`, and the file lists beside them.
 * dpkg writes a `.list` for every package, so `.md5sums`, its subset, is read only where distroless images have nothing else.
 */
export const dpkg: FileCataloger = {
  name: 'dpkg',
  version: 2,
  maxBytes: 64 * MiB,
  wants(path) {
    if (!path.startsWith('var/lib/dpkg/')) return false;
    if (path === 'var/lib/dpkg/status') return true;
    if (path.startsWith('status.d/', 13)) return path.indexOf('/', 22) < 0;
    return path.startsWith('info/', 13) && path.endsWith('.list');
  },
  catalog(file) {
    if (file.path.endsWith('.list')) return ownedByList(file);
    if (file.path.endsWith('.md5sums')) return ownedBySums(file);
    return readStatus(file.bytes, file.path.includes('/status.d/'));
  },
};

/** Reads the stanzas of a status file; `always` says that being listed means being installed, as in distroless images. */
export function readStatus(bytes: Buffer, always: boolean, type: 'deb' | 'opkg' = 'deb'): Found {
  const packages: FoundPackage[] = [], problems: FoundProblem[] = [];
  for (const stanza of stanzas(bytes.toString('utf8'))) {
    const name = stanza.get('package'), version = stanza.get('version'), status = stanza.get('status');
    if (!name && !version) continue;
    if (!always || status !== undefined) {
      const state = status?.split(/\s+/).at(-1);
      if (state === undefined) problems.push({ code: 'dpkg-stanza-incomplete', detail: `${name ?? 'a package without a name'} has no Status` });
      else if (!unpacked.has(state)) continue;
    }
    if (!name || !version) {
      problems.push({ code: 'dpkg-stanza-incomplete', detail: name ? `${name} has no Version` : `a package of version ${version} has no name` });
      continue;
    }
    const source = /^(\S+)(?:\s+\(([^)]+)\))?/.exec(stanza.get('source') ?? '');
    const vendor = stanza.get('maintainer'), arch = stanza.get('architecture');
    packages.push({
      type, name, version,
      ...(arch && { arch }),
      source: { name: source?.[1] ?? name, version: source?.[2] ?? version },
      ...(vendor && { vendor }),
    });
  }
  if (packages.length === 0 && bytes.length > 0 && !/^Package:/m.test(bytes.toString('latin1', 0, MiB))) return unreadable('dpkg-status-unreadable', `${bytes.length} bytes without a Package field`);
  return { packages, ...(problems.length && { problems }) };
}

/** States in which the files of the package are on the disk (dpkg(1), "Package states"): what is not configured can still be attacked. */
const unpacked = new Set(['installed', 'unpacked', 'half-configured', 'triggers-awaited', 'triggers-pending']);

/** Fields of each stanza, names in lower case; continuation lines are of no interest here. */
function* stanzas(text: string): Generator<Map<string, string>> {
  let fields = new Map<string, string>();
  let from = 0;
  while (from <= text.length) {
    let to = text.indexOf('\n', from);
    if (to < 0) to = text.length;
    const first = text.charCodeAt(from);
    if (to === from || (to === from + 1 && first === 13)) {
      if (fields.size) yield fields;
      fields = new Map();
    } else if (first !== 32 && first !== 9) {
      const colon = text.indexOf(':', from);
      if (colon > from && colon < to) {
        const field = text.slice(from, colon).toLowerCase();
        if (kept.has(field)) fields.set(field, text.slice(colon + 1, to).trim());
      }
    }
    from = to + 1;
  }
  if (fields.size) yield fields;
}
const kept = new Set(['package', 'version', 'status', 'architecture', 'source', 'maintainer']);

/** `info/libc6:amd64.list`: one absolute path a line. */
function ownedByList({ path, bytes }: CatalogedFile): Found {
  return owned(baseName(path).slice(0, -'.list'.length), bytes.toString('utf8').split('\n').map((line) => line.slice(1)));
}

/** `status.d/libc6.md5sums`: 32 hex digits, two spaces, a relative path. */
function ownedBySums({ path, bytes }: CatalogedFile): Found {
  return owned(baseName(path).slice(0, -'.md5sums'.length), bytes.toString('utf8').split('\n').map((line) => line.slice(34)));
}

function owned(label: string, all: readonly string[]): Found {
  const [name = label, arch] = label.split(':');
  const paths = all.filter((path) => path !== '' && path !== '.' && isOwnable(path));
  return { packages: [], ...(paths.length && { owned: [{ type: 'deb', name, ...(arch && { arch }), paths }] }) };
}
