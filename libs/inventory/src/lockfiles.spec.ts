import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexFile } from './index-file.ts';
import { pointerProgram } from './testing/write-elf.ts';
import { rpmHeader, writeNdb } from './testing/write-rpmdb.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockfiles-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function packagesOf(name: string, content: string | Buffer): Promise<string[]> {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  const { packages, problems } = await indexFile(path);
  expect(problems).toEqual([]);
  return packages.map((one) => `${one.type} ${one.name} ${one.version}`.trim());
}

const npmPackages = { lockfileVersion: 3, packages: { '': { name: 'app' }, 'node_modules/a': { version: '1.0.0' }, 'node_modules/@s/b/node_modules/c': { version: '2.0.0' }, 'node_modules/alias': { name: 'real', version: '3.0.0' }, 'packages/own': { version: '1.0.0' }, 'node_modules/own': { link: true } } };

describe('a lock file as target', () => {
  it.each<[string, string, string[]]>([
    ['package-lock.json', JSON.stringify(npmPackages), ['npm a 1.0.0', 'npm c 2.0.0', 'npm real 3.0.0']],
    ['v1/package-lock.json', '{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},"x":{"version":"npm:@s/real@3.0.0"}}}', ['npm @s/real 3.0.0', 'npm a 1.0.0', 'npm b 2.0.0']],
    ['yarn.lock', '# yarn lockfile v1\n\n"@s/a@^1.0.0", "@s/a@^1.1.0":\n  version "1.1.0"\n  dependencies:\n    version "9"\n\nx@npm:real@1:\n  version "2.0.0"\n', ['npm @s/a 1.1.0', 'npm real 2.0.0']],
    ['berry/yarn.lock', '__metadata:\n  version: 6\n\n"a@npm:^1.0.0":\n  version: 1.2.0\n  resolution: "a@npm:1.2.0"\n\n"app@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "app@workspace:."\n', ['npm a 1.2.0']],
    ['pnpm-lock.yaml', 'lockfileVersion: "9.0"\npackages:\n  "@s/a@1.0.0":\n    resolution: {}\n  b@2.0.0(react@18.0.0):\n    resolution: {}\n', ['npm @s/a 1.0.0', 'npm b 2.0.0']],
    ['5/pnpm-lock.yaml', 'lockfileVersion: 5.4\npackages:\n  /@s/a/1.0.0_x:\n    resolution: {}\n  /b/2.0.0:\n    resolution: {}\n', ['npm @s/a 1.0.0', 'npm b 2.0.0']],
    ['requirements-dev.txt', '# comment\n-r other.txt\nDjango==3.2 ; python_version > "3"\nrequests[security] == 2.25.1 --hash=sha256:aa\nflask>=1\ngit+https://x/y\nx @ https://y/z.whl\n', ['pypi django 3.2', 'pypi flask', 'pypi requests 2.25.1', 'pypi x']],
    ['Pipfile.lock', '{"_meta":{},"default":{"Django":{"version":"==3.2"}},"develop":{"own":{"path":"."}}}', ['pypi django 3.2', 'pypi own']],
    ['poetry.lock', '[[package]]\nname = "Django"\nversion = "3.2"\n\n[package.dependencies]\nname = "x"\n\n[metadata]\nversion = "9"\n', ['pypi django 3.2']],
    ['Cargo.lock', 'version = 3\n\n[[package]]\nname = "own"\nversion = "0.1.0"\n\n[[package]]\nname = "time"\nversion = "0.2.1"\nsource = "registry+x"\ndependencies = [\n "libc",\n]\n', ['cargo time 0.2.1']],
    ['go.mod', 'module m\n\ngo 1.21.3\n\nrequire a.b/c v1.0.0 // indirect\nrequire (\n\td.e/f v2.0.0+incompatible\n\tg.h/i v1.0.0\n)\nreplace g.h/i => ../i\nreplace d.e/f v2.0.0+incompatible => j.k/l v3.0.0\n', ['golang a.b/c v1.0.0', 'golang g.h/i', 'golang j.k/l v3.0.0', 'golang stdlib v1.21.3']],
    ['Gemfile.lock', 'GIT\n  remote: x\n  specs:\n    g (1.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    rack (2.1.4)\n      other (>= 1)\n    nokogiri (1.13.0-x86_64-linux)\n\nDEPENDENCIES\n  rack\n', ['gem g 1.0', 'gem nokogiri 1.13.0', 'gem rack 2.1.4']],
    ['composer.lock', '{"packages":[{"name":"a/b","version":"v1"}],"packages-dev":[{"name":"c/d","version":"2"}]}', ['composer a/b v1', 'composer c/d 2']],
    ['packages.lock.json', '{"version":1,"dependencies":{"net6.0":{"A":{"type":"Direct","resolved":"1.0.0"},"own":{"type":"Project"}}}}', ['nuget A 1.0.0']],
  ])('%s', async (name, content, expected) => expect(await packagesOf(name, content)).toEqual(expected));
});

describe('a database, a program or an archive as target', () => {
  it.each<[string, string | Buffer, string[]]>([
    ['status', 'Package: a\nStatus: install ok installed\nVersion: 1\n', ['deb a 1']],
    ['root/var/lib/dpkg/status.d/b', 'Package: b\nVersion: 1\n', ['deb b 1']],
    ['installed', 'P:musl\nV:1\n', ['apk musl 1']],
    ['Packages.db', writeNdb([rpmHeader({ name: 'a', version: '1', release: '2' })]), ['rpm a 1-2']],
    ['saved-database.bin', writeNdb([rpmHeader({ name: 'a', version: '1', release: '2' })]), ['rpm a 1-2']],
    ['app', pointerProgram('go1.17.2', ''), ['golang stdlib v1.17.2']],
  ])('%s', async (name, content, expected) => expect(await packagesOf(name, content)).toEqual(expected));

  it('says what it cannot read', async () => {
    writeFileSync(join(directory, 'holiday.txt'), 'sun');
    await expect(indexFile(join(directory, 'holiday.txt'))).rejects.toMatchObject({ kind: 'invalid', code: 'file-unknown' });
    await expect(indexFile(join(directory, 'absent'))).rejects.toMatchObject({ code: 'file-missing' });
    writeFileSync(join(directory, 'package-lock.json'), '{"lockfileVersion": 3, "pack');
    expect(await indexFile(join(directory, 'package-lock.json'))).toMatchObject({ packages: [], problems: [{ code: 'package-lock-invalid' }] });
  });
});

const archive = '../shared/data/oracle/lockfiles-e2e.tar.zst';
const hasZstd = (() => { try { execFileSync('zstd', ['--version'], { stdio: 'ignore' }); return true; } catch { return false; } })();

describe.skipIf(!existsSync(archive) || !hasZstd)('real lock files (skipped without ../shared/data or zstd)', () => {
  const real = join(directory, 'real');
  beforeAll(() => {
    mkdirSync(real);
    execFileSync('sh', ['-c', `zstd -dc --long=27 '${archive}' | tar x -C '${real}'`]);
  });
  it.each(['package-lock.json', 'yarn.lock', 'poetry.lock', 'Pipfile.lock', 'go.mod', 'Gemfile.lock', 'composer.lock'])('%s holds as many packages as osv-detector counts', async (name) => {
    renameSync(join(real, `1-${name}`), join(real, name));
    const { packages, problems } = await indexFile(join(real, name));
    expect(problems).toEqual([]);
    const counted = /found (\d+) packages/.exec(readFileSync(join(real, `1-${name}.out.txt`), 'utf8'))![1];
    expect(new Set(packages.map(({ purl }) => purl)).size).toBe(Number(counted));
  });
});
