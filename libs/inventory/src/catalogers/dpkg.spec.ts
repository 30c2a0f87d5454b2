import { describe, expect, it } from 'vitest';
import { dpkg } from './dpkg.ts';

const catalog = (path: string, text: string) => dpkg.catalog({ path, bytes: Buffer.from(text) });
const status = (text: string) => catalog('var/lib/dpkg/status', text);
const stanza = (state: string) => `Package: a\nStatus: ${state}\nVersion: 1:2.0-3+b1\nArchitecture: amd64\nMulti-Arch: same\nMaintainer: Debian A <a@debian.org>\nSource: a-src (1:2.0-3)\nDescription: one\n Version: not a field\n`;

describe('dpkg', () => {
  it('reads name, version, source and maintainer', () => {
    expect(status(stanza('install ok installed'))).toEqual({
      packages: [{ type: 'deb', name: 'a', version: '1:2.0-3+b1', arch: 'amd64', source: { name: 'a-src', version: '1:2.0-3' }, vendor: 'Debian A <a@debian.org>' }],
    });
  });

  it.each([
    ['install ok installed', 1], ['hold ok installed', 1], ['install ok unpacked', 1], ['install ok half-configured', 1], ['install ok triggers-pending', 1],
    ['deinstall ok config-files', 0], ['purge ok not-installed', 0], ['install reinstreq half-installed', 0],
  ])('%s: %d on the disk', (state, count) => expect(status(stanza(state)).packages).toHaveLength(count));

  it('takes the source for the package itself when none is named, and its version when only a name is', () => {
    expect(status('Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: install ok installed\nVersion: 2\nSource: c\n').packages.map(({ source }) => source))
      .toEqual([{ name: 'a', version: '1' }, { name: 'c', version: '2' }]);
  });

  it('reads distroless stanzas, which have no status', () => {
    expect(catalog('var/lib/dpkg/status.d/a', 'Package: a\nVersion: 1\n').packages).toHaveLength(1);
  });

  it.each([
    ['var/lib/dpkg/info/libx:amd64.list', '/.\n/usr\n/usr/bin\n/usr/bin/x\n/usr/share/doc/libx/copyright\n/usr/lib/python3/dist-packages/x-1.egg-info\n', ['usr', 'usr/bin', 'usr/bin/x', 'usr/lib/python3/dist-packages/x-1.egg-info'], 'amd64'],
    ['var/lib/dpkg/status.d/libx.md5sums', 'd41d8cd98f00b204e9800998ecf8427e  usr/bin/x\n', ['usr/bin/x'], undefined],
  ])('%s tells what the package owns', (path, text, paths, arch) => {
    expect(catalog(path, text).owned).toEqual([{ type: 'deb', name: 'libx', ...(arch && { arch }), paths }]);
  });

  it.each([
    ['garbage', '\0\x01\x02 nothing', 'dpkg-status-unreadable'],
    ['a stanza cut off', 'Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStatus: install ok installed\nVers', 'dpkg-stanza-incomplete'],
    ['a stanza without a status', 'Package: a\nVersion: 1\n', 'dpkg-stanza-incomplete'],
  ])('names %s', (_, text, code) => expect(status(text).problems).toMatchObject([{ code }]));

  it.each([
    ['var/lib/dpkg/status', true], ['var/lib/dpkg/status.d/libc6', true], ['var/lib/dpkg/status.d/libc6.md5sums', true], ['var/lib/dpkg/info/a.list', true],
    ['var/lib/dpkg/status-old', false], ['var/lib/dpkg/info/a.md5sums', false], ['var/lib/dpkg/info/a.postinst', false], ['backup/var/lib/dpkg/status', false],
  ])('wants %s: %s', (path, answer) => expect(dpkg.wants(path, { path, type: 'file', size: 1, mode: 0o644, uid: 0, gid: 0, link: '' })).toBe(answer));
});
