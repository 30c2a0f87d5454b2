import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compression } from './decode.ts';
import { digestOf } from './digests.ts';
import type { Entry, Visitor } from './entry.ts';
import type { ReadLimits } from './limits.ts';
import { type FileLayerInput, type LayerReading, readLayer, verifyLayer, walkLayer } from './read-layer.ts';
import { tarHeader, type TarSource, writeTar } from './testing/write-tar.ts';

let directory: string;
beforeAll(() => { directory = mkdtempSync(join(tmpdir(), 'read-layer-')); });
afterAll(() => { rmSync(directory, { recursive: true }); });

const compress: Record<Compression, (tar: Buffer) => Buffer> = { none: (tar) => tar, gzip: (tar) => gzipSync(tar), zstd: (tar) => zstdCompressSync(tar) };
const typeOf = (compression: Compression) => `application/vnd.oci.image.layer.v1.tar${compression === 'none' ? '' : `+${compression}`}`;

let files = 0;
/** A layer in a file, promised truthfully; change one thing to make it a lie. */
function aLayer(tar: Buffer, compression: Compression = 'gzip', change: Partial<FileLayerInput> & { stored?: Buffer } = {}): FileLayerInput {
  const { stored = compress[compression](tar), ...rest } = change;
  const path = join(directory, `layer-${++files}`);
  writeFileSync(path, stored);
  return { kind: 'file', path, offset: 0, size: stored.length, digest: digestOf(stored), diffId: digestOf(tar), mediaType: typeOf(compression), ...rest };
}

/** Keeps what it wants; `pattern` says what that is. */
class Keeper implements Visitor {
  readonly files: Record<string, string> = {};
  readonly aliases: string[] = [];
  readonly seen: string[] = [];
  private readonly pattern: RegExp;
  constructor(pattern: RegExp) { this.pattern = pattern; }
  wants(entry: Entry) { return this.pattern.test(entry.path); }
  file(entry: Entry, bytes: Buffer) { this.files[entry.path] = bytes.toString('latin1'); }
  entry(entry: Entry) { this.seen.push(entry.path); }
}

const sources: TarSource[] = [
  { path: 'etc/', type: 'directory' }, { path: 'etc/os-release', content: 'ID=debian\n' }, { path: 'var/lib/dpkg/status', content: 'Package: x\n'.repeat(1000) },
  { path: 'usr/bin/big', content: 'b'.repeat(700_000) }, { path: 'etc/.wh.motd' }, { path: 'opt/app/.wh..wh..opq' }, { path: 'opt/.wh..wh.plnk' }, { path: 'opt/app/new', content: 'n' },
];

