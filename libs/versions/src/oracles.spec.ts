import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compareVersions, type Scheme, schemeOf } from './index.ts';

const shared = new URL('../../../../shared/', import.meta.url);
const vectors = new URL('oracles/version-vectors/compare-sample.jsonl', shared);
const orderings = new URL('data/oracle/version-ordering.tar.zst', shared);
const absent = (file: URL): string => existsSync(file) ? '' : ` (skipped: ../shared has no ${file.pathname.split('/').at(-1)})`;

const holds: Record<string, (result: number) => boolean> = {
  '<': (r) => r < 0, '<=': (r) => r <= 0, '=': (r) => r === 0, '!=': (r) => r !== 0, '>=': (r) => r >= 0, '>': (r) => r > 0,
};

const disagreement = (scheme: Scheme | undefined, a: string, op: string, b: string): string[] => {
  const { result } = scheme === undefined ? { result: 'no scheme' } : compareVersions(scheme, a, b);
  return typeof result === 'number' && holds[op]!(result) ? [] : [`${scheme}: ${a} ${op} ${b}, but ${result}`];
};

describe('the tests of the managers themselves', () => {
  it.skipIf(!existsSync(vectors))(`all agree${absent(vectors)}`, () => {
    const cases = readFileSync(vectors, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { eco: string; a: string; op: string; b: string });
    expect(cases.length).toBeGreaterThan(4_000);
    expect(cases.flatMap(({ eco, a, op, b }) => disagreement(schemeOf(eco), a, op, b))).toEqual([]);
  });

  it.skipIf(!existsSync(orderings))(`and so do 48 thousand pairs of released versions${absent(orderings)}`, () => {
    const schemes: Record<string, readonly string[]> = {
      alpine: ['Alpine:v3.18'], cran: ['CRAN'], debian: ['Debian:12'], hackage: ['Hackage'], maven: ['Maven'], nuget: ['NuGet'], packagist: ['packagist'],
      pub: ['Pub'], pypi: ['PyPI'], redhat: ['Red Hat:enterprise_linux:9'], rubygems: ['RubyGems'], semver: ['npm', 'crates.io', 'Go', 'Hex', 'SwiftURL'],
    };
    let lines = 0;
    const wrong: string[] = [];
    for (const { name, text } of filesOf(zstdDecompressSync(readFileSync(orderings), { params: { [constants.ZSTD_d_windowLogMax]: 27 } }))) {
      const ecosystems = schemes[name.split('/').at(-1)!.split('-')[0]!];
      if (ecosystems === undefined) throw new Error(`no scheme for ${name}`);
      for (const line of text.split('\n')) {
        if (line === '' || line.startsWith('# ') || line.startsWith('// ')) continue;
        const [a, op, b] = line.split(' ') as [string, string, string];
        lines++;
        const flipped = op === '<' ? '>' : op === '>' ? '<' : '=';
        for (const ecosystem of ecosystems) wrong.push(...disagreement(schemeOf(ecosystem), a, op, b), ...disagreement(schemeOf(ecosystem), b, flipped, a));
      }
    }
    expect(lines).toBeGreaterThan(48_000);
    expect(wrong).toEqual([]);
  });
});

/** The regular files of a small tar without long names. */
function* filesOf(tar: Buffer): Generator<{ name: string; text: string }> {
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const field = (from: number, to: number) => tar.toString('latin1', at + from, at + to).replace(/\0.*$/s, '');
    const size = parseInt(field(124, 136), 8);
    if (field(156, 157) === '0') yield { name: field(0, 100), text: tar.toString('utf8', at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

const parts = ['0', '1', '2', '10', '01', '.', '~', '+', 'a', 'rc', 'Z', '1.2', '~rc', '+deb', 'ubuntu'];
const random = (seed: number, extra: readonly string[]): string[] => Array.from({ length: 60 }, (_, i) => {
  let state = seed + i * 7919;
  const roll = (n: number) => Math.floor(((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32) * n);
  const part = (length: number) => Array.from({ length }, () => [...parts, ...extra][roll(parts.length + extra.length)]).join('');
  return `${roll(4) ? '' : `${roll(3)}:`}${roll(3)}${part(roll(5))}${roll(2) ? `-${1 + roll(2)}${part(roll(4))}` : ''}`;
});
const pairsOf = (versions: readonly string[], n: number): [string, string][] =>
  versions.flatMap((a, i) => versions.slice(i + 1).map((b): [string, string] => [a, b])).filter((_, i) => i % Math.ceil((versions.length ** 2) / 2 / n) === 0);
const runs = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

describe('the managers on this machine', () => {
  it.skipIf(!runs('dpkg'))(`dpkg agrees on 400 made-up pairs${runs('dpkg') ? '' : ' (skipped: no dpkg here)'}`, () => {
    const pairs = pairsOf(random(1, []), 400);
    // One shell asks them all; the versions go in as arguments.
    const script = 'while [ $# -gt 0 ]; do if dpkg --compare-versions "$1" lt "$2"; then echo "<"; elif dpkg --compare-versions "$1" eq "$2"; then echo "="; else echo ">"; fi; shift 2; done';
    const answers = execFileSync('sh', ['-c', script, 'sh', ...pairs.flat()], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split('\n');
    expect(answers.length).toBe(pairs.length);
    expect(pairs.flatMap(([a, b], i) => disagreement('deb', a, answers[i]!, b))).toEqual([]);
  });

  const rpmCompares = runs('rpm') && spawnSync('rpm', ['--eval', '%{lua:print(rpm.vercmp("1^a", "1"))}'], { encoding: 'utf8' }).stdout?.trim() === '1';
  it.skipIf(!rpmCompares)(`rpm agrees on 885 made-up pairs${rpmCompares ? '' : ' (skipped: no rpm with rpm.vercmp here)'}`, () => {
    const pairs = pairsOf(random(2, ['^', '^git', '_', '..']), 1_700);
    const lua = pairs.map(([a, b]) => `print(rpm.vercmp("${a}", "${b}") .. " ")`).join(' ');
    const answers = execFileSync('rpm', ['--eval', `%{lua:${lua}}`], { encoding: 'utf8' }).trim().split(/\s+/);
    expect(answers.length).toBe(pairs.length);
    expect(pairs.flatMap(([a, b], i) => disagreement('rpm', a, ({ '-1': '<', 0: '=', 1: '>' })[answers[i]!]!, b))).toEqual([]);
  });
});
