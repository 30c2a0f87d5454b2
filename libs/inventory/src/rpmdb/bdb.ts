import { invalid } from '@plimsoll/problem';

const magic = 0x00061561;
const hashUnsorted = 2, hash = 13, overflow = 7, hashMeta = 8;
const keyData = 1, duplicate = 2, offPage = 3, offDuplicate = 4;
const pageHeader = 26;

/**
 * The blobs of a Berkeley DB hash file `Packages`, in either byte order (db 5.3, src/dbinc/db_page.h).
 * All pages are read in order instead of bucket by bucket: the same records without trusting the bucket table.
 * A page is used at most once, so cycles end as Problem `rpmdb-loop`; damage is `rpmdb-corrupt`.
 */
export function* bdbBlobs(db: Buffer): Generator<Buffer> {
  if (db.length < 512) throw invalid('rpmdb-truncated', `a Berkeley DB file of ${db.length} bytes`);
  const little = db.readUInt32LE(12) === magic;
  if (!little && db.readUInt32BE(12) !== magic) throw invalid('rpmdb-corrupt', 'not a Berkeley DB hash file');
  const u16 = (at: number): number => (little ? db.readUInt16LE(at) : db.readUInt16BE(at));
  const u32 = (at: number): number => (little ? db.readUInt32LE(at) : db.readUInt32BE(at));
  const pageSize = u32(20), last = u32(32);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) throw invalid('rpmdb-corrupt', `a Berkeley DB page size of ${pageSize}`);
  if (db[24] !== 0) throw invalid('rpmdb-encrypted', 'the Berkeley DB file is encrypted');
  if (db[25] !== hashMeta) throw invalid('rpmdb-corrupt', `a Berkeley DB file of type ${db[25]}`);
  if ((last + 1) * pageSize > db.length) throw invalid('rpmdb-truncated', `${last + 1} pages expected, ${Math.floor(db.length / pageSize)} present`);
  const seen = new Uint8Array(last + 1);

  for (let number = 1; number <= last; number++) {
    const page = number * pageSize, type = db[page + 25];
    if (type !== hash && type !== hashUnsorted) continue;
    const entries = u16(page + 20);
    if (pageHeader + entries * 2 > pageSize) throw invalid('rpmdb-corrupt', `page ${number} claims ${entries} entries`);
    // Entries are pairs of key and data; a record's length is the distance to the entry before it.
    for (let i = 1; i < entries; i += 2) {
      const at = u16(page + pageHeader + i * 2), end = u16(page + pageHeader + (i - 1) * 2);
      if (at < pageHeader + entries * 2 || at >= end || end > pageSize) throw invalid('rpmdb-corrupt', `page ${number} points outside itself`);
      const kind = db[page + at];
      if (kind === keyData) {
        // Key 0 holds the number of the next package, not a package.
        if (end - at > 17) yield db.subarray(page + at + 1, page + end);
      } else if (kind === offPage) {
        if (end - at < 12) throw invalid('rpmdb-corrupt', `page ${number} has a short reference`);
        yield chain(u32(page + at + 4), u32(page + at + 8));
      } else {
        throw invalid('rpmdb-corrupt', kind === duplicate || kind === offDuplicate ? `page ${number} holds duplicates` : `page ${number} holds a record of type ${kind}`);
      }
    }
  }

  function chain(first: number, length: number): Buffer {
    if (length > db.length) throw invalid('rpmdb-corrupt', `a package of ${length} bytes in a file of ${db.length}`);
    const parts: Buffer[] = [];
    let have = 0;
    for (let number = first; number !== 0; number = u32(number * pageSize + 16)) {
      if (number > last) throw invalid('rpmdb-corrupt', `page ${number} lies outside the file`);
      const page = number * pageSize;
      if (seen[number]) throw invalid('rpmdb-loop', `page ${number} is used twice`);
      seen[number] = 1;
      const part = u16(page + 22);
      if (db[page + 25] !== overflow || pageHeader + part > pageSize) throw invalid('rpmdb-corrupt', `page ${number} is no overflow page`);
      parts.push(db.subarray(page + pageHeader, page + pageHeader + part));
      have += part;
      if (have > length) throw invalid('rpmdb-corrupt', `a package longer than its ${length} bytes`);
    }
    if (have !== length) throw invalid('rpmdb-corrupt', `a package of ${have} bytes instead of ${length}`);
    return Buffer.concat(parts, length);
  }
}
