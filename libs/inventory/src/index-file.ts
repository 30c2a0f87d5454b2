import { open, readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { passFile } from '@plimsoll/oci';
import { invalid } from '@plimsoll/problem';
import { catalogSafely, readSafely } from './catalog-visitor.ts';
import { type Found, isInParts, isLooking, type ReadingCataloger } from './cataloger.ts';
import { catalogers } from './catalogers.ts';
import { reader, rpm } from './catalogers/rpm.ts';
import { contentsOf, problemsOfFiles } from './coalesce.ts';
import { targetLockfiles } from './lockfiles.ts';
import type { Inventory } from './model.ts';
import { secretsInFiles } from './secrets/secrets-in-files.ts';
import { PartialReading } from './partial-reading.ts';
import { indexSbom } from './sbom/index-sbom.ts';

/** The packages of one file: a lock file, a package database, a program, an archive, an SBOM. Rejects with Problem `file-missing`, `file-unknown`, `limit-file-bytes`, and as `fromSbom` throws. */
export async function indexFile(path: string): Promise<Inventory> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) throw invalid('file-missing', `${path} is no file that can be read`);
  const head = await firstBytes(path), readers = readersOf(path, facts.size, head);
  const sbom = readers.length ? undefined : await indexSbom(path, facts.size, head);
  if (sbom) return sbom;
  if (readers.length === 0) throw invalid('file-unknown', `${basename(path)} is none of the files a package manager or a compiler leaves; name an image, a directory, a lock file, a package database or an SBOM`);
  const seen = await Promise.all(readers.map(async (one) => ({ path: basename(path), layer: 0, found: await foundBy(one, path, facts.size) })));
  return {
    target: { kind: 'file', reference: path, layers: [] },
    ...contentsOf(seen, () => undefined),
    secrets: [],
    configuration: { findings: [] },
    problems: problemsOfFiles(seen),
  };
}

async function foundBy({ cataloger, as }: Reader, path: string, size: number): Promise<Found> {
  if (isInParts(cataloger)) {
    let found: Found = { packages: [], problems: [{ code: 'limit-walks', detail: 'what it points at is too entangled to be read' }] };
    passFile(path, (length) => new PartialReading(readSafely(cataloger, length, as), length, (result) => { found = result; }));
    return found;
  }
  if (size > cataloger.maxBytes) throw invalid('limit-file-bytes', `${path} has ${size} bytes; at most ${cataloger.maxBytes} are read`);
  return catalogSafely(cataloger, as, await readFile(path)) ?? { packages: [] };
}

async function firstBytes(path: string): Promise<Buffer> {
  await using file = await open(path, 'r');
  const head = Buffer.alloc(4096);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  return head.subarray(0, bytesRead);
}

interface Reader { readonly cataloger: ReadingCataloger; /** The path it would have in an image. */ readonly as: string }

/** By where it lies (`…/var/lib/dpkg/status`), else by its usual name, else by its first bytes. */
function readersOf(path: string, size: number, head: Buffer): Reader[] {
  const name = basename(path);
  const entry = { path: name, type: 'file', size, mode: 0o755, uid: 0, gid: 0, link: '' } as const;
  const lock = targetLockfiles.find((one) => one.wants(name, entry));
  if (lock) return [{ cataloger: lock, as: name }];
  const parts = resolve(path).split('/');
  for (const as of [...parts.map((_, i) => parts.slice(i + 1).join('/')).slice(0, -1), usualPlaces[name] ?? name]) {
    const found = catalogers.filter((one): one is ReadingCataloger => !isLooking(one) && one.wants(as, entry) === true);
    if (found.length) return found.map((cataloger) => ({ cataloger, as }));
  }
  if (reader(head)) return [{ cataloger: rpm, as: 'var/lib/rpm/Packages' }];
  // Any text may hold a secret; that makes it no list of packages.
  return catalogers.filter((one): one is ReadingCataloger => one !== secretsInFiles && !isLooking(one) && one.wants(name, entry) === 'head' && one.wantsHead?.(head) === true).map((cataloger) => ({ cataloger, as: name }));
}

/** Names that mean something only in their place. */
const usualPlaces: Readonly<Record<string, string>> = {
  status: 'var/lib/dpkg/status',
  installed: 'lib/apk/db/installed',
  'rpmdb.sqlite': 'var/lib/rpm/rpmdb.sqlite',
  Packages: 'var/lib/rpm/Packages',
  'Packages.db': 'var/lib/rpm/Packages.db',
  'container-manifest-2': 'var/lib/rpmmanifest/container-manifest-2',
  'installed.json': 'vendor/composer/installed.json',
  METADATA: 'x.dist-info/METADATA',
  'PKG-INFO': 'x.egg-info/PKG-INFO',
  'os-release': 'etc/os-release',
};
