import { canonicalJson, defaultPolicy, loadPolicy, type Exception, type PolicyInput } from '@plimsoll/policy-language';
import { describe, expect, it } from 'vitest';
import { matchedFacts, rejectedFacts } from './facts.ts';
import { isNews, judge, type Judgement } from './judge.ts';
import { replay } from './replay-policy.ts';
import { aFinding, aMatch, aPolicy, aRejection } from './samples.spec-helper.ts';
import { nothingLookedUp } from './with-exceptions.ts';

const noon = new Date('2030-01-02T12:00:00Z');
const later = (ms: number): Date => new Date(noon.getTime() + ms);
const hour = 3_600_000, day = 24 * hour;
const delays = { clockMs: hour, lookUpMs: 60_000 };
const yesterday = { number: 7, published_at: '2030-01-01T12:00:00Z' };
const facts = (match: Parameters<typeof aMatch>[0] = {}) => matchedFacts({ ...aMatch(match), revision: yesterday });
const decide = (given: PolicyInput = facts(), at = noon, policy = defaultPolicy(), exceptions: Exception[] = []): Judgement => judge({ policy, exceptions }, given, nothingLookedUp, at, delays);
const anException = (change: Partial<Exception> = {}): Exception =>
  ({ id: 'e1', scope: { project: 'default' }, finding: 'CVE-2029-0001', until: '2030-01-03T00:00:00.000Z', reason: 'not reachable', approved_by: 'ann', ...change });
const kept = ({ decision, input }: Judgement) => ({ decision, input: input.value });

describe('a judgement', () => {
  it('judges only what holds or may hold', () => {
    const worst = [aFinding(), aFinding({ id: 'CVE-2', state: 'fixed' }), aFinding({ id: 'CVE-3', state: 'not-affected' }), aFinding({ id: 'CVE-4', state: 'undetermined' })];
    expect(facts({ worst }).worst.map(({ id }) => id)).toEqual(['CVE-2029-0001', 'CVE-4']);
    expect(decide(facts({ worst })).decision).toMatchObject({ decision: 'deny', reasons: [{ rule: 'critical-with-fix' }, { rule: 'undetermined' }] });
  });

  it('takes revision zero for "never", not for an old one', () => {
    expect(decide(matchedFacts(aMatch({ revision: 0 }))).decision.reasons.map(({ rule }) => rule)).toEqual(['no-advisories']);
  });

  it('is as fresh as the newest revision, also one that did not touch the image', () => {
    const stale = later(30 * day);
    const rules = (newest?: { number: number; published_at: string }) => judge({ policy: defaultPolicy(), exceptions: [], newest }, facts(), nothingLookedUp, stale, delays).decision.reasons.map(({ rule }) => rule);
    expect(rules()).toEqual(['stale-advisories']);
    expect(rules({ number: 8, published_at: later(29 * day).toISOString() })).toEqual([]);
    expect(rules({ number: 6, published_at: later(29 * day).toISOString() })).toEqual(['stale-advisories']);
  });

  it('denies what contradicts itself, by name, instead of counting it as clean', () => {
    const broken = matchedFacts({ ...aMatch({ worst: [aFinding()] }), summary: aMatch().summary });
    expect(decide(broken).decision).toMatchObject({ decision: 'deny', reasons: [{ rule: 'image-rejected', message: /contradicts itself.*policy-input-invalid/ }] });
  });

  it('denies a rejected image, however long its texts are', () => {
    const rejected = rejectedFacts(aRejection({ target: 'x'.repeat(9_000), problem: { kind: 'invalid', detail: 'y'.repeat(9_000), code: 'z'.repeat(900) } }));
    expect(decide(rejected)).toMatchObject({ decision: { decision: 'deny', reasons: [{ rule: 'image-rejected' }] }, due: undefined });
  });

  it('is due when an exception ends, when advisories become stale, and each hour where a rule reads the clock', () => {
    expect(decide().due).toEqual(new Date('2030-01-08T12:00:00.001Z'));
    expect(decide(facts(), noon, defaultPolicy(), [anException()]).due).toEqual(new Date('2030-01-03T00:00:00.000Z'));
    expect(decide(facts(), noon, loadPolicy(aPolicy('warn: has(image.age) && image.age > duration("720h")'))).due).toEqual(later(hour));
    expect(decide(facts(), noon, loadPolicy(aPolicy('warn: findings.total > 3'))).due).toEqual(new Date('2030-01-08T12:00:00.001Z'));
  });

  it('changes at the instant an exception ends, not a millisecond sooner', () => {
    const given = facts({ worst: [aFinding()] }), end = new Date('2030-01-03T00:00:00.000Z');
    expect(decide(given, new Date(end.getTime() - 1), defaultPolicy(), [anException()]).decision.decision).toBe('allow');
    expect(decide(given, end, defaultPolicy(), [anException()]).decision).toMatchObject({ decision: 'deny', exceptions: [{ id: 'e1', state: 'expired' }] });
  });

  it('comes to the same bytes when replayed', () => {
    for (const judgement of [decide(), decide(facts({ worst: [aFinding()] }), noon, defaultPolicy(), [anException()]), decide(rejectedFacts(aRejection()))]) {
      const stored = JSON.parse(JSON.stringify(kept(judgement))) as ReturnType<typeof kept>;
      expect(canonicalJson(replay(defaultPolicy(), stored))).toBe(canonicalJson(judgement.decision));
    }
  });
});

describe('news', () => {
  const policy = defaultPolicy();
  const before = decide(facts({ worst: [aFinding()] }));
  it.each<[string, Judgement, boolean]>([
    ['the same again is none', decide(facts({ worst: [aFinding()] }), later(1)), false],
    ['another decision', decide(facts()), true],
    ['the same decision for another reason', decide(facts({ worst: [aFinding()], problems: 1 })), true],
    ['another finding behind the same reason', decide(facts({ worst: [aFinding({ id: 'CVE-2' })] })), true],
    ['a reason more as time passes', decide(facts({ worst: [aFinding()] }), later(8 * day)), true],
  ])('%s', (_, next, expected) => {
    expect(isNews(kept(before), next, policy)).toBe(expected);
  });

  it('is a first verdict', () => { expect(isNews(undefined, before, policy)).toBe(true); });

  it('is not an age that grew', () => {
    const stale = decide(facts(), later(8 * day)), dayAfter = decide(facts(), later(9 * day)), matchedAgain = decide(facts({ packages: 101 }), later(9 * day));
    expect(stale.decision.reasons[0]!.message).not.toBe(dayAfter.decision.reasons[0]!.message);
    expect(isNews(kept(stale), dayAfter, policy)).toBe(false);
    expect(isNews(kept(stale), matchedAgain, policy)).toBe(false);
  });

  it('is a number that grew', () => {
    const counting = loadPolicy(aPolicy('warn: inventory.packages > 0\n    message: "packages: {{ inventory.packages }}"'));
    expect(isNews(kept(decide(facts(), noon, counting)), decide(facts({ packages: 101 }), later(1), counting), counting)).toBe(true);
  });

  it('is a policy that says it in other words', () => {
    const [one, other] = ['one', 'other'].map((word) => loadPolicy(aPolicy(`warn: inventory.packages > 0\n    message: in ${word} words`)));
    expect(isNews(kept(decide(facts(), noon, one)), decide(facts(), noon, other), other!)).toBe(true);
  });
});
