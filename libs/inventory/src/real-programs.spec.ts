import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { passFile, type PartReader } from '@plimsoll/oci';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafely } from './catalog-visitor.ts';
import type { Found, PartsCataloger } from './cataloger.ts';
import { cargoAuditable } from './catalogers/cargo-auditable.ts';
import { goBinary, goVersion } from './catalogers/go-binary.ts';
import { PartialReading } from './partial-reading.ts';

/** Programs made here by the real toolchains, against what those say of them. */
const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;
const hasC = has('gcc');
let scratch: string;
beforeAll(() => { scratch = mkdtempSync(join(tmpdir(), 'real-programs-')); });
afterAll(() => { rmSync(scratch, { recursive: true }); });

interface Read { readonly found: Found; readonly walks: number; readonly bytes: number }

/** As a layer is read, from the first byte to the last: how often it has to pass, and how much of it is looked at. */
function read(cataloger: PartsCataloger, path: string): Read {
  let found: Found | undefined, walks = 1, bytes = 0;
  const counted = (size: number): PartReader => {
    const reading = new PartialReading(readSafely(cataloger, size, path), size, (result) => { found = result; });
    return {
      get next() { return reading.next; },
      push(part, at) { bytes += part.length; reading.push(part, at); },
      end() { const again = reading.end(); if (again) walks++; return again; },
    };
  };
  expect(passFile(path, counted)).toBe(true);
  return { found: found!, walks, bytes };
}

describe.skipIf(!has('go'))('programs of the Go toolchain (skipped without go)', () => {
  const go = (directory: string, environment: Record<string, string>, ...args: string[]): string =>
    execFileSync('go', args, { cwd: directory, encoding: 'utf8', env: { ...process.env, GOTOOLCHAIN: 'local', GOPROXY: 'off', GOFLAGS: '-mod=mod', ...environment } });

  /** What `go version -m` says, in the words of an inventory. */
  function truth(path: string): string[] {
    const [head = '', ...lines] = execFileSync('go', ['version', '-m', path], { encoding: 'utf8' }).split('\n');
    const modules: string[] = [];
    for (const [, kind, name, version = ''] of lines.map((line) => line.split('\t'))) {
      if (kind === 'mod' || kind === 'dep') modules.push(`${name} ${version === '(devel)' ? '' : version}`);
      else if (kind === '=>' && !/^\.{0,2}\//.test(name!)) modules[modules.length - 1] = `${name} ${version}`;
    }
    return [`stdlib ${goVersion(head.split(': ')[1]!)}`, ...modules];
  }

  function build(flags: readonly string[], environment: Record<string, string> = {}, files: Record<string, string> = {}): string {
    const directory = mkdtempSync(join(scratch, 'go-'));
    const sources = { 'main.go': 'package main\nfunc main() { println("hello") }\n', 'go.mod': 'module example.com/hello\n\ngo 1.17\n', ...files };
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(directory, name), text);
    if (sources['main.go'].includes('embed')) { writeFileSync(join(directory, 'zeros'), ''); truncateSync(join(directory, 'zeros'), 300 << 20); }
    go(directory, environment, 'build', '-o', 'program', ...flags, '.');
    return join(directory, 'program');
  }

  const check = (path: string): Read => {
    const result = read(goBinary, path), { found } = result;
    expect(found.problems).toBeUndefined();
    expect(found.packages.map(({ name, version }) => `${name} ${version}`)).toEqual(truth(path));
    return result;
  };

  const dependency = { 'go.mod': 'module example.com/hello\n\ngo 1.17\n\nrequire example.org/dep v1.2.3\n\nreplace example.org/dep => ./dep\n', 'main.go': 'package main\nimport "example.org/dep"\nfunc main() { println(dep.Name) }\n' };
  it.each<[string, readonly string[], Record<string, string>]>([
    ['as it comes', [], {}],
    ['without symbols, with trimmed paths', ['-trimpath', '-ldflags', '-s -w'], {}],
    ['without the C library', [], { CGO_ENABLED: '0' }],
    ...(hasC ? [['position-independent, linked by gcc', ['-buildmode=pie', '-ldflags', '-linkmode=external -s -w'], { CGO_ENABLED: '1' }] as [string, string[], Record<string, string>]] : []),
  ])('%s: what go version -m says, in one walk', { timeout: 300_000 }, (_, flags, environment) => {
    expect(check(build(flags, environment)).walks).toBe(1);
  });

  it('with a replaced module', { timeout: 300_000 }, () => {
    const directory = mkdtempSync(join(scratch, 'go-'));
    mkdirSync(join(directory, 'dep'));
    for (const [name, text] of Object.entries({ ...dependency, 'dep/go.mod': 'module example.org/dep\n', 'dep/dep.go': 'package dep\nconst Name = "x"\n' })) writeFileSync(join(directory, name), text);
    go(directory, {}, 'build', '-o', 'program', '.');
    expect(read(goBinary, join(directory, 'program')).found.packages.map(({ name }) => name)).toContain('example.org/dep');
  });

  it('of 300 MB: a few kilobytes of it are looked at', { timeout: 300_000 }, () => {
    const path = build([], {}, { 'main.go': 'package main\nimport _ "embed"\n//go:embed zeros\nvar zeros string\nfunc main() { println(len(zeros)) }\n' });
    expect(statSync(path).size).toBeGreaterThan(300 << 20);
    const { walks, bytes } = check(path);
    expect({ walks, isLittle: bytes < 1 << 20 }).toEqual({ walks: 1, isLittle: true });
  });

  const goRoot = has('go') ? execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim() : '';
  it.each(['go', 'gofmt'])('that make up the toolchain: %s', (name) => { check(join(goRoot, 'bin', name)); });
});

