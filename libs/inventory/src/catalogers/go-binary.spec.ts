import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogSafely } from '../catalog-visitor.ts';
import { inlineBuildInfo, pointerProgram, writeElf } from '../testing/write-elf.ts';
import { goBinary, goVersion } from './go-binary.ts';

const modules = [
  'path\texample.com/app', 'mod\texample.com/app\t(devel)\t', 'dep\tgolang.org/x/net\tv0.7.0\th1:a=',
  'dep\tgithub.com/old/a\tv1.0.0', '=>\tgithub.com/new/a\tv1.2.0\th1:b=', 'dep\texample.com/local\tv0.0.0', '=>\t./local\t(devel)\t', 'build\tCGO_ENABLED=0', '',
].join('\n');
const expected = ['stdlib v1.20.1', 'example.com/app ', 'golang.org/x/net v0.7.0', 'github.com/new/a v1.2.0', 'example.com/local '];
const inline = (options?: { sections: boolean }) => writeElf([{ name: '.text', address: 0x400000, bytes: Buffer.alloc(100) }, { name: '.go.buildinfo', address: 0x800000, writable: true, bytes: inlineBuildInfo('go1.20.1', modules) }], options);
const read = (bytes: Buffer) => catalogSafely(goBinary, 'usr/bin/app', bytes);
const named = (bytes: Buffer) => read(bytes).packages.map(({ name, version }) => `${name} ${version}`);

describe('go binary', () => {
  it('reads inline build information by its section', () => expect(named(inline())).toEqual(expected));
  it('finds it in the data segment of a stripped program', () => expect(named(inline({ sections: false }))).toEqual(expected));
  it('follows the pointers of Go 1.13 to 1.17', () => expect(named(pointerProgram('go1.17.2', modules))).toEqual(['stdlib v1.17.2', ...expected.slice(1)]));
  it('has nothing to say of other programs', () => expect(read(writeElf([{ name: '.text', address: 0, bytes: Buffer.from('int main') }]))).toEqual({ packages: [] }));

  it('does not take the mark in read-only data for build information', () => {
    expect(read(writeElf([{ name: '.rodata', address: 0x400000, bytes: inlineBuildInfo('go1.20.1', modules) }], { sections: false }))).toEqual({ packages: [] });
  });

  it('passes over a mark that is not where a linker puts it', () => {
    const decoy = Buffer.concat([Buffer.alloc(8), inlineBuildInfo('go1.1.1', 'dep\tdecoy.example/x\tv9.9.9\n')]);
    const data = Buffer.concat([decoy, Buffer.alloc(16 - (decoy.length % 16)), inlineBuildInfo('go1.20.1', modules)]);
    expect(named(writeElf([{ name: '.data', address: 0x800000, writable: true, bytes: data }], { sections: false }))).toEqual(expected);
    const odd = Buffer.concat([Buffer.alloc(16), inlineBuildInfo('go1.20.1', modules)]);
    expect(named(writeElf([{ name: '.data', address: 0x800000, writable: true, bytes: odd }], { sections: false }))).toEqual(expected);
  });

  it.each([
    ['a length beyond the file', (bytes: Buffer) => bytes.writeUInt8(0xff, bytes.indexOf('go1.20.1') - 1)],
    ['an unending length', (bytes: Buffer) => bytes.fill(0xff, bytes.indexOf('go1.20.1') - 1, bytes.indexOf('go1.20.1') + 12)],
  ])('names %s', (_, damage) => {
    const bytes = inline();
    damage(bytes);
    expect(read(bytes)).toMatchObject({ packages: [], problems: [{ code: 'go-buildinfo-corrupt' }] });
  });

  it('names pointers that lead nowhere', () => {
    const bytes = pointerProgram('go1.17.2', modules);
    bytes.writeBigUInt64LE(0xdeadbeefn, bytes.indexOf('\xff Go buildinf:', 'latin1') + 16);
    expect(read(bytes)).toMatchObject({ packages: [], problems: [{ code: 'go-buildinfo-corrupt' }] });
  });

  it('needs no section table, as the kernel does not', () => {
    const bytes = inline();
    bytes.writeBigUInt64LE(1n << 40n, 40);
    expect(named(bytes)).toEqual(expected);
  });

  it.each([
    ['outside the file', (bytes: Buffer) => bytes.writeBigUInt64LE(1n << 40n, 32)],
    ['of rows of another size', (bytes: Buffer) => bytes.writeUInt16LE(60000, 54)],
    ['of too many rows', (bytes: Buffer) => bytes.writeUInt16LE(65535, 56)],
  ])('names a segment table %s', (_, damage) => {
    const bytes = inline();
    damage(bytes);
    expect(read(bytes)).toMatchObject({ packages: [], problems: [{ code: 'elf-corrupt' }] });
  });

  it('reads texts longer than what is kept at first', () => {
    const long = `${modules}${Array.from({ length: 9000 }, (_, i) => `dep\texample.org/m${i}\tv1.0.${i}\n`).join('')}`;
    const bytes = writeElf([{ name: '.data', address: 0x800000, writable: true, bytes: Buffer.concat([inlineBuildInfo('go1.20.1', long), Buffer.alloc(100_000)]) }]);
    expect(named(bytes)).toEqual([...expected, ...Array.from({ length: 9000 }, (_, i) => `example.org/m${i} v1.0.${i}`)]);
  });

  it('ends with a named answer whatever bytes are changed', () => {
    const programs = [inline(), inline({ sections: false }), pointerProgram('go1.17.2', modules)];
    fc.assert(fc.property(fc.constantFrom(...programs), fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { minLength: 1, maxLength: 20 }), (program, changes) => {
      const damaged = Buffer.from(program);
      for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
      for (const { code, detail } of read(damaged).problems ?? []) expect(code, detail).toMatch(/^(?:(?:elf|go-buildinfo)-corrupt|package-unnameable)$/);
    }), { numRuns: 2000 });
  });
});

describe('goVersion', () => {
  it.each([
    ['go1.17.2', 'v1.17.2'], ['go1.21', 'v1.21.0'], ['go1.22rc1', 'v1.22.0-rc.1'], ['go1.19.4 X:boringcrypto', 'v1.19.4'], ['go1.18beta2', 'v1.18.0-beta.2'], ['devel go1.23-abc Mon', 'v1.23.0'], ['unknown', undefined],
  ])('%s → %s', (text, version) => expect(goVersion(text)).toBe(version));
});
