import { ends, statuses } from './database-format.ts';
import type { Bound, KeyedEntry, KeyedRange } from './keyed.ts';

/** Where the texts of an entry are: the advisory's head at `offset`, the entry itself `skip` bytes on. */
export interface RecordPlace {
  readonly offset: number;
  readonly headSize: number;
  readonly skip: number;
  readonly size: number;
}

const placeSize = 8 + 4 + 4 + 4, fixedSize = 1 + 4 + 4;
const isWithdrawnBit = 0x80, hasVersionsBit = 0x40, nullFromBit = 0x80, nullToBit = 0x40;

/** Bytes of a place; it stands before its entry. Numbers are little-endian. */
export function encodePlace({ offset, headSize, skip, size }: RecordPlace): Buffer {
  const buffer = Buffer.allocUnsafe(placeSize);
  buffer.writeDoubleLE(offset, 0);
  buffer.writeUInt32LE(headSize, 8);
  buffer.writeUInt32LE(skip, 12);
  buffer.writeUInt32LE(size, 16);
  return buffer;
}

/** Bytes of an entry: status and counts, then each range as kind, lengths and keys, then the version hashes. */
export function encodeEntry(entry: KeyedEntry): Buffer {
  const hashes = entry.versions ?? new Uint32Array();
  const size = fixedSize + entry.ranges.reduce((sum, { from, to }) => sum + 5 + (from?.length ?? 0) + (to?.length ?? 0), 0) + 4 * hashes.length;
  const buffer = Buffer.allocUnsafe(size);
  let at = 0;
  at = buffer.writeUInt8(statuses.indexOf(entry.status) | (entry.isWithdrawn ? isWithdrawnBit : 0) | (entry.versions === undefined ? 0 : hasVersionsBit), at);
  at = buffer.writeUInt32LE(entry.ranges.length, at);
  at = buffer.writeUInt32LE(hashes.length, at);
  for (const { from, to, end } of entry.ranges) {
    at = buffer.writeUInt8(ends.indexOf(end) | (from === null ? nullFromBit : 0) | (to === null ? nullToBit : 0), at);
    at = buffer.writeUInt16LE(from?.length ?? 0, at);
    at = buffer.writeUInt16LE(to?.length ?? 0, at);
    at += buffer.write(from ?? '', at, 'latin1');
    at += buffer.write(to ?? '', at, 'latin1');
  }
  for (const hash of hashes) at = buffer.writeUInt32LE(hash, at);
  return buffer;
}

/** Reads one place and its entry at `at`, and says where the next one begins. */
export function decodeEntry(buffer: Buffer, at: number): { entry: KeyedEntry; place: RecordPlace; next: number } {
  const place = { offset: buffer.readDoubleLE(at), headSize: buffer.readUInt32LE(at + 8), skip: buffer.readUInt32LE(at + 12), size: buffer.readUInt32LE(at + 16) };
  at += placeSize;
  const flags = buffer.readUInt8(at), rangeCount = buffer.readUInt32LE(at + 1), hashCount = buffer.readUInt32LE(at + 5);
  at += fixedSize;
  const ranges: KeyedRange[] = [];
  for (let index = 0; index < rangeCount; index++) {
    const kind = buffer.readUInt8(at), fromSize = buffer.readUInt16LE(at + 1), toSize = buffer.readUInt16LE(at + 3);
    at += 5;
    const from: Bound = (kind & nullFromBit) !== 0 ? null : buffer.toString('latin1', at, at + fromSize);
    const to: Bound = (kind & nullToBit) !== 0 ? null : buffer.toString('latin1', at + fromSize, at + fromSize + toSize);
    ranges.push({ from, to, end: ends[kind & 0x3f]! });
    at += fromSize + toSize;
  }
  let versions: Uint32Array | undefined;
  if ((flags & hasVersionsBit) !== 0) {
    versions = new Uint32Array(hashCount);
    for (let index = 0; index < hashCount; index++, at += 4) versions[index] = buffer.readUInt32LE(at);
  }
  return { entry: { status: statuses[flags & 0x0f]!, isWithdrawn: (flags & isWithdrawnBit) !== 0, ranges, versions }, place, next: at };
}
