import { closeSync, fstatSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { invalid } from '@plimsoll/problem';
import type { Entry } from './entry.ts';
import { type FileSlice, openRegularFile } from './file-slice.ts';
import { defaultReadLimits, type ImageLimits } from './limits.ts';
import { cleanPath, directoryName } from './names.ts';
import { TarWalker } from './tar.ts';

/** An uncompressed tar whose members can be read in place. */
export interface Archive {
  readonly path: string;
  /** The member of that name; a symlink inside the archive is followed (old `docker save` writes them). undefined when there is none. */
  find(name: string): FileSlice | undefined;
  /** Reads a member whole; Problems `archive-member-missing`, `limit-document-bytes`. */
  read(name: string): Buffer;
}

const windowSize = 64 * 1024;
const maxLinks = 8;

/** Lists an archive's members by their headers. Problems `archive-truncated`, `archive-corrupt`, `archive-duplicate`, `limit-archive-members`. */
export function openArchive(path: string, limits: Pick<ImageLimits, 'archiveMembers' | 'documentBytes'>): Archive {
  const members = new Map<string, FileSlice>();
  const links = new Map<string, string>();
  let count = 0;
  const walker: TarWalker = new TarWalker({
    entry(entry: Entry) {
      if (++count > limits.archiveMembers) throw invalid('limit-archive-members', `${path}: more than ${limits.archiveMembers} members`);
      if (entry.type === 'file') addMember(members, path, entry, walker.position);
      else if (entry.type === 'symlink') links.set(entry.path, posix.join(directoryName(entry.path), entry.link));
      else if (entry.type === 'hardlink') links.set(entry.path, entry.link);
      return false;
    },
    head: () => false,
    file() {},
    passed() {},
    problem() {},
  }, defaultReadLimits, (reason, what) => invalid(`archive-${reason}`, `${path}: ${what}`));
  walkFile(path, walker);
  const find = (name: string): FileSlice | undefined => {
    let at: string | undefined = cleanPath(name);
    for (let followed = 0; at !== undefined && followed <= maxLinks; followed++) {
      const found = members.get(at);
      if (found !== undefined) return found;
      const target = links.get(at);
      at = target === undefined ? undefined : cleanPath(target);
    }
    return undefined;
  };
  return {
    path, find,
    read(name) {
      const slice = find(name);
      if (slice === undefined) throw invalid('archive-member-missing', `${path}: no member ${JSON.stringify(name)}`);
      return readWhole(slice, limits.documentBytes, `${path}: ${name}`);
    },
  };
}

/** Blobs may come twice, their digest decides; two documents of one name would let two readers see two images. */
function addMember(members: Map<string, FileSlice>, path: string, entry: Entry, offset: number): void {
  if (members.has(entry.path) && entry.path.endsWith('.json') && !entry.path.includes('/')) throw invalid('archive-duplicate', `${path}: two members are named ${entry.path}`);
  members.set(entry.path, { path, offset, size: entry.size });
}

function walkFile(path: string, walker: TarWalker): void {
  const file = openRegularFile(path);
  try {
    const { size } = fstatSync(file);
    const window = Buffer.allocUnsafeSlow(windowSize);
    let at = 0;
    while (at < size && !walker.ended) {
      const read = readSync(file, window, 0, Math.min(windowSize, size - at), at);
      if (read === 0) break;
      walker.push(window.subarray(0, read));
      at += read + walker.takeSkip();
    }
    if (at > size) throw invalid('archive-truncated', `${path}: its last member reaches ${at - size} bytes beyond its end`);
    walker.end();
  } finally {
    closeSync(file);
  }
}

/** Reads a slice into memory; more than `limit` bytes is Problem `limit-document-bytes`, fewer than promised `archive-truncated`. */
export function readWhole({ path, offset, size }: FileSlice, limit: number, what: string): Buffer {
  if (size > limit) throw invalid('limit-document-bytes', `${what} has ${size} bytes; the limit is ${limit}`);
  const file = openRegularFile(path);
  try {
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let filled = 0; filled < size;) {
      const read = readSync(file, bytes, filled, size - filled, offset + filled);
      if (read === 0) throw invalid('archive-truncated', `${what} ends after ${filled} of ${size} bytes`);
      filled += read;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
