import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import type { FeedRecord, Reading } from './feed.ts';

/** The shared data beside the repository, and whether it is there. */
export const shared = (path: string): string => fileURLToPath(new URL(`../../../../shared/data/${path}`, import.meta.url));
export const hasShared = existsSync(shared('MANIFEST.md'));

/** Bytes that arrive in pieces of `step`. */
export async function* pieces(bytes: Uint8Array | string, step = 7): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(bytes as string);
  for (let at = 0; at < all.length; at += step) yield all.subarray(at, at + step);
}

/** One record of a feed. */
export const record = (name: string, bytes: Uint8Array | string, step?: number): FeedRecord => ({ name, chunks: pieces(bytes, step) });

export async function* records(...all: FeedRecord[]): AsyncGenerator<FeedRecord> { yield* all; }

export const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

export const advisories = (readings: readonly Reading[]) => readings.flatMap((reading) => reading.kind === 'advisory' ? [reading.advisory] : []);
export const problems = (readings: readonly Reading[]) => readings.flatMap((reading) => reading.kind === 'rejected' ? [`${reading.problem.code} ${reading.record}`] : []);

/** A promise's Problem code, or `none`. */
export const codeOf = async (work: Promise<unknown>): Promise<string> => work.then(() => 'none', (error: { code?: string; message: string }) => error.code ?? error.message);

interface ZipOptions { readonly crc?: number; readonly size?: number; readonly method?: number; readonly flags?: number; readonly zip64?: boolean }

/** A zip archive of given files; options spoil the last one. */
export function zipOf(files: Record<string, string | Buffer>, options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [], directory: Buffer[] = [];
  let offset = 0;
  const names = Object.keys(files);
  for (const name of names) {
    const bytes = Buffer.from(files[name]! as string), packed = deflateRawSync(bytes), spoil = name === names.at(-1) ? options : {};
    const label = Buffer.from(name), method = spoil.method ?? 8, crc = spoil.crc ?? crc32(bytes), size = spoil.size ?? bytes.length;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(label.length, 26);
    parts.push(local, label, packed);
    const wide = options.zip64 ? Buffer.alloc(28) : Buffer.alloc(0);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(spoil.flags ?? 0, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(options.zip64 ? 0xffffffff : packed.length, 20);
    entry.writeUInt32LE(options.zip64 ? 0xffffffff : size, 24);
    entry.writeUInt16LE(label.length, 28);
    entry.writeUInt16LE(wide.length, 30);
    entry.writeUInt32LE(options.zip64 ? 0xffffffff : offset, 42);
    if (options.zip64) {
      wide.writeUInt16LE(1, 0);
      wide.writeUInt16LE(24, 2);
      wide.writeBigUInt64LE(BigInt(size), 4);
      wide.writeBigUInt64LE(BigInt(packed.length), 12);
      wide.writeBigUInt64LE(BigInt(offset), 20);
    }
    directory.push(entry, label, wide);
    offset += 30 + label.length + packed.length;
  }
  const listing = Buffer.concat(directory), end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.zip64 ? 0xffff : names.length, 10);
  end.writeUInt32LE(options.zip64 ? 0xffffffff : listing.length, 12);
  end.writeUInt32LE(options.zip64 ? 0xffffffff : offset, 16);
  const end64 = Buffer.alloc(options.zip64 ? 76 : 0);
  if (options.zip64) {
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(BigInt(names.length), 32);
    end64.writeBigUInt64LE(BigInt(listing.length), 40);
    end64.writeBigUInt64LE(BigInt(offset), 48);
    end64.writeUInt32LE(0x07064b50, 56);
    end64.writeBigUInt64LE(BigInt(offset + listing.length), 64);
  }
  return Buffer.concat([...parts, listing, end64, end]);
}

/** A tar archive of given files. */
export function tarOf(files: Record<string, string>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const body = Buffer.from(text), header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\u0000', 257);
    header.write('00', 263);
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - body.length % 512) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
