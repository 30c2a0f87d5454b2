import { zstdCompressSync } from 'node:zlib';
import type { Entry } from '@plimsoll/oci';
import { describe, expect, it } from 'vitest';
import { catalogSafely } from '../catalog-visitor.ts';
import type { Cataloger } from '../cataloger.ts';
import { chisel } from './chisel.ts';
import { opkg } from './opkg.ts';
import { pacman } from './pacman.ts';
import { portage } from './portage.ts';

const entry = (path: string): Entry => ({ path, type: 'file', size: 5000, mode: 0o644, uid: 0, gid: 0, link: '' });
const wants = (cataloger: Cataloger, path: string) => cataloger.wants(path, entry(path));
const read = (cataloger: Cataloger, path: string, text: string) => {
  expect(wants(cataloger, path)).toBe(true);
  return catalogSafely(cataloger, path, Buffer.from(text));
};

describe('pacman', () => {
  const folder = 'var/lib/pacman/local/gcc-libs-13.2.1-3';
  it('reads desc', () => {
    expect(read(pacman, `${folder}/desc`, '%NAME%\ngcc-libs\n\n%VERSION%\n13.2.1-3\n\n%BASE%\ngcc\n\n%ARCH%\nx86_64\n\n%LICENSE%\nGPL3\ncustom\n\n%PACKAGER%\nA B <a@archlinux.org>\n\n')).toEqual({
      packages: [{ type: 'alpm', name: 'gcc-libs', version: '13.2.1-3', arch: 'x86_64', source: { name: 'gcc', version: '13.2.1-3' }, vendor: 'A B <a@archlinux.org>', licences: ['GPL3', 'custom'] }],
    });
  });
  it('reads files, of a package whose name has dashes', () => {
    expect(read(pacman, `${folder}/files`, '%FILES%\nusr/\nusr/bin/\nusr/bin/gcc\nusr/share/doc/x\n\n%BACKUP%\netc/x\tabc\n')).toEqual({ packages: [], owned: [{ type: 'alpm', name: 'gcc-libs', version: '13.2.1-3', paths: ['usr/bin/gcc'] }] });
  });
  it('names a desc that was cut off', () => expect(read(pacman, `${folder}/desc`, '%NAME%\nx\n\n%VERS').problems).toMatchObject([{ code: 'pacman-desc-incomplete' }]));
  it.each(['var/lib/pacman/sync/core/desc', 'var/lib/pacman/local/ALPM_DB_VERSION', `${folder}/mtree`, `backup/${folder}/desc`])('leaves %s alone', (path) => expect(wants(pacman, path)).toBe(false));
});

describe('portage', () => {
  it.each([
    ['dev-libs/openssl-1.1.1k-r1', 'dev-libs/openssl', '1.1.1k-r1'], ['app-misc/ca-certificates-20230311.3.90', 'app-misc/ca-certificates', '20230311.3.90'], ['sys-libs/db-6.2_p3-r2', 'sys-libs/db', '6.2_p3-r2'],
    ['media-libs/x264-0.0.20220222', 'media-libs/x264', '0.0.20220222'], ['virtual/perl-Test-1.0', 'virtual/perl-Test', '1.0'], ['app-text/docbook-xml-dtd-4.1.2-r7', 'app-text/docbook-xml-dtd', '4.1.2-r7'],
  ])('%s', (folder, name, version) => {
    expect(read(portage, `var/db/pkg/${folder}/CONTENTS`, 'dir /usr\nobj /usr/bin/a b 0123456789abcdef0123456789abcdef 1700000000\nsym /usr/bin/c -> a 1700000000\n'))
      .toEqual({ packages: [{ type: 'portage', name, version }], owned: [{ type: 'portage', name, version, paths: ['usr/bin/a b'] }] });
  });
  it('counts a package without files', () => expect(read(portage, 'var/db/pkg/virtual/libc-1/CONTENTS', '')).toEqual({ packages: [{ type: 'portage', name: 'virtual/libc', version: '1' }] }));
  it('passes over a merge that was broken off', () => expect(read(portage, 'var/db/pkg/a/-MERGING-b-1/CONTENTS', '')).toEqual({ packages: [] }));
  it('names a folder that is no package', () => expect(read(portage, 'var/db/pkg/a/b/CONTENTS', '').problems).toMatchObject([{ code: 'portage-package-unreadable' }]));
});

describe('opkg', () => {
  const status = 'Package: busybox\nVersion: 1.36.1-r0\nDepends: libc\nStatus: install user installed\nArchitecture: core2-64\nInstalled-Time: 1700000000\n\nPackage: gone\nVersion: 1\nStatus: deinstall ok not-installed\nArchitecture: all\n';
  it.each(['usr/lib/opkg/status', 'var/lib/opkg/status'])('reads %s', (path) => {
    expect(read(opkg, path, status)).toEqual({ packages: [{ type: 'opkg', name: 'busybox', version: '1.36.1-r0', arch: 'core2-64', source: { name: 'busybox', version: '1.36.1-r0' } }] });
  });
  it('reads lists with and without modes', () => {
    expect(read(opkg, 'usr/lib/opkg/info/busybox.list', '/bin/busybox\n/bin/sh\t0120777\tbusybox\n')).toEqual({ packages: [], owned: [{ type: 'opkg', name: 'busybox', paths: ['bin/busybox', 'bin/sh'] }] });
  });
  it.each(['usr/lib/opkg/info/busybox.control', 'usr/lib/opkg/lists/base', 'var/lib/opkgx/status'])('leaves %s alone', (path) => expect(wants(opkg, path)).toBe(false));
});

describe('chisel', () => {
  const manifest = (...lines: object[]): Buffer => zstdCompressSync(['{"jsonwall":"1.0","schema":"1.0","count":3}', ...lines.map((one) => JSON.stringify(one)), ''].join('\n'));
  const path = 'var/lib/chisel/manifest.wall';
  it('reads packages and what belongs to them, and says what is not told', () => {
    expect(wants(chisel, path)).toBe(true);
    const found = catalogSafely(chisel, path, manifest(
      { kind: 'content', slice: 'python3.12_core', path: '/usr/bin/python3.12' },
      { kind: 'package', name: 'python3.12', version: '3.12.3-1ubuntu0.1', sha256: 'x', arch: 'amd64' },
      { kind: 'path', path: '/usr/bin/python3.12', mode: '0755', slices: ['python3.12_core'], sha256: 'x', size: 1 },
      { kind: 'path', path: '/etc/python3.12/', mode: '0755', slices: ['python3.12_core'] },
      { kind: 'slice', name: 'python3.12_core' },
    ));
    expect(found).toMatchObject({
      packages: [{ type: 'deb', name: 'python3.12', version: '3.12.3-1ubuntu0.1', arch: 'amd64' }], owned: [{ type: 'deb', name: 'python3.12', paths: ['usr/bin/python3.12'] }],
      problems: [{ code: 'chisel-sources-unknown' }],
    });
  });
  it.each([['no zstd', Buffer.from('{}')], ['nothing in it', zstdCompressSync('')]])('names %s', (_, bytes) => expect(catalogSafely(chisel, path, bytes)!.problems).toMatchObject([{ code: 'chisel-manifest-unreadable' }]));
});
