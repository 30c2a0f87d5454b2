import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, linkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from './entry.ts';
import { defaultReadLimits } from './limits.ts';
import { TarWalker } from './tar.ts';
import { padding, paxRecord, tarHeader, type TarSource, withChecksum, writeTar } from './testing/write-tar.ts';

interface Seen { readonly entries: Entry[]; readonly files: Record<string, string>; readonly problems: string[] }

/** Walks a tar in pieces of `cut` bytes, wanting everything (or the head first). */
function walk(tar: Buffer, cut = tar.length || 1, how: true | 'head' = true): Seen {
  const seen: Seen = { entries: [], files: {}, problems: [] };
  const walker = new TarWalker({
    entry(entry) { seen.entries.push(entry); return entry.type === 'file' ? how : false; },
    head: (entry, head) => head.length === Math.min(entry.size, 4096) && !entry.path.endsWith('.skip'),
    file(entry, bytes) { seen.files[entry.path] = bytes.toString('latin1'); },
    passed() {},
    problem(code, _detail, where) { seen.problems.push(`${code} ${where}`); },
  }, defaultReadLimits, (reason, what) => new Error(`${reason}: ${what}`));
  for (let at = 0; at < tar.length; at += cut) walker.push(tar.subarray(at, at + cut));
  walker.end();
  return seen;
}

const paths = ({ entries }: Seen): string[] => entries.map(({ path }) => path);
const end = Buffer.alloc(1024);
const padded = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(padding(Buffer.byteLength(text)))]);

