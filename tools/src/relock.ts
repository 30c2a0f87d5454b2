import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repository } from './repository.ts';

/**
 * `npm run relock`: makes package-lock.json from nothing but the package.json files. Beside an installed node_modules npm
 * forgets the packages of other platforms, and a clean `npm ci` then fails.
 */
const folder = mkdtempSync(join(tmpdir(), 'relock-'));
try {
  const files = execFileSync('git', ['ls-files', '*package.json'], { cwd: repository, encoding: 'utf8' }).trim().split('\n');
  for (const file of [...files, '.npmrc']) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(repository, file), join(folder, file));
  }
  cpSync(join(repository, 'apps', 'cli', 'bin'), join(folder, 'apps', 'cli', 'bin'), { recursive: true });
  execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  copyFileSync(join(folder, 'package-lock.json'), join(repository, 'package-lock.json'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
