import type { CompiledPolicy } from './check.ts';
import { coversImage, isLive } from './exceptions.ts';
import type { ReadInput } from './input.ts';

/**
 * The next instant at which time alone changes what built-in rules and exceptions say: an exception ends or the
 * advisories become stale. Undefined when none is ahead. Rules that read `now` or an age are not looked at.
 */
export function nextDue({ policy }: CompiledPolicy, { value }: ReadInput, at: Date): Date | undefined {
  if (value.kind === 'rejected') return undefined;
  const ends = value.exceptions.filter((exception) => isLive(exception, at) && coversImage(exception, value.image)).map(({ until }) => Date.parse(until));
  // Stale is "older than": the first stale instant is one millisecond past the bound.
  const stale = value.revision === null ? [] : [Date.parse(value.revision.published_at) + policy.stale_after_hours * 3_600_000 + 1];
  const next = Math.min(...[...ends, ...stale].filter((time) => time > at.getTime()));
  return Number.isFinite(next) ? new Date(next) : undefined;
}
