import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScanReport } from '@plimsoll/contracts';
import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** The command line as people run it: the built program in a process of its own. `npm test` builds first. */
export const repository = fileURLToPath(new URL('../../../', import.meta.url));
export const bin = join(repository, 'apps/cli/bin/plimsoll.mjs');
const bundledNode = join(repository, 'node_modules/.bin/node');
export const node = existsSync(bundledNode) ? bundledNode : process.execPath;

/** The shared data beside the repository, and whether it is there. */
export const shared = (path: string): string => join(repository, '../shared', path);
export const hasShared = existsSync(shared('data/MANIFEST.md')) && existsSync(shared('oracles/sbom-vex')) && spawnSync('zstd', ['--version']).status === 0;

export interface Ran { readonly code: number | null; readonly out: string; readonly err: string }

/** A folder of the test's own, which is also the user's home: nothing of this machine is read or written. */
export function aHome(): { readonly path: string; file(name: string): string; plimsoll(words: readonly string[], more?: { env?: Record<string, string>; input?: Buffer | string }): Promise<Ran>; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'));
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
    plimsoll: (words, { env = {}, input } = {}) => new Promise((resolve, reject) => {
      const child = spawn(node, [bin, ...words], { cwd: path, env: { PATH: process.env['PATH']!, HOME: path, ...env }, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
      const out: Buffer[] = [], err: Buffer[] = [];
      child.stdout!.on('data', (bytes: Buffer) => out.push(bytes));
      child.stderr!.on('data', (bytes: Buffer) => err.push(bytes));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }));
      child.stdin?.on('error', () => undefined).end(input);
    }),
  };
}

/** What `scan --json` printed. */
export const reportOf = ({ out, err }: Ran): ScanReport => {
  try { return JSON.parse(out) as ScanReport; } catch { throw new Error(`no JSON: ${out.slice(0, 300)} ${err}`); }
};

/** A checker for one of the published schemas; strict, so that a field nobody declared is found too. */
export function published(name: string): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(join(repository, 'docs/schemas', name), 'utf8')));
}

/** The same program through a shell, for what happens between programs. */
export const inShell = (line: string, { cwd, env = {} }: { cwd: string; env?: Record<string, string> }): Ran => {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `set -o pipefail; plimsoll() { '${node}' '${bin}' "$@"; }; ${line}`], { cwd, env: { PATH: process.env['PATH']!, HOME: cwd, NODE: node, BIN: bin, ...env }, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
};