describe('readLayer', () => {
  it.each(['none', 'gzip', 'zstd'] as const)('reads a layer stored as %s in one pass', async (compression) => {
    const tar = writeTar(sources);
    const input = aLayer(tar, compression);
    const keeper = new Keeper(/os-release|status/);
    const reading = await readLayer(input, keeper);
    expect(reading).toMatchObject({
      digest: input.digest, diffId: input.diffId, size: input.size, uncompressedSize: tar.length,
      entries: 8, whiteouts: ['etc/motd'], opaque: ['opt/app'], problems: [],
    });
    expect(keeper.files).toEqual({ 'etc/os-release': 'ID=debian\n', 'var/lib/dpkg/status': 'Package: x\n'.repeat(1000) });
    expect(keeper.seen).toEqual(['etc', 'etc/os-release', 'var/lib/dpkg/status', 'usr/bin/big', 'opt/app/new']);
    expect([...reading.paths].map(({ path }) => path)).toEqual(keeper.seen);
  });

  it('reads a slice of a larger file', async () => {
    const tar = writeTar(sources);
    const input = aLayer(tar, 'gzip');
    const path = join(directory, 'archive');
    writeFileSync(path, Buffer.concat([Buffer.alloc(777, 1), readFileSync(input.path), Buffer.alloc(99, 2)]));
    await expect(readLayer({ ...input, path, offset: 777 }, new Keeper(/x/))).resolves.toMatchObject({ digest: input.digest });
  });

  it('hashes what follows the end of the tar, and does not read it', async () => {
    const tar = Buffer.concat([writeTar([{ path: 'a', content: '' }]), Buffer.alloc(100_000), writeTar([{ path: 'hidden', content: '' }])]);
    const keeper = new Keeper(/./);
    await expect(readLayer(aLayer(tar, 'gzip'), keeper)).resolves.toMatchObject({ diffId: digestOf(tar), uncompressedSize: tar.length, entries: 1 });
    expect(keeper.seen).toEqual(['a']);
  });

  it('reads zstd:chunked layers whole, and gzip of several members', async () => {
    const tar = writeTar(sources);
    const half = 512 * 3;
    const skippable = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]), Buffer.alloc(4)]);
    const chunked = Buffer.concat([zstdCompressSync(tar.subarray(0, half)), skippable, zstdCompressSync(tar.subarray(half)), skippable]);
    const members = Buffer.concat([gzipSync(tar.subarray(0, half)), gzipSync(tar.subarray(half))]);
    for (const [compression, stored] of [['zstd', chunked], ['gzip', members]] as const) {
      const keeper = new Keeper(/os-release|status/);
      await expect(readLayer(aLayer(tar, compression, { stored }), keeper)).resolves.toMatchObject({ diffId: digestOf(tar), entries: 8 });
      expect(Object.keys(keeper.files)).toEqual(['etc/os-release', 'var/lib/dpkg/status']);
    }
  });

  it('accepts an empty uncompressed layer', async () => {
    await expect(readLayer(aLayer(Buffer.alloc(0), 'none'), new Keeper(/./))).resolves.toMatchObject({ entries: 0, uncompressedSize: 0 });
  });

  it('goes by the content where the media type says otherwise, and names it', async () => {
    const tar = writeTar(sources);
    const reading = await readLayer(aLayer(tar, 'gzip', { mediaType: typeOf('zstd') }), new Keeper(/x/));
    expect(reading.problems).toMatchObject([{ code: 'media-type-mismatch', where: expect.stringContaining('layer sha256:') }]);
    expect(reading.entries).toBe(8);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const tar = writeTar([{ path: 'a', content: 'x'.repeat(40 << 20) }]);
    const keeper = new Keeper(/never/);
    keeper.entry = () => { stop.abort(new Error('cancelled')); };
    await expect(readLayer(aLayer(tar, 'none'), keeper, {}, stop.signal)).rejects.toThrow('cancelled');
  });

  it('lets the error of a visitor through', async () => {
    const keeper = new Keeper(/os-release/);
    keeper.file = () => { throw new RangeError('in the visitor'); };
    await expect(readLayer(aLayer(writeTar(sources)), keeper)).rejects.toThrow(RangeError);
  });
});

