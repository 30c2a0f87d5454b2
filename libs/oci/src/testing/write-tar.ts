import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** One entry to write. `content` is text or bytes, `from` a file of this machine; a path may say anything, also what no reader should accept. */
export interface TarSource {
  readonly path: string;
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';
  readonly content?: string | Buffer;
  readonly from?: string;
  readonly link?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970. */
  readonly mtime?: number;
  /** How a long name is written: pax by default. */
  readonly format?: 'pax' | 'gnu';
}

const flags = { file: '0', hardlink: '1', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6' } as const;

/** A whole tar in memory. */
export const writeTar = (entries: Iterable<TarSource>): Buffer => Buffer.concat([...tarChunks(entries)]);

/** A tar in pieces of at most 256 KB, for content that does not fit into memory. */
export function* tarChunks(entries: Iterable<TarSource>): Generator<Buffer> {
  for (const entry of entries) yield* entryChunks(entry);
  yield Buffer.alloc(1024);
}

function* entryChunks(entry: TarSource): Generator<Buffer> {
  const type = entry.type ?? 'file';
  const content = type === 'file' ? Buffer.from(entry.content ?? '') : Buffer.alloc(0);
  const size = type !== 'file' ? 0 : entry.from === undefined ? content.length : lstatSync(entry.from).size;
  yield* longNames(entry);
  yield tarHeader({ ...entry, size, flag: flags[type] });
  if (entry.from === undefined || type !== 'file') yield content;
  else yield* fileChunks(entry.from, size);
  yield Buffer.alloc(padding(size));
}

function* longNames({ path, link = '', format = 'pax' }: TarSource): Generator<Buffer> {
  const isLong = (name: string) => Buffer.byteLength(name) > 100;
  if (format === 'gnu') {
    if (isLong(link)) yield* extension('K', '././@LongLink', Buffer.from(`${link}\0`));
    if (isLong(path)) yield* extension('L', '././@LongLink', Buffer.from(`${path}\0`));
  } else if (isLong(path) || isLong(link)) {
    yield* extension('x', 'PaxHeaders/entry', Buffer.from((isLong(path) ? paxRecord('path', path) : '') + (isLong(link) ? paxRecord('linkpath', link) : '')));
  }
}

function* extension(flag: string, path: string, body: Buffer): Generator<Buffer> {
  yield tarHeader({ path, size: body.length, flag });
  yield body;
  yield Buffer.alloc(padding(body.length));
}

/** A pax record counts its own length. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const body = Buffer.byteLength(rest);
  let length = body + String(body).length;
  if (String(length).length > String(body).length) length = body + String(length).length;
  return `${length}${rest}`;
}

/** One header block with a right checksum; names are cut at 100 bytes, as they are when a long name precedes them. */
export function tarHeader({ path, size, flag, link = '', mode = flag === '5' ? 0o755 : 0o644, uid = 0, gid = 0, mtime = 0 }: Omit<TarSource, 'type'> & { size: number; flag: string }): Buffer {
  const header = Buffer.alloc(512);
  Buffer.from(path).copy(header, 0, 0, 100);
  const number = (value: number, at: number, length: number) => header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  number(mode, 100, 8);
  number(uid, 108, 8);
  number(gid, 116, 8);
  if (size < 8 ** 11) number(size, 124, 12);
  else { header[124] = 0x80; header.writeUIntBE(size, 130, 6); }
  number(mtime, 136, 12);
  header.write(flag, 156, 'latin1');
  Buffer.from(link).copy(header, 157, 0, 100);
  header.write('ustar\0' + '00', 257, 'latin1');
  return withChecksum(header);
}

/** Writes the checksum of a header into it. */
export function withChecksum(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** The bytes after `size` that fill the last block. */
export const padding = (size: number): number => (512 - (size % 512)) % 512;

function* fileChunks(path: string, size: number): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    for (let left = size; left > 0;) {
      const chunk = Buffer.allocUnsafe(Math.min(left, 256 * 1024));
      const read = readSync(file, chunk, 0, chunk.length, null);
      // A file that shrank meanwhile is filled with zeros: its header is written already.
      yield read > 0 ? chunk.subarray(0, read) : Buffer.alloc(chunk.length);
      left -= read > 0 ? read : chunk.length;
    }
  } finally {
    closeSync(file);
  }
}

/** The entries of a directory of this machine, sorted, under another name; unreadable ones and devices are left out. `keep` may leave out more. */
export function* entriesOf(directory: string, prefix: string, keep: (path: string) => boolean = () => true): Generator<TarSource> {
  const names = attempt(() => readdirSync(directory).sort()) ?? [];
  for (const name of names) {
    const from = join(directory, name);
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const stats = attempt(() => lstatSync(from));
    if (stats === undefined || !keep(path)) continue;
    const common = { path, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, mtime: Math.floor(stats.mtimeMs / 1000) };
    if (stats.isDirectory()) { yield { ...common, path: `${path}/`, type: 'directory' }; yield* entriesOf(from, path, keep); }
    else if (stats.isSymbolicLink()) yield { ...common, type: 'symlink', link: readlinkSync(from) };
    else if (stats.isFile() && attempt(() => { closeSync(openSync(from, 'r')); return true; })) yield { ...common, type: 'file', from };
  }
}

const attempt = <T>(work: () => T): T | undefined => { try { return work(); } catch { return undefined; } };
