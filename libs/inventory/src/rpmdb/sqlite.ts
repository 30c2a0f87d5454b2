import { invalid } from '@plimsoll/problem';

/**
 * The blobs of the `Packages` table of an rpmdb.sqlite, read straight from its pages (https://www.sqlite.org/fileformat2.html).
 * Not node:sqlite: that would need a copy written to disk, and would run a hostile database through native code in our own
 * process, with no limit on its time and no memory safety. Rows in rowid order need two page types and overflow chains: this file.
 * Every page is visited at most once, so a crafted cycle ends as Problem `rpmdb-loop`; damage as `rpmdb-corrupt`.
 */
export function* sqliteBlobs(db: Buffer): Generator<Buffer> {
  const file = open(db);
  let root: number | undefined;
  for (const [type, name, , page] of rows(file, 1)) {
    if (type === 'table' && name === 'Packages' && typeof page === 'number') root = page;
  }
  if (root === undefined) throw invalid('rpmdb-corrupt', 'no table named Packages');
  for (const row of rows(file, root)) {
    const blob = row[1];
    if (!Buffer.isBuffer(blob)) throw invalid('rpmdb-corrupt', 'a row of Packages without a blob');
    yield blob;
  }
}

interface File { readonly db: Buffer; readonly pageSize: number; readonly usable: number; readonly seen: Uint8Array }

function open(db: Buffer): File {
  if (db.length < 512) throw invalid('rpmdb-corrupt', `an SQLite file of ${db.length} bytes`);
  const stated = db.readUInt16BE(16), pageSize = stated === 1 ? 65536 : stated;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) throw invalid('rpmdb-corrupt', `an SQLite page size of ${pageSize}`);
  const usable = pageSize - db[20]!;
  if (usable < 480) throw invalid('rpmdb-corrupt', `only ${usable} usable bytes a page`);
  const pages = Math.ceil(db.length / pageSize), stored = db.readUInt32BE(28);
  if (stored > pages) throw invalid('rpmdb-truncated', `${stored} pages expected, ${pages} present`);
  return { db, pageSize, usable, seen: new Uint8Array(pages + 1) };
}

/** Gives a page that was not given before. */
function page(file: File, number: number): Buffer {
  if (number < 1 || number * file.pageSize > file.db.length) throw invalid('rpmdb-corrupt', `page ${number} lies outside the file`);
  if (file.seen[number]) throw invalid('rpmdb-loop', `page ${number} is used twice`);
  file.seen[number] = 1;
  return file.db.subarray((number - 1) * file.pageSize, number * file.pageSize);
}

/** The rows of a table b-tree, left to right, without recursion. */
function* rows(file: File, root: number): Generator<Value[]> {
  const todo = [root];
  for (let number = todo.pop(); number !== undefined; number = todo.pop()) {
    const bytes = page(file, number), start = number === 1 ? 100 : 0;
    const type = bytes[start]!, cells = bytes.readUInt16BE(start + 3);
    const header = start + (type === 5 ? 12 : 8);
    if ((type !== 5 && type !== 13) || header + cells * 2 > bytes.length) throw invalid('rpmdb-corrupt', `page ${number} is no table page`);
    const pointers = Array.from({ length: cells }, (_, i) => bytes.readUInt16BE(header + i * 2));
    if (type === 13) {
      for (const at of pointers) yield row(file, bytes, at);
      continue;
    }
    todo.push(bytes.readUInt32BE(start + 8));
    for (const at of pointers.reverse()) {
      if (at + 4 > bytes.length) throw invalid('rpmdb-corrupt', `page ${number} points outside itself`);
      todo.push(bytes.readUInt32BE(at));
    }
  }
}

/** A leaf cell: payload size, rowid, payload; what does not fit goes on in overflow pages. */
function row(file: File, bytes: Buffer, at: number): Value[] {
  const size = varint(bytes, at), key = varint(bytes, size.next);
  const total = size.value;
  if (total > file.db.length) throw invalid('rpmdb-corrupt', `a row of ${total} bytes in a file of ${file.db.length}`);
  const most = file.usable - 35, least = Math.floor(((file.usable - 12) * 32) / 255) - 23;
  const spread = least + ((total - least) % (file.usable - 4));
  const local = total <= most ? total : spread <= most ? spread : least;
  if (key.next + local > bytes.length) throw invalid('rpmdb-corrupt', 'a row runs past its page');
  const first = bytes.subarray(key.next, key.next + local);
  if (local === total) return record(first);
  const parts = [first];
  let have = local, next = bytes.readUInt32BE(key.next + local);
  while (have < total) {
    const more = page(file, next);
    const part = more.subarray(4, Math.min(file.usable, 4 + total - have));
    parts.push(part);
    have += part.length;
    next = more.readUInt32BE(0);
  }
  return record(Buffer.concat(parts, total));
}

type Value = string | number | Buffer | null;

/** A record: serial types of the columns, then their values. */
function record(bytes: Buffer): Value[] {
  const header = varint(bytes, 0);
  const values: Value[] = [];
  let data = header.value;
  for (let at = header.next; at < header.value;) {
    const serial = varint(bytes, at);
    at = serial.next;
    const type = serial.value;
    const size = type >= 12 ? (type - 12 - (type & 1)) / 2 : integerSizes[type] ?? 0;
    if (data + size > bytes.length) throw invalid('rpmdb-corrupt', 'a column runs past its row');
    if (type >= 12) values.push(type % 2 ? bytes.toString('utf8', data, data + size) : bytes.subarray(data, data + size));
    else if (type === 8 || type === 9) values.push(type - 8);
    else values.push(type >= 1 && type <= 6 && size <= 6 ? bytes.readIntBE(data, size) : null);
    data += size;
  }
  return values;
}
const integerSizes = [0, 1, 2, 3, 4, 6, 8, 8];

/** Big-endian base 128, at most nine bytes; values beyond 2^53 cannot be sizes of ours and fail the checks after. */
function varint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw invalid('rpmdb-corrupt', 'a number runs past its page');
    if (i === 8) return { value: value * 256 + byte, next: at + 9 };
    value = value * 128 + (byte & 127);
    if (byte < 128) return { value, next: at + i + 1 };
  }
  throw invalid('rpmdb-corrupt', 'a number without an end');
}
