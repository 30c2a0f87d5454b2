import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';

/**
 * Runs `work` if nobody else in the whole platform is running it under this name; otherwise answers false at once.
 * The lock is a Postgres session lock: it goes when the connection goes, so a killed process never keeps it.
 */
export async function withLock(db: DataSource, name: string, work: () => Promise<void>): Promise<boolean> {
  const runner = db.createQueryRunner();
  try {
    const [{ locked }] = await runner.query('select pg_try_advisory_lock(hashtext($1)) as locked', [name]) as [{ locked: boolean }];
    if (!locked) return false;
    try {
      await work();
    } finally {
      await runner.query('select pg_advisory_unlock(hashtext($1))', [name]);
    }
    return true;
  } finally {
    await runner.release();
  }
}

/** Repeats `work` every `ms` milliseconds under a lock until the signal aborts; a failure is reported and the next turn comes anyway. */
export async function every(db: DataSource, name: string, ms: number, work: () => Promise<void>, { signal, onError }: { signal: AbortSignal; onError: (error: unknown) => void }): Promise<void> {
  while (!signal.aborted) {
    await withLock(db, name, work).catch(onError);
    await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
