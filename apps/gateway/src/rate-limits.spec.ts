import { describe, expect, it } from 'vitest';
import { RateLimits } from './rate-limits.ts';

describe('RateLimits', () => {
  it('lets a burst through, then the rate, and says when to come back', () => {
    const limits = new RateLimits(2, 3);
    expect([1, 2, 3].map(() => limits.take('ada', 0).allowed)).toEqual([true, true, true]);
    expect(limits.take('ada', 0)).toEqual({ allowed: false, limit: 3, remaining: 0, retryAfter: 1, reset: 2 });
    expect(limits.take('ada', 499).allowed).toBe(false);
    expect(limits.take('ada', 500).allowed).toBe(true);
    expect(limits.take('ada', 500).allowed).toBe(false);
  });

  it('counts each caller for himself, and a look costs nothing', () => {
    const limits = new RateLimits(1, 1);
    expect(limits.take('ada', 0).allowed).toBe(true);
    expect(limits.peek('bob', 0).allowed).toBe(true);
    expect(limits.take('bob', 0).allowed).toBe(true);
    expect(limits.take('ada', 0).allowed).toBe(false);
  });

  it('never gives more than the burst, and a clock that goes back gives nothing', () => {
    const limits = new RateLimits(10, 2);
    limits.take('ada', 1_000_000);
    expect(limits.peek('ada', 9_000_000).remaining).toBe(2);
    limits.take('ada', 9_000_000);
    expect(limits.peek('ada', 1_000_000).remaining).toBe(1);
  });
});
