import { invalid } from '@plimsoll/problem';

const slotMagic = tag('Slot'), blobMagic = tag('BlbS');
const slotSize = 16, slotsPerHeader = 2, pageSize = 4096, blockSize = 16;

/**
 * The blobs of rpm's own `Packages.db` (rpm lib/backend/ndb/rpmpkg.c): little-endian slots that point at blobs in blocks of 16 bytes.
 * Blobs may not overlap, so their bytes never exceed the file's: Problem `rpmdb-loop`; damage is `rpmdb-corrupt`.
 */
export function* ndbBlobs(db: Buffer): Generator<Buffer> {
  if (db.length < pageSize) throw invalid('rpmdb-truncated', `an ndb file of ${db.length} bytes`);
  const version = db.readUInt32LE(4), slotPages = db.readUInt32LE(12);
  if (version !== 0) throw invalid('rpmdb-corrupt', `an ndb file of version ${version}`);
  if (slotPages === 0 || slotPages * pageSize > db.length) throw invalid('rpmdb-truncated', `${slotPages} slot pages in ${db.length} bytes`);
  const used = new Uint8Array(Math.ceil(db.length / blockSize));
  for (let at = slotsPerHeader * slotSize; at < slotPages * pageSize; at += slotSize) {
    if (db.readUInt32LE(at) !== slotMagic) throw invalid('rpmdb-corrupt', `no slot at byte ${at}`);
    const index = db.readUInt32LE(at + 4), block = db.readUInt32LE(at + 8), blocks = db.readUInt32LE(at + 12);
    if (block === 0) continue;
    const start = block * blockSize, end = (block + blocks) * blockSize;
    if (start < slotPages * pageSize || end > db.length || blocks === 0) throw invalid('rpmdb-truncated', `package ${index} lies at ${start}..${end} of ${db.length} bytes`);
    if (used.subarray(block, block + blocks).includes(1)) throw invalid('rpmdb-loop', `package ${index} shares its blocks with another`);
    used.fill(1, block, block + blocks);
    const length = db.readUInt32LE(start + 12);
    if (db.readUInt32LE(start) !== blobMagic || db.readUInt32LE(start + 4) !== index || length + 16 > blocks * blockSize) throw invalid('rpmdb-corrupt', `no blob of package ${index} at byte ${start}`);
    yield db.subarray(start + 16, start + 16 + length);
  }
}

function tag(text: string): number { return Buffer.from(text).readUInt32LE(0); }