describe('hard links', () => {
  const links: TarSource[] = [
    { path: 'store/00/abcd', content: '{"name":"a"}' },
    { path: 'store/package.json', content: '{"name":"b"}' },
    { path: 'a/package.json', type: 'hardlink', link: 'store/00/abcd' },
    { path: 'b/package.json', type: 'hardlink', link: './store/package.json' },
    { path: 'c/package.json', type: 'hardlink', link: 'nowhere' },
    { path: 'd/package.json', type: 'hardlink', link: 'c/package.json' },
  ];

  it.each([readLayer, walkLayer])('hand over the file they name, even under a name nobody wanted: %o', async (read) => {
    const keeper = new Keeper(/package\.json$/);
    const reading = await read(aLayer(writeTar(links), 'none'), keeper);
    expect(keeper.files).toEqual({ 'store/package.json': '{"name":"b"}', 'a/package.json': '{"name":"a"}', 'b/package.json': '{"name":"b"}' });
    expect(reading.problems.map(({ code, where }) => `${code} ${where}`)).toEqual(['link-dangling c/package.json', 'link-dangling d/package.json']);
  });

  it('are only told of when their file was handed over and the visitor can be told', async () => {
    const keeper = new Keeper(/package\.json$/);
    const told: string[] = [];
    await readLayer(aLayer(writeTar(links.slice(0, 4))), Object.assign(keeper, { linked: (entry: Entry) => { told.push(`${entry.path} -> ${entry.link}`); } }));
    expect(told).toEqual(['b/package.json -> store/package.json']);
    expect(keeper.files).toEqual({ 'store/package.json': '{"name":"b"}', 'a/package.json': '{"name":"a"}' });
  });

  it('in a circle end', async () => {
    const reading = await readLayer(aLayer(writeTar([{ path: 'a', type: 'hardlink', link: 'b' }, { path: 'b', type: 'hardlink', link: 'a' }])), new Keeper(/./));
    expect(reading.problems.map(({ code }) => code)).toEqual(['link-dangling', 'link-dangling']);
  });

  it('to a file whose head was declined cost no second reading', async () => {
    let heads = 0;
    const visitor: Visitor = { wants: () => 'head', wantsAfterHead: () => { heads++; return false; }, file() {} };
    await readLayer(aLayer(writeTar([{ path: 'perl', content: 'ELF' }, { path: 'perl5', type: 'hardlink', link: 'perl' }])), visitor);
    expect(heads).toBe(1);
  });
});

describe('how far a layer is', () => {
  it.each(['none', 'gzip'] as const)('is told while one stored as %s is read, and once', async (compression) => {
    const input = aLayer(writeTar([{ path: 'random', content: randomBytes(3_000_000) }, { path: 'hard', type: 'hardlink', link: 'random' }]), compression);
    const read: number[] = [];
    await readLayer(input, { wants: ({ path }) => path === 'hard', file() {} }, {}, undefined, (bytes) => { read.push(bytes); });
    expect(read.length).toBeGreaterThan(1);
    expect(read).toEqual([...read].sort((a, b) => a - b));
    expect(read.at(-1)).toBe(input.size);
  });
});

describe('a layer that is not what was promised', () => {
  const tar = writeTar(sources);
  const other = `sha256:${'0'.repeat(64)}`;
  const read = (input: FileLayerInput, limits: Partial<ReadLimits> = {}) => readLayer(input, new Keeper(/status/), limits);
  const flipped = (at: (length: number) => number) => { const stored = gzipSync(tar); stored[at(stored.length)]! ^= 0xff; return stored; };
  const honest = gzipSync(tar);

  it.each<[string, string, () => FileLayerInput]>([
    ['digest-mismatch', 'another digest', () => aLayer(tar, 'gzip', { digest: other })],
    ['digest-mismatch', 'one flipped bit, which also breaks the stream', () => aLayer(tar, 'gzip', { stored: flipped((length) => length >> 1), digest: digestOf(honest) })],
    ['diff-id-mismatch', 'another diffId', () => aLayer(tar, 'gzip', { diffId: other })],
    ['size-mismatch', 'more bytes than promised', () => aLayer(tar, 'gzip', { size: honest.length - 1 })],
    ['size-mismatch', 'fewer bytes than promised', () => aLayer(tar, 'gzip', { size: honest.length + 1 })],
    ['size-mismatch', 'a truncated download', () => aLayer(tar, 'gzip', { stored: honest.subarray(0, -100), size: honest.length })],
    ['layer-corrupt', 'a damaged stream with its own digest', () => aLayer(tar, 'gzip', { stored: flipped((length) => length - 6) })],
    ['layer-truncated', 'a gzip stream that ends early, with its own digest', () => aLayer(tar, 'gzip', { stored: honest.subarray(0, -20) })],
    ['layer-truncated', 'a zstd stream that ends early', () => aLayer(tar, 'zstd', { stored: zstdCompressSync(tar).subarray(0, -20) })],
    ['layer-truncated', 'a tar that ends inside a file', () => aLayer(tar.subarray(0, 3000))],
    ['layer-truncated', 'a plain tar that ends inside a file', () => aLayer(tar.subarray(0, 3000), 'none')],
    ['layer-truncated', 'nothing where gzip is promised', () => aLayer(tar, 'gzip', { stored: Buffer.from([0x1f, 0x8b]) })],
    ['tar-corrupt', 'no tar inside', () => aLayer(Buffer.alloc(5000, 'x'))],
    ['layer-corrupt', 'garbage behind the stream', () => aLayer(tar, 'gzip', { stored: Buffer.concat([honest, Buffer.from('garbage')]) })],
    ['compression-unsupported', 'xz', () => aLayer(tar, 'none', { stored: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]) })],
    ['compression-unsupported', 'bzip2', () => aLayer(tar, 'none', { stored: Buffer.from('BZh91AY&SY') })],
    ['layer-unreadable', 'no file', () => ({ ...aLayer(tar), path: '/nonexistent/layer' })],
    ['not-a-file', 'a device', () => ({ ...aLayer(tar), path: '/dev/zero' })],
  ])('is Problem %s: %s', async (code, _what, input) => {
    await expect(read(input())).rejects.toMatchObject({ name: 'Problem', code });
  });

  it('is named with its digest', async () => {
    const input = aLayer(tar, 'gzip', { diffId: other });
    await expect(read(input)).rejects.toThrow(`layer ${input.digest}`);
  });
});

