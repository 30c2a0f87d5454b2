import { describe, expect, it } from 'vitest';
import { NotifierConfig } from './notifier.config.ts';
import { readRetryAfter, waitAfter } from './retry.ts';

describe('waiting between attempts', () => {
  it('grows as the schedule says and ends', () => {
    expect([1, 2, 3].map((attempt) => waitAfter([5, 300], attempt, 0, 0))).toEqual([5_000, 300_000, undefined]);
  });

  it('adds up to a fifth', () => {
    expect(waitAfter([10], 1, 0, 0.999)).toBeGreaterThan(11_900);
    expect(waitAfter([10], 1, 0, 0.999)).toBeLessThan(12_000);
  });

  it('waits as long as the receiver asks, but a day at most, and never beyond the last attempt', () => {
    expect(waitAfter([5], 1, 60_000, 0)).toBe(60_000);
    expect(waitAfter([5], 1, 1_000, 0)).toBe(5_000);
    expect(waitAfter([5], 1, 1e12, 0)).toBe(86_400_000);
    expect(waitAfter([5], 2, 60_000, 0)).toBeUndefined();
  });

  it('goes on for more than two days by default', () => {
    const { PLIMSOLL_NOTIFIER_RETRY_SECONDS: schedule } = NotifierConfig.parse({});
    expect(schedule.reduce((sum, seconds) => sum + seconds) / 86_400).toBeGreaterThan(2);
    expect(schedule).toEqual([...schedule].sort((a, b) => a - b));
  });
});

it.each<[string | undefined, number | undefined]>([
  ['120', 120_000], ['0', 0], [undefined, undefined], ['soon', undefined], ['-5', undefined], ['Thu, 01 Jan 1970 00:01:00 GMT', 60_000 - 1_000], ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
])('Retry-After: %s', (header, expected) => {
  expect(readRetryAfter(header, 1_000)).toBe(expected);
});
