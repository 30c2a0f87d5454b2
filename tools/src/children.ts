import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Starts a process whose output goes to a file of its own. */
export function startLogged(file: string, args: readonly string[], log: string, options: SpawnOptions = {}): ChildProcess {
  mkdirSync(dirname(log), { recursive: true });
  const output = createWriteStream(log, { flags: 'a' });
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout?.pipe(output, { end: false });
  child.stderr?.pipe(output, { end: false });
  child.once('close', () => output.end());
  return child;
}

/** Ends a process we started: asks first, insists after `graceMs`. Returns when it is gone. */
export async function endChild(child: ChildProcess, { signal = 'SIGTERM' as NodeJS.Signals, graceMs = 10_000 } = {}): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const insist = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(insist);
}

/** Polls until `ready` says true; fails when the process ends first or the time is up. */
export async function waitUntil(what: string, ready: () => Promise<boolean>, { child, timeoutMs = 30_000, everyMs = 50 }: { child?: ChildProcess; timeoutMs?: number; everyMs?: number } = {}): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    if (await ready().catch(() => false)) return;
    if (child && (child.exitCode !== null || child.signalCode !== null)) throw new Error(`${what} ended at once (${child.exitCode ?? child.signalCode})`);
    await sleep(everyMs);
  }
  throw new Error(`${what} is not ready after ${timeoutMs / 1000} s`);
}
