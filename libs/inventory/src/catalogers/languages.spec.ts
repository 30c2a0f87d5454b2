import { deflateSync } from 'node:zlib';
import type { Entry } from '@plimsoll/oci';
import { describe, expect, it } from 'vitest';
import { catalogSafely } from '../catalog-visitor.ts';
import type { Cataloger } from '../cataloger.ts';
import { writeElf } from '../testing/write-elf.ts';
import { writeZip } from '../testing/write-zip.ts';
import { cargoAuditable } from './cargo-auditable.ts';
import { composerInstalled } from './composer-installed.ts';
import { dotnetDeps } from './dotnet-deps.ts';
import { gem } from './gem.ts';
import { npm } from './npm.ts';
import { pypi } from './pypi.ts';
import { pythonEgg } from './python-egg.ts';
import { rpmManifest } from './rpm-manifest.ts';
import { yarnCache } from './yarn-cache.ts';

const entry = (path: string, more: Partial<Entry> = {}): Entry => ({ path, type: 'file', size: 5000, mode: 0o644, uid: 0, gid: 0, link: '', ...more });
const packagesOf = (cataloger: Cataloger, path: string, content: string | Buffer) => {
  expect(cataloger.wants(path, entry(path))).toBe(true);
  return catalogSafely(cataloger, path, Buffer.from(content)).packages.map(({ name, version, licences }) => [name, version, ...(licences ?? [])].join(' '));
};
const problemsOf = (cataloger: Cataloger, path: string, content: string | Buffer) => catalogSafely(cataloger, path, Buffer.from(content)).problems?.map(({ code }) => code);

describe('npm', () => {
  it.each([
    ['app/node_modules/a/package.json', '{"name":"a","version":"1.0.0","license":"MIT"}', ['a 1.0.0 MIT']],
    ['app/node_modules/@s/a/package.json', '{"name":"@s/a","version":"v1.0.0","licenses":[{"type":"MIT"},{"type":"BSD"}]}', ['@s/a 1.0.0 MIT BSD']],
    ['app/node_modules/a/node_modules/b/package.json', '\uFEFF{"name":"b","version":"2.0.0"}', ['b 2.0.0']],
    ['app/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json', '{"name":"a","version":"1.0.0"}', ['a 1.0.0']],
    ['app/node_modules/alias/package.json', '{"name":"real","version":"1.0.0"}', ['real 1.0.0']],
    ['app/node_modules/@s/nameless/package.json', '{"version":"1.0.0"}', ['@s/nameless 1.0.0']],
    ['app/node_modules/marker/package.json', '{"type":"module"}', []],
    ['app/node_modules/next/dist/compiled/@babel/runtime/package.json', '{"name":"@babel/runtime","version":"7.15.4"}', ['@babel/runtime 7.15.4']],
    ['app/node_modules/@s/a/dist/cjs/package.json', '{"type":"commonjs"}', []],
    ['opt/yarn/package.json', '{"name":"yarn","version":"1.22.0"}', ['yarn 1.22.0']],
    ['srv/package.json', '{"name":"mine","version":"1.0.0","private":true}', []],
    ['srv/package.json', '{"name":"mine"}', []],
  ])('%s %s', (path, content, expected) => expect(packagesOf(npm, path, content)).toEqual(expected));

  it.each(['app/node_modules/a/test/package.json', 'app/node_modules/@s/a/test/fixtures/b/package.json', 'app/node_modules/package.json', 'app/xpackage.json', 'app/package.jsonn'])('leaves %s alone', (path) => expect(npm.wants(path, entry(path))).toBe(false));
  it.each([['no JSON', '{"name": '], ['a number', '7'], ['bytes', '\xff\xfe\0']])('names %s', (_, content) => expect(problemsOf(npm, 'node_modules/a/package.json', content)).toEqual(['package-json-invalid']));
  it('reads on when a name is not UTF-8', () => expect(packagesOf(npm, 'node_modules/a/package.json', Buffer.from([...Buffer.from('{"name":"a'), 0xff, ...Buffer.from('","version":"1"}')]))).toEqual(['a\uFFFD 1']));
});

describe('yarn cache', () => {
  const path = 'app/.yarn/cache/@scope-a-npm-1.0.0-0123456789-10c0.zip';
  it('reads the package that each archive holds, which runs out of it', () => {
    const zip = writeZip([{ name: 'node_modules/@scope/a/dist/package.json', content: '{"type":"module"}' }, { name: 'node_modules/@scope/a/package.json', content: '{"name":"@scope/a","version":"1.0.0","license":"MIT"}' }]);
    expect(packagesOf(yarnCache, path, zip)).toEqual(['@scope/a 1.0.0 MIT']);
  });
  it('names an archive without one', () => {
    expect(problemsOf(yarnCache, path, writeZip([{ name: 'x', content: '' }]))).toEqual(['yarn-cache-unreadable']);
    expect(problemsOf(yarnCache, path, 'no zip')).toEqual(['zip-corrupt']);
  });
});