describe('a layer made to hurt', () => {
  it.each(['gzip', 'zstd'] as const)('a bomb of zeros in %s stops at the ratio', async (compression) => {
    const bomb = aLayer(writeTar([{ path: 'zeros', content: Buffer.alloc(64 << 20) }]), compression);
    await expect(readLayer(bomb, new Keeper(/x/), { ratioFrom: 8 << 20 })).rejects.toMatchObject({ code: 'limit-ratio' });
    await expect(readLayer(bomb, new Keeper(/x/))).resolves.toBeDefined();
  });

  it('stops at the bytes, the entries, the names and the seconds', async () => {
    const input = aLayer(writeTar(Array.from({ length: 100 }, (_, i) => ({ path: `${i}-${'n'.repeat(90)}`, content: 'x'.repeat(2000) }))));
    const failing = (limits: Partial<ReadLimits>) => expect(readLayer(input, new Keeper(/x/), limits)).rejects;
    await failing({ layerBytes: 100_000 }).toMatchObject({ code: 'limit-layer-bytes' });
    await failing({ entries: 99 }).toMatchObject({ code: 'limit-entries' });
    await failing({ pathBytes: 1000 }).toMatchObject({ code: 'limit-paths' });
    await failing({ seconds: 0 }).toMatchObject({ code: 'limit-seconds' });
  });

  it('skips files beyond the limits and says so', async () => {
    const input = aLayer(writeTar([{ path: 'a', content: 'x'.repeat(100) }, { path: 'b', content: 'x'.repeat(2000) }, { path: 'c', content: 'x'.repeat(100) }, { path: 'd', content: 'x'.repeat(100) }]));
    const codes = async (limits: Partial<ReadLimits>) => (await readLayer(input, new Keeper(/./), limits)).problems.map(({ code, where }) => `${code} ${where}`);
    expect(await codes({ fileBytes: 1000 })).toEqual(['limit-file-bytes b']);
    expect(await codes({ capturedBytes: 250 })).toEqual(['limit-captured-bytes b', 'limit-captured-bytes d']);
    expect(await codes({ files: 3 })).toEqual(['limit-files d']);
    expect(await codes({ fileBytes: 10, problems: 2 })).toEqual(['limit-file-bytes a', 'limit-file-bytes b', expect.stringContaining('limit-problems layer')]);
  });

  it('does not reserve memory for a file that only claims to be large', async () => {
    const tar = Buffer.concat([tarHeader({ path: 'package.json', flag: '0', size: 200 << 20 }), Buffer.alloc(512)]);
    const before = process.memoryUsage().rss;
    await expect(readLayer(aLayer(tar), new Keeper(/package/))).rejects.toMatchObject({ code: 'layer-truncated' });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
  });

  it('names conflicting entries of one name; the later one counts', async () => {
    const keeper = new Keeper(/status/);
    const reading = await readLayer(aLayer(writeTar([{ path: 'status', content: 'first' }, { path: './status', content: 'second' }, { path: 'status', type: 'symlink', link: 'x' }])), keeper);
    expect(reading.problems.map(({ code }) => code)).toEqual(['entry-duplicate', 'entry-duplicate']);
    expect(keeper.files).toEqual({ status: 'second' });
  });

  it('refuses whiteouts of the directory itself and of its parent', async () => {
    const reading = await readLayer(aLayer(writeTar([{ path: 'a/.wh..' }, { path: 'a/.wh...' }, { path: 'a/.wh.' }])), new Keeper(/./));
    expect(reading).toMatchObject({ whiteouts: [], opaque: [] });
    expect(reading.problems.map(({ code }) => code)).toEqual(['whiteout-unsafe', 'whiteout-unsafe', 'whiteout-unsafe']);
  });

  it('reads a million entries in bounded memory', async () => {
    // One header repeated, with the number and the checksum changed: a million headers without a million objects.
    const count = 1_000_000;
    const tar = Buffer.alloc((count + 2) * 512);
    const header = tarHeader({ path: 'directory/with/a/name/number-0000000', flag: '0', size: 0 });
    for (let i = 0; i < count; i++) {
      const at = i * 512;
      header.copy(tar, at);
      tar.write(String(i).padStart(7, '0'), at + 29, 'latin1');
      let sum = 256;
      for (let k = at; k < at + 512; k++) sum += tar[k]!;
      for (let k = at + 148; k < at + 156; k++) sum -= tar[k]!;
      tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
    }
    const input = aLayer(tar, 'zstd');
    const before = process.memoryUsage().rss;
    const reading = await readLayer(input, { wants: () => false, file() {} });
    expect(reading.entries).toBe(count);
    expect(reading.paths.bytes.length).toBeLessThan(8 << 20);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
    await expect(readLayer(input, { wants: () => true, file() {} }, { files: 1000 })).resolves.toMatchObject({ entries: count });
  });
});

