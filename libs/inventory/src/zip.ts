import { crc32, inflateRawSync } from 'node:zlib';
import { invalid } from '@plimsoll/problem';

/** One member of a zip archive, as its central directory tells. */
export interface ZipMember { readonly name: string; readonly size: number; readonly compressed: number; readonly method: number; readonly crc: number; readonly offset: number; readonly encrypted: boolean }

export interface Zip {
  readonly members: readonly ZipMember[];
  /** Inflates one member; at most `limit` bytes. Throws Problem `zip-corrupt`, `zip-encrypted`, `zip-method`, `limit-zip-member`. */
  read(member: ZipMember, limit: number): Buffer;
}

const endMark = 0x06054b50, end64Mark = 0x06064b50, locator64Mark = 0x07064b50, memberMark = 0x02014b50, localMark = 0x04034b50;

/**
 * Opens a zip archive held in memory by its central directory (PKWARE APPNOTE 6.3.10, 4.3); a program may stand before it.
 * Throws Problem `zip-corrupt` or `limit-zip-members`. Nothing is inflated yet.
 */
export function openZip(bytes: Buffer, maxMembers: number): Zip {
  const end = findEnd(bytes);
  if (end < 0) throw invalid('zip-corrupt', 'no end of central directory');
  let count = bytes.readUInt16LE(end + 10), size = bytes.readUInt32LE(end + 12), start = bytes.readUInt32LE(end + 16), directoryEnd = end;
  if ((count === 0xffff || size === 0xffffffff || start === 0xffffffff) && end >= 20 && bytes.readUInt32LE(end - 20) === locator64Mark) {
    const at = number64(bytes, end - 12);
    // With a program in front the stated place is wrong by its length; the record then stands right before its locator.
    const end64 = at + 56 <= bytes.length && bytes.readUInt32LE(at) === end64Mark ? at : end - 20 - 56;
    if (end64 < 0 || bytes.readUInt32LE(end64) !== end64Mark) throw invalid('zip-corrupt', 'the zip64 end record is missing');
    [count, size, start, directoryEnd] = [number64(bytes, end64 + 32), number64(bytes, end64 + 40), number64(bytes, end64 + 48), end64];
  }
  if (count > maxMembers) throw invalid('limit-zip-members', `${count} members, at most ${maxMembers} are read`);
  const shift = directoryEnd - size - start;
  if (shift < 0 || size > directoryEnd) throw invalid('zip-corrupt', 'the central directory lies outside the archive');

  const members: ZipMember[] = [];
  for (let at = directoryEnd - size; members.length < count;) {
    if (at + 46 > directoryEnd || bytes.readUInt32LE(at) !== memberMark) throw invalid('zip-corrupt', `member ${members.length} of ${count} is missing`);
    const nameLength = bytes.readUInt16LE(at + 28), extraLength = bytes.readUInt16LE(at + 30), commentLength = bytes.readUInt16LE(at + 32);
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > directoryEnd) throw invalid('zip-corrupt', `member ${members.length} runs past the central directory`);
    const wide = extra64(bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength), [bytes.readUInt32LE(at + 24), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)]);
    members.push({
      name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
      size: wide[0], compressed: wide[1], offset: wide[2] + shift,
      method: bytes.readUInt16LE(at + 10), crc: bytes.readUInt32LE(at + 16), encrypted: (bytes.readUInt16LE(at + 8) & 1) !== 0,
    });
    at = next;
  }
  return { members, read: (member, limit) => readMember(bytes, member, limit) };
}

function readMember(bytes: Buffer, member: ZipMember, limit: number): Buffer {
  const { name, offset, compressed, method } = member;
  if (member.encrypted) throw invalid('zip-encrypted', `${name} is encrypted`);
  if (member.size > limit) throw invalid('limit-zip-member', `${name} has ${member.size} bytes, at most ${limit} are read`);
  if (offset + 30 > bytes.length || bytes.readUInt32LE(offset) !== localMark) throw invalid('zip-corrupt', `${name} is not where the directory says`);
  const from = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  if (from + compressed > bytes.length) throw invalid('zip-corrupt', `${name} is cut off`);
  const stored = bytes.subarray(from, from + compressed);
  if (method !== 0 && method !== 8) throw invalid('zip-method', `${name} is compressed by method ${method}`);
  let content: Buffer;
  try {
    content = method === 0 ? stored : inflateRawSync(stored, { maxOutputLength: Math.max(1, Math.min(limit, member.size)) });
  } catch (error) {
    throw invalid('zip-corrupt', `${name}: ${(error as Error).message}`);
  }
  if (content.length !== member.size || crc32(content) !== member.crc) throw invalid('zip-corrupt', `${name} is not the ${member.size} bytes the directory says`);
  return content;
}

/** The end record stands in the last 22 bytes, or before a comment of at most 64 KiB. */
function findEnd(bytes: Buffer): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - 0xffff); at--) {
    if (bytes[at] === 0x50 && bytes.readUInt32LE(at) === endMark && at + 22 + bytes.readUInt16LE(at + 20) <= bytes.length) return at;
  }
  return -1;
}

/** Sizes and offset of more than 4 GiB stand in extra field 1, in this order, each only when its 32-bit field is all ones. */
function extra64(extra: Buffer, values: [number, number, number]): [number, number, number] {
  if (!values.includes(0xffffffff)) return values;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let field = at + 4;
    return values.map((value) => {
      if (value !== 0xffffffff || field + 8 > extra.length) return value;
      field += 8;
      return number64(extra, field - 8);
    }) as [number, number, number];
  }
  return values;
}

const number64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));