describe('TarWalker', () => {
  const long = `${'d/'.repeat(120)}name`;
  const sources: TarSource[] = [
    { path: 'etc/', type: 'directory' },
    { path: './etc/os-release', content: 'ID=debian\n', mode: 0o4755, uid: 7, gid: 8 },
    { path: 'empty', content: '' },
    { path: 'exactly-one-block', content: 'x'.repeat(512) },
    { path: 'big', content: 'y'.repeat(10_000) },
    { path: 'big.skip', content: 'z'.repeat(10_000) },
    { path: long, content: 'pax' },
    { path: `${long}-gnu`, content: 'gnu', format: 'gnu' },
    { path: 'ünïcode', content: 'utf8' },
    { path: 'link', type: 'symlink', link: '../../outside' },
    { path: 'long-link', type: 'symlink', link: long },
    { path: 'hard', type: 'hardlink', link: './etc/os-release' },
    { path: 'null', type: 'character' }, { path: 'pipe', type: 'fifo' },
  ];

  it.each([1, 7, 511, 512, 513, 4096, 1 << 20])('reads every kind of entry from pieces of %i bytes', (cut) => {
    const seen = walk(writeTar(sources), cut);
    expect(paths(seen)).toEqual(['etc', 'etc/os-release', 'empty', 'exactly-one-block', 'big', 'big.skip', long, `${long}-gnu`, 'ünïcode', 'link', 'long-link', 'hard', 'null', 'pipe']);
    expect(seen.entries.map(({ type }) => type)).toEqual(['directory', 'file', 'file', 'file', 'file', 'file', 'file', 'file', 'file', 'symlink', 'symlink', 'hardlink', 'device', 'fifo']);
    expect(seen.files).toMatchObject({ 'etc/os-release': 'ID=debian\n', 'empty': '', 'big': 'y'.repeat(10_000), [long]: 'pax', [`${long}-gnu`]: 'gnu' });
    expect(seen.entries[1]).toMatchObject({ mode: 0o4755, uid: 7, gid: 8, size: 10 });
    expect(seen.entries.filter(({ link }) => link !== '').map(({ link }) => link)).toEqual(['../../outside', long, 'etc/os-release']);
    expect(seen.problems).toEqual([]);
  });

  it.each([1, 100, 512, 1 << 20])('shows the head first, from pieces of %i bytes', (cut) => {
    const { files } = walk(writeTar(sources), cut, 'head');
    expect(Object.keys(files)).not.toContain('big.skip');
    expect(files).toMatchObject({ 'big': 'y'.repeat(10_000), 'etc/os-release': 'ID=debian\n', 'empty': '', [long]: 'pax' });
  });

  it('takes the size from pax, also one that the header cannot hold', () => {
    const body = paxRecord('size', '5');
    const tar = Buffer.concat([tarHeader({ path: 'x', flag: 'x', size: body.length }), padded(body), tarHeader({ path: 'a', flag: '0', size: 0 }), padded('hello'), tarHeader({ path: 'b', flag: '0', size: 0 }), end]);
    expect(walk(tar)).toMatchObject({ files: { a: 'hello', b: '' } });
  });

  it('reads base-256 sizes', () => {
    const header = tarHeader({ path: 'a', flag: '0', size: 0 });
    header.fill(0, 124, 136);
    header[124] = 0x80;
    header.writeUInt32BE(5, 132);
    expect(walk(Buffer.concat([withChecksum(header), padded('hello'), end])).files).toEqual({ a: 'hello' });
  });

  it('joins the prefix of a ustar name', () => {
    const header = tarHeader({ path: 'name', flag: '0', size: 0 });
    header.write('some/prefix', 345);
    expect(paths(walk(Buffer.concat([withChecksum(header), end])))).toEqual(['some/prefix/name']);
  });

  it('reads a V7 directory, a contiguous file, and ignores global pax headers', () => {
    const body = paxRecord('path', 'evil');
    const tar = Buffer.concat([
      tarHeader({ path: 'g', flag: 'g', size: body.length }), padded(body),
      tarHeader({ path: 'old/', flag: '\0', size: 0 }), tarHeader({ path: 'old/file', flag: '\0', size: 2 }), padded('ok'), tarHeader({ path: 'seven', flag: '7', size: 2 }), padded('ok'), end,
    ]);
    const seen = walk(tar);
    expect(seen.entries.map(({ path, type }) => `${type} ${path}`)).toEqual(['directory old', 'file old/file', 'file seven']);
  });

  it('passes over the body of nothing that has none', () => {
    const tar = Buffer.concat([tarHeader({ path: 'dir', flag: '5', size: 600 }), tarHeader({ path: 'hard', flag: '1', link: 'x', size: 600 }), tarHeader({ path: 'a', flag: '0', size: 2 }), padded('ok'), end]);
    expect(paths(walk(tar))).toEqual(['dir', 'hard', 'a']);
  });

  it('keeps names apart that are not UTF-8', () => {
    const name = (byte: number) => { const header = tarHeader({ path: 'aXb', flag: '0', size: 0 }); header[1] = byte; return withChecksum(header); };
    const seen = paths(walk(Buffer.concat([name(0xe9), name(0xe8), end])));
    expect(seen).toEqual(['aéb', 'aèb']);
  });

  it.each([
    ['..', 'name-unsafe'], ['../../etc/passwd', 'name-unsafe'], ['a/../../b', 'name-unsafe'], ['a/..', 'name-unsafe'], ['./..', 'name-unsafe'],
  ])('refuses the name %s', (path, code) => {
    const seen = walk(writeTar([{ path, content: 'x' }, { path: 'after', content: 'ok' }]));
    expect(seen.problems).toEqual([`${code} ${path}`]);
    expect(seen.files).toEqual({ after: 'ok' });
  });

  it('names an absolute name and reads it as relative', () => {
    const seen = walk(writeTar([{ path: '/etc//./passwd', content: 'x' }]));
    expect(seen).toMatchObject({ files: { 'etc/passwd': 'x' }, problems: ['name-absolute etc/passwd'] });
  });

  it('refuses a NUL in a pax name', () => {
    const body = paxRecord('path', 'etc/passwd\0.txt');
    const seen = walk(Buffer.concat([tarHeader({ path: 'x', flag: 'x', size: body.length }), padded(body), tarHeader({ path: 'a', flag: '0', size: 1 }), padded('x'), end]));
    expect(seen).toMatchObject({ files: {}, problems: ['name-unsafe etc/passwd\\u0000.txt'] });
  });

  it('refuses hard links out of the image, and names longer than any kernel opens', () => {
    const deep = `${'d/'.repeat(10_000)}f`;
    const seen = walk(writeTar([{ path: 'h', type: 'hardlink', link: '../../etc/shadow' }, { path: deep, content: 'x' }, { path: 's', type: 'symlink', link: 'x'.repeat(5000) }, { path: 'ok', content: 'ok' }]));
    expect(seen.problems.map((problem) => problem.split(' ')[0])).toEqual(['link-unsafe', 'limit-name', 'limit-name']);
    expect(seen.files).toEqual({ ok: 'ok' });
  });

  it.each([
    ['a wrong checksum', () => { const header = tarHeader({ path: 'a', flag: '0', size: 0 }); header[0] = 98; return Buffer.concat([header, end]); }],
    ['a size that is no number', () => { const header = tarHeader({ path: 'a', flag: '0', size: 0 }); header.write('12x4', 124); return Buffer.concat([withChecksum(header), end]); }],
    ['a negative size', () => { const header = tarHeader({ path: 'a', flag: '0', size: 0 }); header.fill(0xff, 124, 136); return Buffer.concat([withChecksum(header), end]); }],
    ['a size beyond all files', () => { const header = tarHeader({ path: 'a', flag: '0', size: 0 }); header.fill(0x7f, 124, 136); header[124] = 0x80; return Buffer.concat([withChecksum(header), end]); }],
    ['a malformed pax record', () => Buffer.concat([tarHeader({ path: 'x', flag: 'x', size: 9 }), padded('99 path=a'), tarHeader({ path: 'a', flag: '0', size: 0 }), end])],
    ['a pax record of length 0', () => Buffer.concat([tarHeader({ path: 'x', flag: 'x', size: 9 }), padded('0 path=a\n'), tarHeader({ path: 'a', flag: '0', size: 0 }), end])],
    ['a pax size that is no number', () => { const body = paxRecord('size', '1e3'); return Buffer.concat([tarHeader({ path: 'x', flag: 'x', size: body.length }), padded(body), end]); }],
    ['an extended header of 2 MiB', () => Buffer.concat([tarHeader({ path: 'x', flag: 'x', size: 2 << 20 }), Buffer.alloc(2 << 20, 32)])],
    ['one zero block in the middle', () => Buffer.concat([tarHeader({ path: 'a', flag: '0', size: 0 }), Buffer.alloc(512), tarHeader({ path: 'hidden', flag: '0', size: 0 }), end])],
    ['text', () => Buffer.from('this is not a tar'.repeat(100))],
  ])('calls %s corrupt', (_what, tar) => { expect(() => walk(tar())).toThrow(/^corrupt/); });

  it.each([
    ['in a body', (tar: Buffer) => tar.subarray(0, 512 + 100)], ['in the padding', (tar: Buffer) => tar.subarray(0, 512 + 301)], ['in a header', (tar: Buffer) => tar.subarray(0, 300)],
  ])('calls a tar that ends %s truncated', (_where, cut) => {
    const tar = writeTar([{ path: 'a', content: 'x'.repeat(300) }]);
    expect(() => walk(cut(tar))).toThrow(/^truncated/);
  });

  it('calls a tar that ends between an extended header and its entry truncated', () => {
    const tar = writeTar([{ path: `${'x'.repeat(150)}`, content: '' }]);
    expect(() => walk(tar.subarray(0, 1024))).toThrow(/^truncated/);
  });

  it('ends at two zero blocks, and needs none at the end of the stream', () => {
    const one = writeTar([{ path: 'a', content: '' }]);
    expect(paths(walk(Buffer.concat([one, writeTar([{ path: 'hidden', content: '' }])])))).toEqual(['a']);
    expect(paths(walk(one.subarray(0, 512)))).toEqual(['a']);
    expect(paths(walk(one.subarray(0, 1024)))).toEqual(['a']);
    expect(walk(Buffer.alloc(0)).entries).toEqual([]);
  });
});