describe.skipIf(!has('rustc') || !hasC)('programs of the Rust compiler with a list of crates (skipped without rustc and gcc)', () => {
  const nameOf = (i: number): string => `crate-${((i * 2654435761) % 2 ** 32).toString(36)}-${i}`;
  const crates = (count: number): object => ({ packages: [...Array.from({ length: count }, (_, i) => ({ name: nameOf(i), version: `1.${i}.0`, source: 'crates.io' })), { name: 'at-build', version: '1.0.0', source: 'crates.io', kind: 'build' }] });

  function build(list: object, flags: readonly string[]): string {
    const directory = mkdtempSync(join(scratch, 'rust-'));
    writeFileSync(join(directory, 'list'), deflateSync(JSON.stringify(list)));
    // As cargo auditable links it: a section of read-only data in an object of its own, kept by a symbol.
    writeFileSync(join(directory, 'list.s'), '.section .dep-v0,"a",@progbits\n.globl AUDITABLE_VERSION_INFO\nAUDITABLE_VERSION_INFO: .incbin "list"\n.section .note.GNU-stack,"",@progbits\n');
    writeFileSync(join(directory, 'main.rs'), 'fn main() { println!("{:?}", std::env::args().count()); }');
    execFileSync('gcc', ['-c', 'list.s', '-o', 'list.o'], { cwd: directory });
    execFileSync('rustc', ['main.rs', '-o', 'program', '-C', `link-arg=${join(directory, 'list.o')}`, '-C', 'link-arg=-Wl,--undefined=AUDITABLE_VERSION_INFO', ...flags], { cwd: directory, stdio: 'pipe' });
    return join(directory, 'program');
  }

  it.each<[string, number, readonly string[], number]>([
    ['as it comes', 150, [], 1],
    ['optimised and without symbols', 150, ['-O', '-C', 'strip=symbols'], 1],
    ['with debugging information', 150, ['-g'], 1],
    ['linked by GNU ld', 150, ['-C', 'link-arg=-fuse-ld=bfd'], 1],
    ['with more crates than are kept on suspicion', 20_000, [], 2],
  ])('%s', { timeout: 120_000 }, (_, count, flags, walks) => {
    const result = read(cargoAuditable, build(crates(count), flags));
    expect(result.found.problems).toBeUndefined();
    expect(result.found.packages.length).toBe(count);
    expect(result.found.packages[1]).toEqual({ type: 'cargo', name: nameOf(1), version: '1.1.0' });
    expect(result.walks).toBe(walks);
  });

  it('without one costs one walk too', { timeout: 120_000 }, () => {
    const directory = mkdtempSync(join(scratch, 'rust-'));
    writeFileSync(join(directory, 'main.rs'), 'fn main() {}');
    execFileSync('rustc', ['main.rs', '-o', 'program'], { cwd: directory });
    const { found, walks } = read(cargoAuditable, join(directory, 'program'));
    expect({ found, walks }).toEqual({ found: { packages: [] }, walks: 1 });
  });
});
