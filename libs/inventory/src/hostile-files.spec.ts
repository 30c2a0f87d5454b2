import { deflateSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { catalogSafely } from './catalog-visitor.ts';
import { isInParts, isLooking, type ReadingCataloger } from './cataloger.ts';
import { catalogers } from './catalogers.ts';
import { Found } from './found.ts';
import { targetLockfiles } from './lockfiles.ts';
import { packagePurl } from './package-purl.ts';
import { inlineBuildInfo, writeElf } from './testing/write-elf.ts';
import { rpmHeader, writeNdb } from './testing/write-rpmdb.ts';
import { writeZip } from './testing/write-zip.ts';

/** A file of its kind for every cataloger that finds packages: where it lies, what is in it. */
const samples: Readonly<Record<string, readonly [path: string, content: string | Buffer]>> = {
  'os-release': ['etc/os-release', 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'],
  dpkg: ['var/lib/dpkg/status', 'Package: a\nStatus: install ok installed\nVersion: 1:2.0-3\nArchitecture: amd64\nSource: b (1:2.0)\nDescription: x\n y\n\nPackage: c\nStatus: install ok installed\nVersion: 1\n'],
  chisel: ['var/lib/chisel/manifest.wall', zstdCompressSync('{"jsonwall":"1.0","schema":"1.0","count":3}\n{"kind":"package","name":"libssl3","version":"3.0.2-0ubuntu1","sha256":"x","arch":"amd64"}\n{"kind":"path","path":"/usr/bin/a","slices":["libssl3_libs"]}\n')],
  apk: ['lib/apk/db/installed', 'C:Q1x=\nP:musl\nV:1.2.2-r7\nA:x86_64\nL:MIT\no:musl\nF:usr/bin\nR:ldd\n\nP:b\nV:2\n'],
  rpm: ['var/lib/rpm/Packages.db', writeNdb([rpmHeader({ name: 'a', version: '1', release: '2', epoch: 3, files: ['/usr/bin/a'] }), rpmHeader({ name: 'b', version: '1', release: '2' })])],
  'rpm-manifest': ['var/lib/rpmmanifest/container-manifest-2', 'bind\t9.16-1.cm2\t1\t2\tMicrosoft\t(none)\t3\tx86_64\t32\tbind-9.16-1.cm2.src.rpm\n'],
  pacman: ['var/lib/pacman/local/a-1-1/desc', '%NAME%\na\n\n%VERSION%\n1-1\n\n%LICENSE%\nGPL\n\n'],
  portage: ['var/db/pkg/dev-libs/openssl-1.1.1k-r1/CONTENTS', 'dir /usr\nobj /usr/bin/a 0123456789abcdef0123456789abcdef 1700000000\nsym /usr/b -> a 1\n'],
  opkg: ['usr/lib/opkg/status', 'Package: a\nVersion: 1-r0\nStatus: install user installed\nArchitecture: x\n'],
  npm: ['app/node_modules/a/package.json', '{"name":"a","version":"1.0.0","license":{"type":"MIT"},"licenses":[{"type":"X"}]}'],
  'yarn-cache': ['app/.yarn/cache/left-pad-npm-1.3.0-da1c6fbf53-10c0.zip', writeZip([{ name: 'node_modules/left-pad/LICENSE', content: 'x' }, { name: 'node_modules/left-pad/package.json', content: '{"name":"left-pad","version":"1.3.0"}' }])],
  pypi: ['lib/a-1.dist-info/METADATA', 'Metadata-Version: 2.1\nName: A\nVersion: 1.0\nLicense: MIT\nClassifier: License :: OSI Approved :: MIT License\n\nText\n'],
  'python-egg': ['lib/a-1-py3.11.egg', writeZip([{ name: 'EGG-INFO/PKG-INFO', content: 'Name: a\nVersion: 1\n' }])],
  'python-sboms': ['a.dist-info/sboms/bom.cdx.json', '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"idna","version":"3.18","purl":"pkg:pypi/idna@3.18"},{"type":"file","name":"x"}]}'],
  gem: ['x/specifications/rack-2.1.4.gemspec', '# stub: rack 2.1.4 ruby lib\nGem::Specification.new do |s|\n  s.name = "rack"\n  s.version = "2.1.4"\n  s.licenses = ["MIT".freeze]\nend\n'],
  jar: ['app.jar', writeZip([{ name: 'META-INF/MANIFEST.MF', content: 'Implementation-Version: 1\r\n' }, { name: 'META-INF/maven/g/a/pom.properties', content: 'groupId=g\nartifactId=a\nversion=1\n' }, { name: 'lib/b-1.0.jar', content: writeZip([{ name: 'a/B.class', content: 'x' }]), stored: true }])],
  'go-binary': ['bin/app', writeElf([{ name: '.go.buildinfo', address: 0x800000, writable: true, bytes: inlineBuildInfo('go1.20.1', 'mod\ta.b/c\t(devel)\ndep\td.e/f\tv1.0.0\th1:x\n=>\tg.h/i\tv2.0.0\t\n') }])],
  'cargo-auditable': ['bin/app', writeElf([{ name: '.dep-v0', address: 0, bytes: deflateSync('{"packages":[{"name":"app","version":"0.1.0"},{"name":"b","version":"1.0.0"}]}') }])],
  'composer-installed': ['vendor/composer/installed.json', '{"packages":[{"name":"a/b","version":"v2","license":["MIT"]}]}'],
  'dotnet-deps': ['app/App.deps.json', '{"libraries":{"A/1.0.0":{"type":"package"},"B/1":{"type":"project"}}}'],
  conda: ['opt/conda-meta/a-1-0.json', '{"name":"a","version":"1","license":"MIT"}'],
  cran: ['usr/lib/R/library/a/DESCRIPTION', 'Package: a\nVersion: 1.0\nLicense: GPL (>= 2)\nBuilt: R 4.2.2\n'],
  ghc: ['package.conf.d/a.conf', 'name: a\nversion: 1.0\nlicense: BSD-3-Clause\n'],
  cpan: ['x/.meta/A-1/install.json', '{"dist":"JSON-XS-4.03","version":"4.03"}'],
  beam: ['x/ebin/a.app', '{application, a, [{vsn, "1.0"}, {modules, []}]}.\n'],
  conan: ['root/.conan/data/zlib/1.2.11/_/_/package/0/conaninfo.txt', '[settings]\n'],
  bitnami: ['opt/bitnami/a/.spdx-a.spdx', '{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"a","packages":[{"SPDXID":"SPDXRef-a","name":"a","versionInfo":"1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:bitnami/a@1"}]}]}'],
  'known-programs': ['usr/bin/nginx', writeElf([{ name: '.rodata', address: 0x400000, bytes: Buffer.from('\0nginx version: nginx/1.25.3\0nginx version: openresty/1.0\0') }])],
  'java-runtime': ['opt/java/release', 'IMPLEMENTOR="x"\nJAVA_VERSION="17.0.9"\n'],
  'otp-release': ['erlang/releases/26/OTP_VERSION', '26.1.2**\n'],
  'npm-lock': ['package-lock.json', '{"lockfileVersion":3,"packages":{"":{},"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"link":true}},"dependencies":{"c":{"version":"npm:d@1"}}}'],
  'yarn-lock': ['yarn.lock', '__metadata:\n  version: 6\n\n"a@npm:^1.0.0, a@npm:^1.1.0":\n  version: 1.2.0\n  resolution: "a@npm:1.2.0"\n\nb@^1:\n  version "1.0.0"\n'],
  'pnpm-lock': ['pnpm-lock.yaml', "lockfileVersion: '9.0'\npackages:\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-x, tarball: 'https://x'}\n  b@2.0.0(c@1):\n    engines: {node: '>=6'}\n"],
  'bun-lock': ['bun.lock', '{ // x\n "packages": { "a": ["a@1.0.0", "", {}, "sha512"], /* y */ "b": ["b@workspace:b"], }, }'],
  'deno-lock': ['deno.lock', '{"version":"4","npm":{"@s/a@1.0.0_b@2.0.0":{},"b@2.0.0":{}}}'],
  requirements: ['requirements.txt', 'Django==3.2 ; python_version > "3"\nrequests[security]>=2 # x\n-e git+https://x#egg=y\n'],
  'pipfile-lock': ['Pipfile.lock', '{"_meta":{},"default":{"a":{"version":"==3.2"}}}'],
  'poetry-lock': ['poetry.lock', '[[package]]\nname = "a"\nversion = "3.2"\n\n[package.dependencies]\nb = "x"\n'],
  'uv-lock': ['uv.lock', '[[package]]\nname = "a"\nversion = "3.2"\nsource = { registry = "x" }\n'],
  'pdm-lock': ['pdm.lock', "[[package]]\nname = 'a'\nversion = '3.2'\n"],
  pylock: ['pylock.toml', '[[packages]]\nname = "a"\nversion = "3.2"\n'],
  'conda-environment': ['environment.yml', 'dependencies:\n  - x::numpy=1.21.0=py39\n  - pip:\n    - a==1\n'],
  'conda-lock': ['conda-lock.yml', 'package:\n- name: a\n  version: 1.0\n  manager: pip\n'],
  'pixi-lock': ['pixi.lock', 'packages:\n- conda: https://x/y/a-0.1-h.conda\n- pypi: https://x\n  name: b\n  version: 1\n'],
  pom: ['pom.xml', '<project><properties><v>1</v><w>${v}</w></properties><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${w}</version></dependency></dependencies></project>'],
  'gradle-lock': ['gradle.lockfile', '# x\ng.h:a:1.0=compileClasspath\nempty=\n'],
  'sbt-lock': ['build.sbt.lock', '{"dependencies":[{"org":"g","name":"a","version":"1"}]}'],
  'go-mod': ['go.mod', 'module m\ngo 1.21.3\nrequire (\n\ta.b/c v1.0.0 // indirect\n)\nreplace a.b/c => d.e/f v2.0.0\n'],
  'go-sum': ['go.sum', 'a.b/c v1.0.0 h1:x=\na.b/c v1.0.0/go.mod h1:y=\n'],
  'cargo-lock': ['Cargo.lock', '[[package]]\nname = "a"\nversion = "0.1.0"\nsource = "registry+x"\n'],
  'gemfile-lock': ['Gemfile.lock', 'GEM\n  specs:\n    rack (2.1.4)\n      x (>= 1)\n    nokogiri (1.13.0-x86_64-linux)\n'],
  'composer-lock': ['composer.lock', '{"packages":[{"name":"a/b","version":"v1"}],"packages-dev":[]}'],
  'nuget-lock': ['packages.lock.json', '{"dependencies":{"net6.0":{"A":{"type":"Direct","resolved":"1.0.0"}}}}'],
  'nuget-assets': ['project.assets.json', '{"libraries":{"A/1.0.0":{"type":"package"}}}'],
  'packages-config': ['packages.config', '<packages><package id="A" version="1" /></packages>'],
  'pubspec-lock': ['pubspec.lock', 'packages:\n  http:\n    source: hosted\n    version: "0.13.5"\n'],
  'mix-lock': ['mix.lock', '%{\n  "plug": {:hex, :plug, "1.14.0", "abc"},\n}\n'],
  'rebar-lock': ['rebar.lock', '[{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.9.0">>},0}].\n'],
  'package-resolved': ['Package.resolved', '{"pins":[{"identity":"a","location":"https://github.com/u/a.git","state":{"version":"1.0.0"}}],"version":2}'],
  'podfile-lock': ['Podfile.lock', 'PODS:\n  - A/B (4.0.1):\n    - C\n  - "D (1)"\nEXTERNAL SOURCES:\n  A:\n    :path: x\n'],
  'conan-lock': ['conan.lock', '{"requires":["zlib/1.2.13#x%1"],"graph_lock":{"nodes":{"1":{"ref":"a/1"}}}}'],
  'renv-lock': ['renv.lock', '{"Packages":{"a":{"Package":"a","Version":"1"}}}'],
  'cabal-freeze': ['cabal.project.freeze', 'constraints: any.aeson ==2.0.3.0,\n             any.base ==4.15\n'],
  'stack-lock': ['stack.yaml.lock', 'packages:\n- completed:\n    hackage: a-0.6@sha256:x,1\n'],
  'cpanfile-snapshot': ['cpanfile.snapshot', 'DISTRIBUTIONS\n  JSON-XS-4.03\n    pathname: x\n'],
};

const readers = [...catalogers, ...targetLockfiles].filter((one): one is ReadingCataloger => !isLooking(one) && one.name in samples);

const pieces = ['\0', '\n', '\r\n', '"', "'", '{', '}', '[', ']', '<', '>', '\\', ':', '=', '@', '/', '-', '(', ')', '#', '%', ',', '\t', '${v}', '\u{1F600}', '\uFEFF', 'null', '-1', '9'.repeat(400), 'A'.repeat(5000), '\\ud800', '__proto__', 'constructor', '../../etc'];

describe('files that were made to harm', () => {
  it.each(readers.map((one) => [one.name, one] as const))('%s ends with a named answer whatever is changed', (name, cataloger) => {
    const [path, content] = samples[name]!, original = Buffer.from(content);
    expect(catalogSafely(cataloger, path, original)!.packages.length).toBeGreaterThan(name === 'os-release' ? -1 : 0);
    const random = numbers(name);
    for (let round = 0; round < (isInParts(cataloger) || name === 'rpm' ? 300 : 600); round++) {
      const bytes = damaged(original, random), found = catalogSafely(cataloger, path, bytes);
      if (!found) continue;
      const shown = (): string => `${round}: ${bytes.toString('latin1').slice(0, 400)}`;
      for (const { code, detail } of found.problems ?? []) expect(code, `${detail} ${shown()}`).not.toBe('cataloger-failed');
      expect(Found.safeParse(found).success, shown()).toBe(true);
      for (const one of found.packages) expect(() => packagePurl(one, { id: 'debian', version_id: '12', name: 'Debian' }), shown()).not.toThrow();
      expect(catalogSafely(cataloger, path, bytes), shown()).toEqual(found);
    }
  });

  it('has a sample of no cataloger that is gone', () => expect(Object.keys(samples).filter((name) => !readers.some((one) => one.name === name))).toEqual([]));

  it('reads on beside packages that nobody can name', () => {
    const lock = readers.find((one) => one.name === 'npm-lock')!;
    const found = catalogSafely(lock, 'package-lock.json', Buffer.from(JSON.stringify({ packages: Object.fromEntries(['a', '@s/', 'b\0', 'c'.repeat(2000), '\ud800'].map((name) => [`node_modules/${name}`, { version: '1.0.0' }])) })))!;
    expect(found.packages.map(({ name }) => name)).toEqual(['a']);
    expect(found.problems!.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'package-unnameable'));
  });
});

/** One to four changes: a byte, a piece put in, a part left out, doubled, or cut off behind. */
function damaged(original: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(original);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length + 1), to = Math.min(bytes.length, at + random(40));
    switch (random(5)) {
      case 0: if (at < bytes.length) bytes[at] = random(256); break;
      case 1: bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(pieces[random(pieces.length)]!), bytes.subarray(at)]); break;
      case 2: bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]); break;
      case 3: bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]); break;
      default: bytes = bytes.subarray(0, Math.max(1, at));
    }
  }
  return bytes;
}

/** The same numbers for the same name, so that a failure comes back. */
function numbers(name: string): (below: number) => number {
  let state = [...name].reduce((sum, char) => (Math.imul(sum, 31) + char.charCodeAt(0)) >>> 0, 1);
  return (below) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor((state / 2 ** 32) * below); };
}