describe('damaged tars', () => {
  const tar = writeTar([
    { path: 'a/', type: 'directory' }, { path: 'a/file', content: 'x'.repeat(700) }, { path: `a/${'long/'.repeat(40)}name`, content: 'long' },
    { path: 'a/hard', type: 'hardlink', link: 'a/file' }, { path: `b${'o'.repeat(120)}`, content: 'gnu', format: 'gnu' }, { path: 'c', type: 'symlink', link: 'a' },
  ]);
  const outcome = (bytes: Buffer, cut: number, how: true | 'head') => {
    try { return JSON.stringify(walk(bytes, cut, how)); } catch (error) { return (error as Error).message; }
  };

  it('tell the same story however they are cut, and fail in no other way than truncated or corrupt', () => {
    const damage = fc.array(fc.record({ at: fc.nat(tar.length - 1), byte: fc.oneof(fc.constantFrom(0, 32, 48, 55, 0x80, 0xff), fc.nat(255)) }), { maxLength: 6 });
    fc.assert(fc.property(damage, fc.boolean(), fc.integer({ min: 1, max: 1500 }), fc.nat(tar.length), fc.constantFrom(true, 'head'), (flips, fix, cut, length, how) => {
      const bytes = Buffer.from(tar.subarray(0, length % 3 === 0 ? length : tar.length));
      for (const { at, byte } of flips) if (at < bytes.length) bytes[at] = byte;
      // With right checksums the damage reaches the fields.
      if (fix) for (let at = 0; at + 512 <= bytes.length; at += 512) if (bytes.toString('latin1', at + 257, at + 262) === 'ustar') withChecksum(bytes.subarray(at, at + 512));
      const whole = outcome(bytes, bytes.length || 1, how);
      expect(outcome(bytes, cut, how)).toBe(whole);
      expect(whole).toMatch(/^(\{|truncated|corrupt)/);
    }), { numRuns: 2000 });
  });
});

describe('tars of GNU tar', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'gnu-tar-'));
    const deep = join(directory, 'in', ...Array.from({ length: 12 }, (_, i) => `directory-${i}-${'n'.repeat(20)}`));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, 'deep'), 'deep');
    writeFileSync(join(directory, 'in', 'plain'), 'plain');
    linkSync(join(directory, 'in', 'plain'), join(directory, 'in', 'same'));
    symlinkSync('plain', join(directory, 'in', 'symlink'));
    // Many holes: more than the four a GNU header can list.
    writeFileSync(join(directory, 'in', 'sparse'), '');
    truncateSync(join(directory, 'in', 'sparse'), 8 << 20);
    execFileSync('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do printf x | dd of=sparse bs=1 seek=$((i * 500000)) conv=notrunc status=none; done'], { cwd: join(directory, 'in') });
  });
  afterAll(() => { rmSync(directory, { recursive: true }); });

  it.each([
    ['gnu', []], ['posix', []], ['gnu', ['--sparse']], ['posix', ['--sparse', '--sparse-version=0.0']], ['posix', ['--sparse', '--sparse-version=0.1']], ['posix', ['--sparse', '--sparse-version=1.0']],
  ])('--format=%s %j', (format, flags) => {
    const tar = execFileSync('tar', [`--format=${format}`, ...flags, '--sort=name', '-C', join(directory, 'in'), '-cf', '-', '.'], { maxBuffer: 64 << 20 });
    const listed = execFileSync('tar', ['-tf', '-'], { input: tar, encoding: 'utf8' }).trim().split('\n').map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''));
    const seen = walk(tar, 1000);
    expect(paths(seen)).toEqual(listed);
    expect(Object.values(seen.files)).toEqual(expect.arrayContaining(['deep', 'plain']));
    if (flags.length > 0) expect(seen.problems).toEqual(['sparse-file sparse']);
    else expect(seen.files['sparse']?.length).toBe(8 << 20);
  });
});
