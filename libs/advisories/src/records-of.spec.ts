import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesOf, defaultFeedLimits, type FeedLimits } from './feed.ts';
import { codeOf, pieces, tarOf, zipOf } from './feeds.spec-helper.ts';
import { recordsOf, recordsOfStream } from './records-of.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-feeds-'));
afterAll(() => rmSync(directory, { recursive: true }));
const files = { 'a.json': '{"a":1}', 'deep/b.json': 'x'.repeat(5000), 'empty.json': '' };
const file = (name: string, bytes: Uint8Array | string) => { writeFileSync(join(directory, name), bytes); return join(directory, name); };

async function contents(path: string, limits: FeedLimits = defaultFeedLimits): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const record of recordsOf(path, limits)) found[record.name] = (await bytesOf(record, limits.recordBytes)).toString();
  return found;
}

/** `tarOf(files)` as bzip2 1.0.8 and xz 5.4 pack it; Node packs neither. */
const tarBz2 = Buffer.from('QlpoOTFBWSZTWS1wxLYAAF9boNGiUAHnkAMQdhPeagCACYggAJUI1JhNAADRpoAAG1IUaDTQAaNAyPak9TXLTqOxAmyonYhmQkblV7JEkkmGEur3PHDpxCwRLBiINc5gYJ1DFh4nVBSgZF6iOSUSDBLTkDfTPNL44XjTHIPcOYmQs8YnwEqUSAshyjUJMCX8XckU4UJAtcMS2A==', 'base64');
const tarXz = Buffer.from('/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4B//AIZdADCLiUdz+CpVVJXR/2NgosV+Rx9rv67+kPwGgpoP6Qe5g3Hh/KgLw6f0S21R0crp4/prkdF+t8MueT/1R48JZiYPBVWGvpI4az2dcaSGlJ/r6LdlwNJ7WTkemIq8TbiN1yMQbO7ocVlpwhjehAPG2J4ytywazQx01pJDJGi4YwkgGd5Cac6mAAAAo5P+DUePFiEAAaIBgEAAAHN2IjexxGf7AgAAAAAEWVo=', 'base64');
/** With the bits of one byte turned over. */
const flipped = (bytes: Uint8Array, at: number): Buffer => { const copy = Buffer.from(bytes); copy[at]! ^= 0x10; return copy; };

