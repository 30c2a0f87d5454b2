import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Problem } from '@plimsoll/problem';

/** Runs one of the repository's own tools in this terminal; answers its exit code. */
export function runTool(name: string, words: readonly string[] = []): Promise<number> {
  const file = fileURLToPath(new URL(`../../../tools/src/${name}.ts`, import.meta.url));
  if (!existsSync(file)) throw new Problem('missing', 'this needs the whole repository; in containers use docker compose', { code: 'tools-missing' });
  const child = spawn(process.execPath, ['--conditions=@plimsoll/source', '--disable-warning=ExperimentalWarning', file, ...words], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the tool ends in its own time and we with it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
