import { type FileHandle, open } from 'node:fs/promises';
import { crc32, deflateRawSync } from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import type { FeedLimits } from './feed.ts';
import { packedEntries } from './zip.ts';

/** Largest archive that is written, in bytes: offsets beyond need other headers, and no ecosystem of OSV is a tenth of it. */
const mostBytes = 0xffff_ffff;

/** What both headers of a file say (APPNOTE.TXT 4.3.7 and 4.3.12). */
interface Head { readonly name: Buffer; readonly method: number; readonly crc: number; readonly packed: number; readonly size: number }

/**
 * Writes a zip archive that is another one with some files changed or new. What stays is copied as it is packed, so that it
 * costs reading and writing alone. Problem `feed-too-large` when the result would have 4 GiB.
 */
export async function patchZip(from: string, to: string, changes: ReadonlyMap<string, Uint8Array>, limits: FeedLimits): Promise<void> {
  const out = new Out(await open(to, 'w'));
  const directory: Buffer[] = [];
  try {
    for await (const { bytes, ...entry } of packedEntries(from, limits)) {
      if (changes.has(entry.name)) continue;
      const head = { ...entry, name: Buffer.from(entry.name) };
      directory.push(directoryEntry(head, out.at));
      await out.write(localHeader(head));
      for await (const chunk of bytes()) await out.write(chunk);
    }
    for (const [name, bytes] of changes) {
      const packed = deflateRawSync(bytes), head = { name: Buffer.from(name), method: 8, crc: crc32(bytes), packed: packed.length, size: bytes.length };
      directory.push(directoryEntry(head, out.at));
      await out.write(localHeader(head));
      await out.write(packed);
    }
    const start = out.at;
    for (const entry of directory) await out.write(entry);
    await out.write(endOf(directory.length, out.at - start, start));
    await out.end();
  } finally {
    await out.file.close();
  }
}

/** Gathers small writes. */
class Out {
  readonly file: FileHandle;
  at = 0;
  #parts: Uint8Array[] = [];
  #waiting = 0;
  constructor(file: FileHandle) { this.file = file; }

  async write(bytes: Uint8Array): Promise<void> {
    // Read windows are used again: what waits is a copy.
    this.#parts.push(Uint8Array.from(bytes));
    this.#waiting += bytes.length;
    this.at += bytes.length;
    if (this.at > mostBytes) throw invalid('feed-too-large', `an archive of more than ${mostBytes} bytes is not written`);
    if (this.#waiting > 1024 * 1024) await this.end();
  }

  async end(): Promise<void> {
    await this.file.writev(this.#parts);
    this.#parts = [];
    this.#waiting = 0;
  }
}

const utf8 = 0x0800, version = 20;

function localHeader({ name, method, crc, packed, size }: Head): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(version, 4);
  header.writeUInt16LE(utf8, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(packed, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function directoryEntry({ name, method, crc, packed, size }: Head, offset: number): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(version, 4);
  entry.writeUInt16LE(version, 6);
  entry.writeUInt16LE(utf8, 8);
  entry.writeUInt16LE(method, 10);
  entry.writeUInt32LE(crc, 16);
  entry.writeUInt32LE(packed, 20);
  entry.writeUInt32LE(size, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt32LE(offset, 42);
  return Buffer.concat([entry, name]);
}

/** With the zip64 records (4.3.14, 4.3.15) where the count does not fit: npm has 200,000 files. */
function endOf(count: number, size: number, offset: number): Buffer {
  const isWide = count >= 0xffff, end64 = Buffer.alloc(isWide ? 76 : 0), end = Buffer.alloc(22);
  if (isWide) {
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    end64.writeUInt16LE(45, 12);
    end64.writeUInt16LE(45, 14);
    end64.writeBigUInt64LE(BigInt(count), 24);
    end64.writeBigUInt64LE(BigInt(count), 32);
    end64.writeBigUInt64LE(BigInt(size), 40);
    end64.writeBigUInt64LE(BigInt(offset), 48);
    end64.writeUInt32LE(0x07064b50, 56);
    end64.writeBigUInt64LE(BigInt(offset + size), 64);
    end64.writeUInt32LE(1, 72);
  }
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isWide ? 0xffff : count, 8);
  end.writeUInt16LE(isWide ? 0xffff : count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([end64, end]);
}