describe('recordsOf', () => {
  const tar = tarOf(files);
  it.each<[string, Uint8Array]>([
    ['zip', zipOf(files)], ['zip64', zipOf(files, { zip64: true })], ['tar', tar], ['tar.gz', gzipSync(tar)], ['tar.zst', zstdCompressSync(tar)],
    ['tar.bz2', tarBz2], ['tar.xz', tarXz],
    ['tar.gz of two members', Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))])],
    // Node's own decoder drops everything after the first frame of a chunk.
    ['tar.zst of two frames', Buffer.concat([zstdCompressSync(tar.subarray(0, 700)), zstdCompressSync(tar.subarray(700))])],
    ['a zip under a false name .json', zipOf(files)],
  ])('reads a %s', async (name, bytes) => {
    expect(await contents(file(`feed ${name}`, bytes))).toEqual(files);
  });

  it('reads a directory, without following links out of it', async () => {
    mkdirSync(join(directory, 'tree/deep'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, 'tree', name), text);
    symlinkSync('/etc/passwd', join(directory, 'tree/link.json'));
    writeFileSync(join(directory, 'tree/packed.json.gz'), gzipSync('{"b":2}'));
    expect(await contents(join(directory, 'tree'))).toEqual({ ...files, 'packed.json': '{"b":2}' });
  });

  it.each([['feed.json', Buffer.from('{"a":1}')], ['feed.json.gz', gzipSync('{"a":1}')], ['feed.json.zst', zstdCompressSync('{"a":1}')]])('reads one file, %s', async (name, bytes) => {
    expect(await contents(file(name, bytes))).toEqual({ 'feed.json': '{"a":1}' });
  });

  it('reads a zst stream of any number of frames in chunks of any size', async () => {
    const text = 'abcdefgh'.repeat(9000), frames = [0, 1, 2, 3].map((part) => zstdCompressSync(text.slice(part * 18_000, (part + 1) * 18_000)));
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const packed = Buffer.concat([frames[0]!, skippable, ...frames.slice(1)]);
    for (const step of [1, 3, 64, packed.length]) {
      for await (const record of recordsOfStream('x.zst', pieces(packed, step))) expect((await bytesOf(record, 1e6)).toString() === text).toBe(true);
    }
  });

  it.each<[string, Uint8Array, string]>([
    ['a zip without its end', zipOf(files).subarray(0, -30), 'feed-truncated'],
    ['a zip without its beginning', Buffer.concat([Buffer.from('PK\x03\x04'), zipOf(files).subarray(200)]), 'feed-truncated'],
    ['a tar cut in a file', tar.subarray(0, 2000), 'feed-truncated'],
    ['a tar cut between files', tar.subarray(0, 1024), 'feed-truncated'],
    ['a tar.gz cut', gzipSync(tar).subarray(0, 60), 'feed-truncated'],
    ['a tar.zst cut', zstdCompressSync(tar).subarray(0, 60), 'feed-truncated'],
    ['a tar.bz2 cut', tarBz2.subarray(0, 60), 'feed-truncated'],
    ['a tar.bz2 without its end', tarBz2.subarray(0, -4), 'feed-truncated'],
    ['a tar.xz cut', tarXz.subarray(0, 60), 'feed-truncated'],
    ['a tar.xz without its end', tarXz.subarray(0, -12), 'feed-truncated'],
    ['a gzip with a flipped bit', flipped(gzipSync(tar), 60), 'feed-malformed'],
    ['a tar with a wrong checksum', (() => { const bytes = Buffer.from(tar); bytes[1]! ^= 1; return bytes; })(), 'feed-malformed'],
    ['a gzip in a gzip in a gzip', gzipSync(gzipSync(gzipSync('x'))), 'feed-bomb'],
    ['an empty zip file', Buffer.from('PK\x05\x06'), 'feed-truncated'],
  ])('refuses %s', async (name, bytes, code) => {
    expect(await codeOf(contents(file(`bad ${name}`, bytes)))).toBe(code);
  });

  // Every byte counts: the first chunk is compared with its checksum before it is given away.
  it.each([['bzip2', tarBz2], ['xz', tarXz]])('finds any flipped bit of %s', async (_, packed) => {
    for (let at = 0; at < packed.length; at++) {
      const code = await codeOf(contents(file('flipped', flipped(packed, at))));
      // With its first bytes damaged it is no archive but some file.
      if (at >= 6) expect(`${at} ${code}`).toMatch(/ feed-(malformed|truncated|too-large)$/);
    }
  });

  it.each<[string, Parameters<typeof zipOf>[1], string]>([
    ['a wrong checksum', { crc: 1 }, 'record-checksum'],
    ['more bytes than it says', { size: 100 }, 'record-malformed'],
    ['fewer bytes than it says', { size: 9000 }, 'record-checksum'],
    ['an unknown method', { method: 12 }, 'record-method'],
    ['encryption', { flags: 1 }, 'record-encrypted'],
  ])('names a zip member with %s, and the archive goes on', async (_, options, code) => {
    const path = file('member.zip', zipOf({ 'a.json': '{}', 'b.json': 'y'.repeat(5000) }, options));
    const codes: string[] = [];
    for await (const record of recordsOf(path)) codes.push(await codeOf(bytesOf(record, 1e6)));
    expect(codes).toEqual(['none', code]);
  });

  const limits = (change: Partial<FeedLimits>): FeedLimits => ({ ...defaultFeedLimits, ...change });
  it.each<[string, Uint8Array, Partial<FeedLimits>, string]>([
    ['too many files in a zip', zipOf(files), { records: 2 }, 'feed-too-many-records'],
    ['too many files in a tar', tar, { records: 2 }, 'feed-too-many-records'],
    ['a zip that unpacks too large', zipOf(files), { feedBytes: 4000 }, 'feed-too-large'],
    ['a gzip that unpacks too large', gzipSync(tar), { feedBytes: 4000 }, 'feed-too-large'],
    ['a zip bomb', zipOf({ 'a.json': Buffer.alloc(3e6) }), { ratioFrom: 1e6 }, 'feed-bomb'],
    ['a gzip bomb', gzipSync(Buffer.alloc(3e6)), { ratioFrom: 1e6 }, 'feed-bomb'],
    ['a bzip2 that unpacks too large', tarBz2, { feedBytes: 4000 }, 'feed-too-large'],
    ['an xz that unpacks too large', tarXz, { feedBytes: 4000 }, 'feed-too-large'],
    ['a bzip2 bomb', tarBz2, { ratioFrom: 1000, ratio: 20 }, 'feed-bomb'],
    ['an xz bomb', tarXz, { ratioFrom: 1000, ratio: 20 }, 'feed-bomb'],
    ['a zst bomb', zstdCompressSync(Buffer.alloc(3e6)), { ratioFrom: 1e6 }, 'feed-bomb'],
    ['one file too large', tar, { recordBytes: 100 }, 'record-too-large'],
    ['a name too long', tar, { nameBytes: 5 }, 'feed-malformed'],
  ])('holds its limits: %s', async (name, bytes, change, code) => {
    expect(await codeOf(contents(file(`limit ${name}`, bytes), limits(change)))).toBe(code);
  });

  it('says that nothing is there', async () => {
    expect(await codeOf(contents(join(directory, 'nothing')))).toBe('feed-missing');
  });
});
