import { Problem } from '@plimsoll/problem';
import { baseName, type FileCataloger, type Found, type FoundPackage, type FoundProblem, type OwnedFiles, unreadable } from '../cataloger.ts';
import { isOwnable } from '../ownable.ts';
import { bdbBlobs } from '../rpmdb/bdb.ts';
import { readRpmHeader, type RpmHeader } from '../rpmdb/header.ts';
import { ndbBlobs } from '../rpmdb/ndb.ts';
import { sqliteBlobs } from '../rpmdb/sqlite.ts';

/** The three database formats of rpm since 4.0: Berkeley DB hash, ndb, SQLite; the content decides, not the name. */
export const rpm: FileCataloger = {
  name: 'rpm',
  version: 3,
  maxBytes: 256 * 1024 * 1024,
  wants(path, entry) {
    const last = path.charCodeAt(path.length - 1);
    if (last !== 115 && last !== 98 && last !== 101 && last !== 108) return false; // Packages, Packages.db, rpmdb.sqlite, -wal
    const name = baseName(path);
    if (name !== 'Packages' && name !== 'Packages.db' && name !== 'rpmdb.sqlite' && name !== 'rpmdb.sqlite-wal') return false;
    return directories.has(path.slice(0, -name.length - 1)) && (entry.size > 0 || entry.type === 'hardlink');
  },
  catalog({ path, bytes }) {
    if (path.endsWith('-wal')) return walLeftover(bytes);
    const blobs = reader(bytes);
    return blobs ? readPackages(blobs(bytes)) : unreadable('rpmdb-unreadable', `starts with ${bytes.subarray(0, 16).toString('hex')}: none of SQLite, ndb, Berkeley DB`);
  },
};

/** Where distributions keep it: the classic place, Fedora and SUSE since 2020, ostree systems. */
const directories = new Set(['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm', 'usr/lib/rpm-db', 'usr/lib/ostree/rpm']);

/** Which format these bytes are in. */
export function reader(bytes: Buffer): ((db: Buffer) => Generator<Buffer>) | undefined {
  if (bytes.toString('latin1', 0, 16) === 'SQLite format 3\0') return sqliteBlobs;
  if (bytes.toString('latin1', 0, 4) === 'RpmP') return ndbBlobs;
  if (bytes.length >= 16 && (bytes.readUInt32LE(12) === 0x00061561 || bytes.readUInt32BE(12) === 0x00061561)) return bdbBlobs;
  return undefined;
}

/** Changes that never reached the database file. Only their presence is told: reading them needs both files of one moment. */
function walLeftover(bytes: Buffer): Found {
  const empty = bytes.length <= 32 || bytes.subarray(32).every((byte) => byte === 0);
  return empty ? { packages: [] } : unreadable('rpmdb-wal-unread', `${bytes.length} bytes of changes are not in the database itself`);
}

function readPackages(blobs: Generator<Buffer>): Found {
  const packages: FoundPackage[] = [], owned: OwnedFiles[] = [], problems: FoundProblem[] = [];
  try {
    for (const blob of blobs) {
      try {
        const header = readRpmHeader(blob);
        const found = fromHeader(header);
        packages.push(found);
        const paths = header.files.map((path) => path.slice(1)).filter(isOwnable);
        if (paths.length) owned.push({ type: 'rpm', name: found.name, version: found.version, ...(found.arch && { arch: found.arch }), paths });
      } catch (error) {
        if (problems.length < 20) problems.push({ code: 'rpm-header-unreadable', detail: (error as Error).message });
      }
    }
  } catch (error) {
    // A read past the end of a page is a RangeError of Buffer: damage like any other.
    const detail = error instanceof Problem ? error.detail : (error as Error).message;
    problems.push({ code: (error instanceof Problem && error.code) || 'rpmdb-corrupt', detail: `${detail}; ${packages.length} packages were read before` });
  }
  return { packages: withSourceEpochs(packages), ...(owned.length && { owned }), ...(problems.length && { problems }) };
}

function fromHeader({ name, version, release, epoch, arch, vendor, licence, sourceRpm, modularityLabel }: RpmHeader): FoundPackage {
  const own = `${version}-${release}`;
  const source = sourceOf(sourceRpm);
  return {
    type: 'rpm', name,
    version: epoch ? `${epoch}:${own}` : own,
    ...(arch && { arch }),
    ...(source && { source }),
    ...(vendor && { vendor }),
    ...(modularityLabel && { module: modularityLabel }),
    ...(licence && { licences: [licence] }),
  };
}

/**
 * The file name of a source package does not tell its epoch. A package with the source's own version and release has it, because a
 * spec file has one epoch unless a subpackage sets another together with its version; so the source's other packages learn it too.
 */
export function withSourceEpochs(packages: readonly FoundPackage[]): FoundPackage[] {
  const versions = new Map<string, string>();
  for (const { version, source } of packages) {
    if (source && version.endsWith(`:${source.version}`)) versions.set(`${source.name} ${source.version}`, version);
  }
  return packages.map((one) => {
    const version = one.source && versions.get(`${one.source.name} ${one.source.version}`);
    return version === undefined ? one : { ...one, source: { name: one.source!.name, version } };
  });
}

/** `bash-5.1.8-5.el9.src.rpm` → bash, 5.1.8-5.el9. */
export function sourceOf(file: string | undefined): { name: string; version: string } | undefined {
  const match = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file ?? '');
  return match ? { name: match[1]!, version: match[2]! } : undefined;
}
