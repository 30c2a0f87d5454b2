/** Nobody is made to wait longer than this by a `Retry-After`. */
const longestMs = 24 * 60 * 60 * 1000;

/**
 * How long to wait after attempt number `attempt` (1 is the first), in milliseconds; undefined when that was the last.
 * A fifth more at random, so that a receiver that comes back is not met by all at once; `random` is in [0, 1).
 */
export function waitAfter(schedule: readonly number[], attempt: number, askedMs = 0, random = Math.random()): number | undefined {
  const seconds = schedule[attempt - 1];
  if (seconds === undefined) return undefined;
  return Math.max(Math.round(seconds * 1000 * (1 + random / 5)), Math.min(askedMs, longestMs));
}

/** Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. Milliseconds from `now`; undefined when it says neither. */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = /^[A-Z][a-z]{2,8},? .* GMT$/.test(header) ? Date.parse(header) : NaN;   // Date.parse alone takes `-5` for a year
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
