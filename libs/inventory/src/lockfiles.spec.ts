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
    ['6/pnpm-lock.yaml', "lockfileVersion: '6.0'\npackages:\n  /@s/a@1.0.0(b@2.0.0):\n    resolution: {}\n  registry.example.org/c/3.0.0:\n    resolution: {}\n  github.com/u/d/0123abc:\n    name: d\n    version: 4.0.0\n  file:own:\n    name: own\n", ['npm @s/a 1.0.0', 'npm c 3.0.0', 'npm d 4.0.0']],
    ['9/pnpm-lock.yaml', "lockfileVersion: '9.0'\n---\nlockfileVersion: '9.0'\npackages:\n  d@https://codeload.github.com/u/d/tar.gz/0123abc:\n    version: 4.0.0\n  own@file:own:\n    resolution: {}\nsnapshots:\n  d@https://x(react@18.0.0): {}\n", ['npm d 4.0.0']],
    ['portal/yarn.lock', '__metadata:\n  version: 6\n\n"p@portal:./p::locator=app%40workspace%3A.":\n  version: 0.0.0-use.local\n  resolution: "p@portal:./p::locator=app%40workspace%3A."\n\n"ts@patch:typescript@^5#~builtin<compat>":\n  version: 5.0.4\n  resolution: "typescript@patch:typescript@npm%3A5.0.4#~builtin<compat>::hash=1"\n', ['npm typescript 5.0.4']],
    ['git/package-lock.json', '{"lockfileVersion":1,"dependencies":{"a":{"version":"git+ssh://git@github.com/u/a.git#0123"},"own":{"version":"file:../own"}}}', ['npm a']],
    ['bun.lock', '{\n  // comment, with "quotes"\n  "lockfileVersion": 1,\n  "packages": {\n    "@s/a": ["@s/a@1.0.0", "", { "dependencies": { "b": "^2", }, }, "sha512-x//y=="],\n    "alias": ["real@2.0.0", "", {}, "sha512-/*z*/"],\n    "app": ["app@workspace:packages/app"],\n    "g": ["g@github:u/g#0123", {}, "u-g-0123"],\n  }, /* end */\n}\n', ['npm @s/a 1.0.0', 'npm g', 'npm real 2.0.0']],
    ['deno.lock', '{"version":"4","specifiers":{"npm:a@1":"1.0.0"},"jsr":{"@std/path@1.0.0":{}},"npm":{"@s/a@1.0.0_b@2.0.0":{},"b@2.0.0":{}}}', ['npm @s/a 1.0.0', 'npm b 2.0.0']],
    ['v3/deno.lock', '{"version":"3","packages":{"npm":{"a@1.0.0":{}}}}', ['npm a 1.0.0']],
    ['utf16/requirements.txt', '\uFEFFDjango==3.2\r\n', ['pypi django 3.2']],
    ['more/requirements.txt', '--index-url https://x\n-e git+https://github.com/u/p.git@main#egg=Own_Name\nhttps://x/y/zope.interface-5.4.0-cp39-none-any.whl\nflask[async]>=2,<3\nA.B===1.0+local\nwild==1.*\n./folder\nthing.whl\nmulti == 1.0, != 1.1\n', ['pypi a-b 1.0+local', 'pypi flask', 'pypi multi 1.0', 'pypi own-name', 'pypi wild', 'pypi zope-interface 5.4.0']],
    ['uv.lock', 'version = 1\n\n[[package]]\nname = "app"\nversion = "0.1.0"\nsource = { virtual = "." }\n\n[[package]]\nname = "Django"\nversion = "3.2"\nsource = { registry = "https://pypi.org/simple" }\nsdist = { url = "x", hash = "sha256:a" }\n', ['pypi django 3.2']],
    ['pylock.dev.toml', 'lock-version = "1.0"\n\n[[packages]]\nname = "django"\nversion = "3.2"\n\n[[packages.wheels]]\nname = "django-3.2-py3-none-any.whl"\n', ['pypi django 3.2']],
    ['environment.yml', 'name: x\nchannels: [defaults]\ndependencies:\n  - conda-forge::numpy=1.21.0=py39h1\n  - python=3.9.*\n  - scipy>=1\n  - pip:\n    - Django==3.2\n', ['conda numpy 1.21.0', 'conda python', 'conda scipy', 'pypi django 3.2']],
    ['conda-lock.yml', 'version: 1\npackage:\n- name: numpy\n  version: 1.21.0\n  manager: conda\n  platform: linux-64\n- name: Django\n  version: "3.2"\n  manager: pip\n- name: short\n  version: 1.10\n  manager: conda\n', ['conda numpy 1.21.0', 'conda short 1.10', 'pypi django 3.2']],
    ['pixi.lock', 'version: 6\npackages:\n- conda: https://conda.anaconda.org/conda-forge/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2\n  sha256: x\n- pypi: https://files/x.whl\n  name: django\n  version: "3.2"\n- kind: conda\n  name: bzip2\n  version: 1.0.8\n', ['conda _libgcc_mutex 0.1', 'conda bzip2 1.0.8', 'pypi django 3.2']],
    ['pom.xml', '<?xml version="1.0"?>\n<!-- <dependency/> -->\n<project xmlns="http://maven.apache.org/POM/4.0.0"><parent><groupId>p</groupId><artifactId>p</artifactId><version>7</version></parent><artifactId>own</artifactId><properties><v.x>1.2</v.x></properties><dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>managed</artifactId><version>3</version></dependency></dependencies></dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${v.x}</version></dependency><dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency><dependency><groupId>${project.groupId}</groupId><artifactId>sibling</artifactId><version>${project.version}</version></dependency><dependency><groupId>g</groupId><artifactId>inherited</artifactId></dependency><dependency><groupId>g</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency></dependencies></project>', ['maven g:a 1.2', 'maven g:inherited', 'maven g:managed 3', 'maven g:range', 'maven p:sibling 7']],
    ['gradle.lockfile', '# This is a Gradle generated file\norg.a:b:1.0=compileClasspath,runtimeClasspath\nempty=annotationProcessor\n', ['maven org.a:b 1.0']],
    ['build.sbt.lock', '{"lockVersion":1,"dependencies":[{"org":"org.typelevel","name":"cats-core_2.13","version":"2.9.0","configurations":["compile"]}]}', ['maven org.typelevel:cats-core_2.13 2.9.0']],
    ['go.sum', 'a.b/c v1.0.0 h1:x=\na.b/c v1.0.0/go.mod h1:y=\na.b/c v0.9.0/go.mod h1:z=\n', ['golang a.b/c v1.0.0']],
    ['project.assets.json', '{"version":3,"libraries":{"A/1.0.0":{"type":"package"},"own/1.0.0":{"type":"project"}}}', ['nuget A 1.0.0']],
    ['packages.config', '<?xml version="1.0"?>\n<packages>\n<!-- <package id="no" version="1"/> -->\n  <package id="A.B" version="1.0.0" targetFramework="net48" />\n  <package targetFramework=\'net48\' version=\'2.0\' id=\'C\'/>\n</packages>\n', ['nuget A.B 1.0.0', 'nuget C 2.0']],
    ['pubspec.lock', 'packages:\n  flutter:\n    dependency: "direct main"\n    source: sdk\n    version: "0.0.0"\n  http:\n    dependency: "direct main"\n    description: {name: http}\n    source: hosted\n    version: "0.13.5"\n', ['pub http 0.13.5']],
    ['mix.lock', '%{\n  "plug": {:hex, :plug, "1.14.0", "abc", [:mix], [{:mime, "~> 1.0", [hex: :mime]}], "hexpm", "def"},\n  "own": {:git, "https://github.com/u/own.git", "0123", []},\n  "renamed": {:hex, :real_name, "2.0.0", "abc"},\n}\n', ['hex own', 'hex plug 1.14.0', 'hex real_name 2.0.0']],
    ['rebar.lock', '{"1.2.0",\n[{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.9.0">>},0},\n {<<"own">>,{git,"https://x",{ref,"0123"}},0}]}.\n[\n{pkg_hash,[\n {<<"cowboy">>, <<"AAAA">>}]}\n].\n', ['hex cowboy 2.9.0', 'hex own']],
    ['Package.resolved', '{"object":{"pins":[{"package":"swift-nio","repositoryURL":"https://github.com/apple/swift-nio.git","state":{"branch":null,"revision":"a","version":"2.41.1"}}]},"version":1}', ['swift github.com/apple/swift-nio 2.41.1']],
    ['2/Package.resolved', '{"pins":[{"identity":"a","kind":"remoteSourceControl","location":"git@github.com:u/a.git","state":{"revision":"a","version":"1.0.0"}},{"identity":"b","location":"https://github.com/u/b","state":{"branch":"main"}}],"version":2}', ['swift github.com/u/a 1.0.0', 'swift github.com/u/b']],
    ['Podfile.lock', 'PODS:\n  - AFNetworking (4.0.1):\n    - AFNetworking/NSURLSession (= 4.0.1)\n  - AFNetworking/NSURLSession (4.0.1)\n  - "GoogleUtilities/NSData+zlib (7.11.0)"\n  - Own (0.1)\n\nDEPENDENCIES:\n  - Own (from `../`)\n\nEXTERNAL SOURCES:\n  Own:\n    :path: "../"\n', ['cocoapods AFNetworking 4.0.1', 'cocoapods GoogleUtilities 7.11.0']],
    ['conan.lock', '{"version":"0.5","requires":["zlib/1.2.13#97d5730b529b4224045fe7090592d4c1%1692672717.049","openssl/3.1.2@u/c#x"],"build_requires":["cmake/3.27.0"],"python_requires":[]}', ['conan cmake 3.27.0', 'conan openssl 3.1.2', 'conan zlib 1.2.13']],
    ['1/conan.lock', '{"graph_lock":{"nodes":{"0":{"ref":"app/0.1"},"1":{"ref":"zlib/1.2.11#x"},"2":{"options":""}}},"version":"0.4"}', ['conan app 0.1', 'conan zlib 1.2.11']],
    ['renv.lock', '{"R":{"Version":"4.2.0"},"Packages":{"jsonlite":{"Package":"jsonlite","Version":"1.8.0","Source":"Repository"}}}', ['cran jsonlite 1.8.0']],
    ['cabal.project.freeze', 'active-repositories: hackage.haskell.org:merge\nconstraints: any.aeson ==2.0.3.0,\n             aeson +ordered-keymap,\n             any.base ==4.15.1.0\nindex-state: x\n', ['hackage aeson 2.0.3.0', 'hackage base 4.15.1.0']],
    ['stack.yaml.lock', 'packages:\n- completed:\n    hackage: hackage-security-0.6.2.3@sha256:a,1\n    pantry-tree: {sha256: b, size: 1}\n  original:\n    hackage: hackage-security-0.6.2.3\n- completed:\n    commit: c\n    name: own-fork\n    version: 1.0\n    git: https://x\nsnapshots: []\n', ['hackage hackage-security 0.6.2.3', 'hackage own-fork 1.0']],
    ['cpanfile.snapshot', '# carton snapshot format: version 1.0\nDISTRIBUTIONS\n  JSON-XS-4.03\n    pathname: M/ML/MLEHMANN/JSON-XS-4.03.tar.gz\n    provides:\n      JSON::XS 4.03\n  libwww-perl-6.67\n  Moose-v2.2-TRIAL\n', ['cpan JSON-XS 4.03', 'cpan Moose v2.2', 'cpan libwww-perl 6.67']],
    ['packages.lock.json', '{"version":1,"dependencies":{"net6.0":{"A":{"type":"Direct","resolved":"1.0.0"},"own":{"type":"Project"}}}}', ['nuget A 1.0.0']],
  ])('%s', async (name, content, expected) => expect(await packagesOf(name, name.startsWith('utf16') ? Buffer.from(content, 'utf16le') : content)).toEqual(expected));

  it('says that the binary lock file of Bun is not read', async () => {
    writeFileSync(join(directory, 'bun.lockb'), Buffer.from('#!/usr/bin/env bun\nbun-lockfile-format-v0\n'));
    expect(await indexFile(join(directory, 'bun.lockb'))).toMatchObject({ packages: [], problems: [{ code: 'bun-lockb-unread' }] });
  });
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
