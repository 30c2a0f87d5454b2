import { describe, expect, it } from 'vitest';
import { planKeys } from './key-plan.ts';

const minute = 60_000, day = 24 * 60 * minute;
const times = { lifeMs: 30 * day, leadMs: 30 * minute, keepMs: 15 * minute };
const start = Date.UTC(2026, 0, 1);
const at = (ms: number): Date => new Date(start + ms);
const key = (name: string, ms: number) => ({ name, signsFrom: at(ms) });
const named = (keys: readonly { name: string }[]): string => keys.map(({ name }) => name).join(' ');

describe('the plan of signing keys', () => {
  it.each<[string, ReturnType<typeof key>[], number, { current?: string; published?: string; spent?: string; gone?: string; next?: number }]>([
    ['none yet: one is made, and signs at once', [], 0, { next: 0 }],
    ['one, young', [key('a', 0)], 29 * day, { current: 'a', published: 'a' }],
    ['one, nearly at its end: the next is made before it signs', [key('a', 0)], 30 * day - 30 * minute, { current: 'a', published: 'a', next: 30 * day }],
    ['one, long past its end: the next still has its lead', [key('a', 0)], 90 * day, { current: 'a', published: 'a', next: 90 * day + 30 * minute }],
    ['the next is published, and signs nothing yet', [key('a', 0), key('b', 30 * day)], 30 * day - 1, { current: 'a', published: 'a b' }],
    ['the next signs, the old still verifies', [key('a', 0), key('b', 30 * day)], 30 * day, { current: 'b', published: 'a b' }],
    ['the old one\'s private half goes soon after', [key('a', 0), key('b', 30 * day)], 30 * day + minute, { current: 'b', published: 'a b', spent: 'a' }],
    ['the old one stays just short of the longest token', [key('a', 0), key('b', 30 * day)], 30 * day + 15 * minute - 1, { current: 'b', published: 'a b', spent: 'a' }],
    ['and then goes', [key('a', 0), key('b', 30 * day)], 30 * day + 15 * minute, { current: 'b', published: 'b', spent: 'a', gone: 'a' }],
    ['only keys of the future (a clock was set back): one is made to sign now', [key('b', day)], 0, { published: 'b', next: 0 }],
  ])('%s', (_name, keys, now, { current, published = '', spent = '', gone = '', next }) => {
    const plan = planKeys(keys, at(now), times);
    expect({ current: plan.current?.name, published: named(plan.published), spent: named(plan.spent), gone: named(plan.gone), next: plan.nextFrom?.getTime() })
      .toEqual({ current, published, spent, gone, next: next === undefined ? undefined : start + next });
  });

  it('never shows a key for the first time less than its lead before it signs, over two years of turns a minute or a week apart', () => {
    for (const turn of [minute * 7, 7 * day]) {
      let keys: { name: string; signsFrom: Date }[] = [];
      for (let now = 0, made = 0; now < 730 * day; now += turn) {
        const plan = planKeys(keys, at(now), times);
        if (plan.nextFrom) {
          if (made) expect(plan.nextFrom.getTime() - at(now).getTime()).toBeGreaterThanOrEqual(times.leadMs);
          keys.push({ name: `k${made++}`, signsFrom: plan.nextFrom });
        }
        keys = keys.filter((one) => !plan.gone.includes(one));
        expect(planKeys(keys, at(now), times).current).toBeDefined();
        expect(keys.length).toBeLessThanOrEqual(3);
      }
    }
  });
});
