import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { defaultFeedLimits, recordsOfStream } from '@plimsoll/advisories';
import { catalogers } from '@plimsoll/inventory';
import { catalogSafely, inlineBuildInfo, nestedJar, pointerProgram, rpmHeader, type RpmSource, writeBdb, writeElf, writeNdb, writeZip } from '@plimsoll/inventory/testing';
import { defaultReadLimits } from '@plimsoll/oci';
import { TarWalker, withChecksum, writeTar } from '@plimsoll/oci/testing';
import { Problem } from '@plimsoll/problem';

/** A parser of bytes that strangers made. Whatever they are, it ends with an answer or a named Problem. */
export interface FuzzTarget {
  /** Honest inputs to begin with, together using every part of the format. */
  seeds(): Buffer[];
  /** Mends what a mutation always breaks, a checksum for one, so that damage reaches what lies behind it. */
  mend?(bytes: Buffer): Buffer;
  /** Throws when the parser broke its promise. */
  run(bytes: Buffer): void | Promise<void>;
}

const limits = { ...defaultReadLimits, ratioFrom: 1 << 20 };

/** One line is one parser. */
export const fuzzTargets: Readonly<Record<string, FuzzTarget>> = {
  'rpmdb-sqlite': { seeds: () => [sqlite(headers)], run: (bytes) => cataloged('rpm', 'var/lib/rpm/rpmdb.sqlite', bytes) },
  'rpmdb-ndb': { seeds: () => [writeNdb(headers)], run: (bytes) => cataloged('rpm', 'var/lib/rpm/Packages.db', bytes) },
  'rpmdb-bdb': { seeds: () => [writeBdb(headers, { pageSize: 512 }), writeBdb(headers, { little: false, pageSize: 1024 })], run: (bytes) => cataloged('rpm', 'var/lib/rpm/Packages', bytes) },
  elf: { seeds: programs, run: (bytes) => { cataloged('go-binary', 'usr/bin/app', bytes); cataloged('cargo-auditable', 'usr/bin/app', bytes); } },
  zip: { seeds: jars, run: (bytes) => cataloged('jar', 'app/a.jar', bytes) },
  tar: { seeds: () => [tar], mend: mendTar, run: walked },
  zstd: { seeds: () => [zstdCompressSync(tar), Buffer.concat([zstdCompressSync('{}'), zstdCompressSync(Buffer.alloc(70_000, 'x'))]), gzipSync(tar)], run: unpacked },
};

function cataloged(name: string, path: string, bytes: Buffer): void {
  const { packages, problems = [] } = catalogSafely(catalogers.find((one) => one.name === name)!, path, bytes);
  const broken = problems.find(({ code }) => code === 'cataloger-failed');
  if (broken) throw new Error(broken.detail);
  for (const { name: called, version } of packages) if (typeof called !== 'string' || called === '' || typeof version !== 'string') throw new Error(`a package without a name: ${JSON.stringify({ called, version })}`);
}

/** The story must not depend on how the bytes are cut. */
function walked(bytes: Buffer): void {
  const whole = story(bytes, bytes.length || 1), cut = story(bytes, 1 + (bytes.length * 7919) % 1500);
  if (whole !== cut) throw new Error(`a tar cut into pieces tells another story:\n${whole.slice(0, 500)}\n${cut.slice(0, 500)}`);
}

function story(bytes: Buffer, cut: number): string {
  const told: string[] = [];
  const walker = new TarWalker({
    entry: (entry) => { told.push(JSON.stringify(entry)); return entry.size > 1e6 ? false : entry.path.length % 2 === 0 ? true : 'head'; },
    head: (_entry, head) => head.length % 2 === 0,
    file: (entry, content) => { told.push(`${entry.path}: ${content.length}`); },
    passed: () => undefined,
    problem: (code, _detail, where) => { told.push(`${code} ${where}`); },
  }, limits, (reason, what) => new Problem('invalid', what, { code: reason }));
  try {
    for (let at = 0; at < bytes.length && !walker.ended; at += cut) walker.push(bytes.subarray(at, at + cut));
    walker.end();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    told.push(error.code!);
  }
  return told.join('\n');
}

async function unpacked(bytes: Buffer): Promise<void> {
  try {
    for await (const { chunks } of recordsOfStream('feed', pieces(bytes), { ...defaultFeedLimits, ratioFrom: 1 << 20, feedBytes: 64 << 20 })) for await (const _ of chunks) void _;
  } catch (error) {
    if (!(error instanceof Problem) || error.kind === 'bug') throw error;
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

const sources: RpmSource[] = [
  { name: 'bind', version: '9.11', release: '3.el8', epoch: 32, arch: 'x86_64', vendor: 'CentOS', sourceRpm: 'bind-9.11-3.el8.src.rpm', module: 'bind:9:8:1', files: ['/usr/sbin/named', '/usr/lib/python3/site-packages/isc-2.0-py3.6.egg-info'] },
  { name: 'large', version: '1', release: '1', padding: 3000 },
  ...Array.from({ length: 8 }, (_, i) => ({ name: `package-${i}`, version: `1.${i}`, release: '2.el9', arch: 'noarch', padding: 10 * i })),
];
const headers = sources.map(rpmHeader);

function sqlite(blobs: readonly Buffer[]): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-fuzz-'));
  try {
    const database = new DatabaseSync(join(directory, 'rpmdb.sqlite'));
    database.exec('pragma page_size = 1024; create table Packages (hnum integer primary key autoincrement, blob blob not null)');
    const insert = database.prepare('insert into Packages (blob) values (?)');
    for (const blob of blobs) insert.run(blob);
    database.close();
    return readFileSync(join(directory, 'rpmdb.sqlite'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function programs(): Buffer[] {
  const modules = ['path\texample.com/app', 'mod\texample.com/app\t(devel)\t', 'dep\tgolang.org/x/net\tv0.7.0\th1:a=', 'dep\tgithub.com/old/a\tv1.0.0', '=>\tgithub.com/new/a\tv1.2.0\th1:b=', 'build\tCGO_ENABLED=0', ''].join('\n');
  const inline = { name: '.go.buildinfo', address: 0x800000, writable: true, bytes: inlineBuildInfo('go1.20.1', modules) };
  return [writeElf([inline]), writeElf([inline], { sections: false }), pointerProgram('go1.17.2', modules)];
}

function jars(): Buffer[] {
  const pom = (name: string) => ({ name: `META-INF/maven/g/${name}/pom.properties`, content: `groupId=g\nartifactId=${name}\nversion=1.0\n`, stored: true });
  const manifest = { name: 'META-INF/MANIFEST.MF', content: 'Manifest-Version: 1.0\r\nImplementation-Title: a\r\nImplementation-Version: 1.2\r\n', stored: true };
  return [writeZip([manifest, pom('a'), pom('b')]), nestedJar(3), writeZip([{ ...manifest, stored: false }, { name: 'lib/in.jar', content: writeZip([pom('c')]) }])];
}

const tar = writeTar([
  { path: 'a/', type: 'directory' }, { path: 'a/file', content: 'x'.repeat(700) }, { path: `a/${'long/'.repeat(40)}name`, content: 'long' },
  { path: 'a/hard', type: 'hardlink', link: 'a/file' }, { path: `b${'o'.repeat(120)}`, content: 'gnu', format: 'gnu' }, { path: 'c', type: 'symlink', link: 'a' }, { path: 'd', type: 'character' },
]);

function mendTar(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) if (bytes.toString('latin1', at + 257, at + 262) === 'ustar') withChecksum(bytes.subarray(at, at + 512));
  return bytes;
}
