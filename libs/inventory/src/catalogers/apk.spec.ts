import { describe, expect, it } from 'vitest';
import { apk } from './apk.ts';

const catalog = (text: string) => apk.catalog({ path: 'lib/apk/db/installed', bytes: Buffer.from(text) });
const musl = 'C:Q1abc=\nP:musl-utils\nV:1.2.2-r7\nA:x86_64\nL:MIT BSD\no:musl\nm:Timo <t@x>\nF:usr\nF:usr/bin\nR:ldd\na:0:0:755\nR:iconv\nF:usr/lib/node_modules/npm\nR:package.json\n';

describe('apk', () => {
  it('reads a package, its origin and the files that matter', () => {
    expect(catalog(`${musl}\n`)).toEqual({
      packages: [{ type: 'apk', name: 'musl-utils', version: '1.2.2-r7', arch: 'x86_64', source: { name: 'musl', version: '1.2.2-r7' }, vendor: 'Timo <t@x>', licences: ['MIT BSD'] }],
      owned: [{ type: 'apk', name: 'musl-utils', version: '1.2.2-r7', paths: ['usr/bin/ldd', 'usr/bin/iconv', 'usr/lib/node_modules/npm/package.json'] }],
    });
  });
  it('needs no blank line at the end', () => expect(catalog(musl).packages).toHaveLength(1));
  it('separates packages that lost their blank line', () => expect(catalog('P:a\nV:1\nP:b\nV:2\n').packages).toHaveLength(2));
  it('names a package that was cut off', () => expect(catalog(`${musl}\nP:b\n`)).toMatchObject({ packages: [{ name: 'musl-utils' }], problems: [{ code: 'apk-package-incomplete' }] }));
  it('names a file of something else', () => expect(catalog('\x7fELF nonsense').problems).toMatchObject([{ code: 'apk-database-unreadable' }]));
  it('has nothing to say of an empty database', () => expect(catalog('')).toEqual({ packages: [] }));
  it.each([['lib/apk/db/installed', true], ['usr/lib/apk/db/installed', true], ['opt/root/lib/apk/db/installed', false]])('wants %s: %s', (path, answer) =>
    expect(apk.wants(path, { path, type: 'file', size: 1, mode: 0o644, uid: 0, gid: 0, link: '' })).toBe(answer));
});