describe('walkLayer', () => {
  it('finds in a plain layer what reading it finds, without its bodies', async () => {
    const input = aLayer(writeTar(sources), 'none');
    const read = new Keeper(/os-release|status/), walked = new Keeper(/os-release|status/);
    const { digest, diffId, size, uncompressedSize, ...reading }: LayerReading = await readLayer(input, read);
    expect(await walkLayer(input, walked)).toEqual(reading);
    expect(walked).toEqual(read);
    expect(await verifyLayer(input)).toEqual({ digest, diffId, size, uncompressedSize });
  });

  it('leaves verification to verifyLayer', async () => {
    const input = aLayer(writeTar(sources), 'none', { diffId: `sha256:${'1'.repeat(64)}`, digest: undefined });
    await expect(walkLayer(input, new Keeper(/x/))).resolves.toMatchObject({ entries: 8 });
    await expect(verifyLayer(input)).rejects.toMatchObject({ code: 'diff-id-mismatch' });
  });

  it('refuses a compressed layer and notices a truncated one', async () => {
    const tar = writeTar(sources);
    await expect(walkLayer(aLayer(tar, 'gzip'), new Keeper(/x/))).rejects.toMatchObject({ code: 'layer-compressed' });
    for (const length of [300, 512 + 2, 512 * 20, 500_000]) await expect(walkLayer(aLayer(tar.subarray(0, length), 'none'), new Keeper(/x/))).rejects.toMatchObject({ code: 'layer-truncated' });
  });
});
