import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './repository.ts';

/**
 * `npm test [vitest arguments]`: the rings and generated files, then every test: unit, service (real Postgres, real NATS),
 * e2e over real processes. Ends with what was skipped and why, and a line `N passed, N failed`.
 */
interface Report { numPassedTests: number; numFailedTests: number; numPendingTests: number; testResults: { name: string; status: string; message: string; assertionResults: { status: string; fullName: string }[] }[] }

const report = join(repository, '.plimsoll', 'test-report.json');
mkdirSync(join(repository, '.plimsoll'), { recursive: true });
rmSync(report, { force: true });

const lint = spawnSync(process.execPath, ['--conditions=@plimsoll/source', join(repository, 'tools', 'src', 'lint.ts')], { cwd: repository, stdio: 'inherit' });
const vitest = spawnSync(process.execPath, [join(repository, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)], {
  cwd: repository, stdio: 'inherit', env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
});

let passed = 0, failed = 0;
try {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const brokenFiles = testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'));
  const skipped = testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName));
  if (skipped.length) console.log(`\nSkipped (${skipped.length}):\n${skipped.map((name) => `  ${name}`).join('\n')}`);
  passed = numPassedTests;
  failed = numFailedTests + brokenFiles.length;
} catch {
  console.error('The test run left no report.');
  failed = 1;
}
// The rings, the generated files and the linter count as one test.
if (lint.status === 0) passed++;
else failed++;
if (vitest.status !== 0 && failed === 0) failed = 1;
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
