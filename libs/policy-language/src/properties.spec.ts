import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, canonicalJson, defaultPolicy, evaluate, loadPolicy, readInput, type CompactFinding, type CompiledPolicy } from './index.ts';
import { aFinding, anInput, aPolicy, noon } from './input.fixture.ts';

const samples = new URL('../samples/', import.meta.url);
const policies: [string, CompiledPolicy][] = [
  ['default', defaultPolicy()],
  ...readdirSync(samples).sort().map((file): [string, CompiledPolicy] => [file, loadPolicy(readFileSync(new URL(file, samples), 'utf8'))]),
];

const someFinding = fc.record({
  id: fc.integer({ min: 1, max: 12 }).map((number) => `CVE-2029-${number}`),
  severity: fc.constantFrom('critical', 'high', 'medium', 'low', 'unknown', 'negligible'),
  state: fc.constantFrom('affected', 'undetermined'),
  fix_state: fc.constantFrom('available', 'none-yet', 'end-of-life', 'unknown'),
  package: fc.constantFrom('openssl', 'curl', 'zlib1g'),
  published: fc.option(fc.constantFrom('2029-01-01T00:00:00Z', '2030-01-01T00:00:00Z'), { nil: undefined }),
}).map((change): CompactFinding => aFinding({ ...change, purl: `pkg:deb/debian/${change.package}@1` } as Partial<CompactFinding>));

/** One per (id, package), as feeds lists them. */
const someFindings = fc.uniqueArray(someFinding, { selector: ({ id, purl }) => `${id} ${purl}`, maxLength: 25 });

const someException = fc.record({
  target: fc.oneof(
    fc.integer({ min: 1, max: 14 }).map((number) => ({ finding: `CVE-2029-${number}` })),
    fc.record({ finding: fc.constantFrom('CVE-2029-1', 'CVE-2029-2'), package: fc.constantFrom('openssl', 'curl') }),
    fc.constantFrom('critical-with-fix', 'root-user', 'undetermined', 'severe-with-fix', 'nothing').map((rule) => ({ rule })),
  ),
  scope: fc.constantFrom({ project: 'shop' }, { project: 'other' }, { name: 'registry.example.com/*' }),
  until: fc.constantFrom('2029-06-01T00:00:00Z', '2030-01-02T12:00:00Z', '2030-06-01T00:00:00Z'),
}).map(({ target, scope, until }) => ({ scope, until, ...target, reason: 'accepted', approved_by: 'ada' }));
const someExceptions = fc.array(someException, { maxLength: 8 }).map((list) => list.map((exception, index) => ({ id: `EX-${index}`, ...exception })));

const someImage = fc.record({ user: fc.constantFrom('', 'app', '0'), labels: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 3 }) });
const rank = { allow: 0, warn: 1, deny: 2 } as const;

describe.each(policies)('by the policy %s', (_, policy) => {
  it('the same input gives the same bytes, whatever the order of its parts', () => {
    fc.assert(fc.property(someFindings, someExceptions, someImage, fc.infiniteStream(fc.nat()), (worst, exceptions, image, dice) => {
      const input = anInput({ worst, exceptions, image });
      const shuffled = shuffleKeys({ ...input, worst: shuffle(input.worst, dice), exceptions: shuffle(exceptions, dice) }, dice);
      const once = canonical(evaluate(policy, readInput(input), noon));
      expect(canonical(evaluate(policy, readInput(shuffled), noon))).toBe(once);
      expect(canonical(evaluate(policy, readInput(JSON.parse(JSON.stringify(input))), noon))).toBe(once);
    }));
  });

  it('no exception worsens the decision', () => {
    fc.assert(fc.property(someFindings, someExceptions, someException, someImage, (worst, exceptions, more, image) => {
      const judge = (list: unknown[]) => evaluate(policy, readInput(anInput({ worst, image, exceptions: list })), noon);
      const without = judge([]), some = judge(exceptions), all = judge([...exceptions, { id: 'EX-more', ...more }]);
      expect(rank[some.decision]).toBeLessThanOrEqual(rank[without.decision]);
      expect(rank[all.decision]).toBeLessThanOrEqual(rank[some.decision]);
      // Nothing vanishes: what was violated without exceptions is a reason, or is shown as excepted.
      const shown = (decision: typeof all) => [...decision.reasons, ...decision.excepted].map(({ rule }) => rule).sort();
      expect(shown(all)).toEqual(shown(without));
    }));
  });

  it('replaying a kept input gives the kept decision', () => {
    fc.assert(fc.property(someFindings, someExceptions, (worst, exceptions) => {
      const first = readInput(anInput({ worst, exceptions }));
      const again = readInput(JSON.parse(canonicalJson(first.value)));
      expect(again.digest).toBe(first.digest);
      expect(canonical(evaluate(policy, again, noon))).toBe(canonical(evaluate(policy, first, noon)));
    }));
  });
});

describe('exceptions', () => {
  it('count like an image that never had the finding', () => {
    const policy = aPolicy({ warn: 'true', message: '{{ findings.total }} {{ findings.by_severity.critical }} {{ findings.by_severity.high }} {{ findings.fixable.critical }} {{ findings.undetermined }} {{ findings.max_score }} {{ worst.map(f, f.id) }}' });
    fc.assert(fc.property(someFindings, fc.constantFrom('CVE-2029-1', 'CVE-2029-5'), (worst, finding) => {
      const excepted = anInput({ worst, exceptions: [{ id: 'EX', scope: { name: '*' }, finding, until: '2031-01-01T00:00:00Z', reason: 'r', approved_by: 'a' }] });
      const never = anInput({ worst: worst.filter(({ id }) => id !== finding) });
      expect(evaluate(policy, readInput(excepted), noon).reasons[0]!.message).toBe(evaluate(policy, readInput(never), noon).reasons[0]!.message);
    }));
  });

  it('never worsen by any comparison of counts against none at all', () => {
    const comparison = fc.tuple(fc.constantFrom('findings.total', 'findings.by_severity.critical', 'findings.fixable.high', 'findings.undetermined', 'findings.listed'), fc.constantFrom('<', '<=', '==', '!=', '>=', '>'), fc.nat({ max: 6 }));
    fc.assert(fc.property(someFindings, someExceptions, comparison, (worst, exceptions, [count, operator, number]) => {
      const policy = aPolicy({ deny: `${count} ${operator} ${number}` });
      const judge = (list: unknown[]) => rank[evaluate(policy, readInput(anInput({ worst, exceptions: list })), noon).decision];
      expect(judge(exceptions)).toBeLessThanOrEqual(judge([]));
    }));
  });
});

describe('canonicalJson', () => {
  it('says the same value in the same text, and nothing else', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.infiniteStream(fc.nat()), (value, dice) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(shuffleKeys(value, dice))).toBe(canonicalJson(value));
    }));
  });

  it.each([[NaN], [Infinity], [1n], [() => 1], [Symbol('x')], [undefined]])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});

function shuffle<T>(list: readonly T[], dice: fc.Stream<number>): T[] {
  const from = [...list], to: T[] = [];
  while (from.length > 0) to.push(...from.splice((dice.next().value ?? 0) % from.length, 1));
  return to;
}

/** The same value with the members of every object in another order. */
function shuffleKeys(value: unknown, dice: fc.Stream<number>): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffleKeys(item, dice));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(shuffle(Object.entries(value), dice).map(([key, member]) => [key, shuffleKeys(member, dice)]));
}