describe('pypi', () => {
  it.each([
    ['lib/Foo_Bar-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: Foo_.Bar\nVersion: 1.0\nLicense: MIT\nClassifier: License :: OSI Approved :: Apache Software License\n\nName: other\n', ['foo-bar 1.0 Apache Software License']],
    ['lib/a.dist-info/METADATA', 'Name: a\r\nVersion: 1\r\nLicense-Expression: MIT OR Apache-2.0\r\nLicense: x\r\n', ['a 1 MIT OR Apache-2.0']],
    ['lib/a-1.egg-info/PKG-INFO', 'Name: a\nVersion: 1\nDescription: x\n        Version: 3\n', ['a 1']],
    ['lib/a-1.egg-info', 'Name: a\nVersion: 1\nLicense: UNKNOWN\n', ['a 1']],
    ['lib/a-1-py3.9.egg/EGG-INFO/PKG-INFO', 'Name: a\nVersion: 1\n', ['a 1']],
  ])('%s', (path, content, expected) => expect(packagesOf(pypi, path, content)).toEqual(expected));
  it('reads eggs that stay zipped', () => {
    expect(packagesOf(pythonEgg, 'lib/A_b-1-py3.11.egg', writeZip([{ name: 'EGG-INFO/PKG-INFO', content: 'Name: A_b\nVersion: 1\n' }]))).toEqual(['a-b 1']);
    expect(problemsOf(pythonEgg, 'lib/a.egg', writeZip([{ name: 'x', content: '' }]))).toEqual(['python-metadata-incomplete']);
  });
  it('names a file without a name', () => expect(problemsOf(pypi, 'a.dist-info/METADATA', 'Version: 1\n')).toEqual(['python-metadata-incomplete']));
});

describe('gem', () => {
  const path = 'usr/lib/ruby/gems/3.1.0/specifications/rack-2.1.4.gemspec';
  it.each([
    ['# -*- encoding: utf-8 -*-\n# stub: rack 2.1.4 ruby lib\n\nGem::Specification.new do |s|\n  s.licenses = ["MIT".freeze, "X".freeze]\nend', ['rack 2.1.4 MIT X']],
    ['Gem::Specification.new do |s|\n  s.name = "rack"\n  s.version = Gem::Version.new("2.1.4")\n  s.license = "MIT"\nend', ['rack 2.1.4 MIT']],
    ['Gem::Specification.new do |s|\n  s.name = NAME\nend', ['rack 2.1.4']],
  ])('%#', (content, expected) => expect(packagesOf(gem, path, content)).toEqual(expected));
  it.each(['usr/lib/ruby/gems/3.1.0/gems/rack-2.1.4/rack.gemspec', 'a.gemspec'])('leaves the unbuilt %s alone', (other) => expect(gem.wants(other, entry(other))).toBe(false));
});

describe('composer and .NET', () => {
  it('reads both shapes of installed.json', () => {
    expect(packagesOf(composerInstalled, 'app/vendor/composer/installed.json', '[{"name":"Monolog/Monolog","version":"1.0.0","license":["MIT"]}]')).toEqual(['monolog/monolog 1.0.0 MIT']);
    expect(packagesOf(composerInstalled, 'app/vendor/composer/installed.json', '{"packages":[{"name":"a/b","version":"v2"}]}')).toEqual(['a/b v2']);
    expect(problemsOf(composerInstalled, 'vendor/composer/installed.json', '{}')).toEqual(['composer-installed-invalid']);
  });
  it('reads packages and not projects of deps.json', () => {
    expect(packagesOf(dotnetDeps, 'app/App.deps.json', '{"libraries":{"App/1.0.0":{"type":"project"},"Newtonsoft.Json/13.0.1":{"type":"package"},"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.1":{"type":"runtimepack"}}}'))
      .toEqual(['Newtonsoft.Json 13.0.1', 'Microsoft.NETCore.App.Runtime.linux-x64 6.0.1']);
  });
});

describe('cargo auditable', () => {
  const program = (json: string) => writeElf([{ name: '.dep-v0', address: 0, bytes: deflateSync(json) }]);
  it('reads what is linked, not what only built it', () => {
    const bytes = program('{"packages":[{"name":"app","version":"0.1.0","root":true},{"name":"time","version":"0.2.1"},{"name":"cc","version":"1.0.0","kind":"build"}]}');
    expect(catalogSafely(cargoAuditable, 'bin/app', bytes).packages.map(({ name, version }) => `${name} ${version}`)).toEqual(['app 0.1.0', 'time 0.2.1']);
  });
  it('bounds what the section inflates to', () => expect(problemsOf(cargoAuditable, 'bin/app', program(' '.repeat(20_000_000)))).toEqual(['cargo-auditable-unreadable']));
});

describe('rpm manifest', () => {
  it('reads ten columns', () => {
    const found = rpmManifest.catalog({ path: '', bytes: Buffer.from('bind\t9.16-1.cm2\t1\t2\tMicrosoft Corporation\t(none)\t3\tx86_64\t32\tbind-9.16-1.cm2.src.rpm\nbad line\n') });
    expect(found).toEqual({
      packages: [{ type: 'rpm', name: 'bind', version: '32:9.16-1.cm2', arch: 'x86_64', source: { name: 'bind', version: '32:9.16-1.cm2' }, vendor: 'Microsoft Corporation' }],
      problems: [{ code: 'rpm-manifest-line', detail: 'line 2 has not ten columns' }],
    });
  });
});
