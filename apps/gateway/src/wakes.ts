import { Injectable } from '@nestjs/common';

/** Another gateway process may have heard the event, and its wake does not reach us: look again after this long anyway. */
const pollMs = 1_000;

/** Wakes those who follow a project when something happened in it. */
@Injectable()
export class Wakes {
  private readonly waiting = new Map<string, Set<() => void>>();

  wake(project: string): void {
    for (const wake of [...this.waiting.get(project) ?? []]) wake();
  }

  /** Resolves at the next wake, after the poll time, or when the signal aborts. Ask before reading, so that nothing falls between. */
  next(project: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.waiting.get(project) ?? new Set();
      this.waiting.set(project, waiters);
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        waiters.delete(done);
        if (waiters.size === 0 && this.waiting.get(project) === waiters) this.waiting.delete(project);
        resolve();
      };
      const timer = setTimeout(done, pollMs);
      signal.addEventListener('abort', done);
      waiters.add(done);
      if (signal.aborted) done();
    });
  }
}
