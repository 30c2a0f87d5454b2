/** What a pax extended header says that a reader of images needs (POSIX.1-2001, "pax Extended Header"). */
export interface PaxRecords {
  path?: Buffer;
  linkpath?: Buffer;
  size?: number;
  /** One of GNU's three ways to write a file with holes. */
  sparse?: true;
}

/** A number field of a header: octal digits between spaces and NULs, or GNU's base 256; undefined when neither, NaN when beyond 2^53. */
export function octalOrBase256(header: Buffer, at: number, length: number): number | undefined {
  if (header[at]! & 0x80) return base256(header, at, length);
  let i = at, value = 0;
  const end = at + length;
  while (i < end && isBlank(header[i]!)) i++;
  for (; i < end; i++) {
    const digit = header[i]! - 48;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  while (i < end && isBlank(header[i]!)) i++;
  // Some writers leave bytes of an older header behind the NUL.
  return i === end || header.subarray(at, i).includes(0) ? value : undefined;
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 0;

function base256(header: Buffer, at: number, length: number): number {
  const first = header[at]!;
  if (first & 0x40) return Number.NaN; // negative
  let value = first & 0x3f;
  for (let i = at + 1; i < at + length; i++) value = value * 256 + header[i]!;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** The records `"%d %s=%s\n"` of an extended header; undefined when they are malformed. The last of several wins, an empty one deletes. */
export function parsePax(bytes: Buffer): PaxRecords | undefined {
  const records: PaxRecords = {};
  for (let at = 0; at < bytes.length;) {
    let length = 0, i = at;
    for (; i < bytes.length && bytes[i]! >= 48 && bytes[i]! <= 57 && i - at < 8; i++) length = length * 10 + bytes[i]! - 48;
    const end = at + length;
    if (bytes[i] !== 32 || end > bytes.length || end <= i + 2 || bytes[end - 1] !== 10) return undefined;
    const equals = bytes.indexOf(61, i + 1);
    if (equals < 0 || equals >= end) return undefined;
    if (!assign(records, bytes.toString('latin1', i + 1, equals), bytes.subarray(equals + 1, end - 1))) return undefined;
    at = end;
  }
  return records;
}

function assign(records: PaxRecords, key: string, value: Buffer): boolean {
  switch (key) {
    case 'path': case 'GNU.sparse.name':
      if (value.length === 0) delete records.path; else records.path = value;
      break;
    case 'linkpath':
      if (value.length === 0) delete records.linkpath; else records.linkpath = value;
      break;
    case 'size': {
      if (value.length === 0) { delete records.size; break; }
      const size = /^\d{1,16}$/.test(value.toString('latin1')) ? Number(value.toString('latin1')) : Number.NaN;
      if (!Number.isSafeInteger(size)) return false;
      records.size = size;
      break;
    }
  }
  if (key.startsWith('GNU.sparse.')) records.sparse = true;
  return true;
}
