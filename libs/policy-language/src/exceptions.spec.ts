import { Problem } from '@plimsoll/problem';
import { describe, expect, it } from 'vitest';
import { defaultPolicy, evaluate, Exception, listedAtMost, listFindings, readInput } from './index.ts';
import { aFinding, anException, anInput, aPolicy, aRejected, none, noon } from './input.fixture.ts';

const judge = (exceptions: unknown[], change: Record<string, unknown> = {}, at = noon) =>
  evaluate(defaultPolicy(), readInput(anInput({ worst: [aFinding()], ...change, exceptions })), at);

describe('an exception applies', () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    ['to its project', {}, true],
    ['to no other project', { scope: { project: 'other' } }, false],
    ['to its digest', { scope: { digest: `sha256:${'a'.repeat(64)}` } }, true],
    ['to no other digest', { scope: { digest: `sha256:${'b'.repeat(64)}` } }, false],
    ['to a name with its tag', { scope: { name: 'registry.example.com/shop/web:1.4.2' } }, true],
    ['to a name without its tag', { scope: { name: 'registry.example.com/shop/web' } }, true],
    ['to a pattern', { scope: { name: 'registry.example.com/shop/*' } }, true],
    ['to every image', { scope: { name: '*' } }, true],
    ['to no name that only begins alike', { scope: { name: 'registry.example.com/shop/we' } }, false],
    ['to no other tag', { scope: { name: 'registry.example.com/shop/web:2.*' } }, false],
    ['only when all of its scope holds', { scope: { project: 'shop', name: 'registry.example.com/*/db' } }, false],
    ['to its package', { package: 'openssl' }, true],
    ['to its purl', { package: 'pkg:deb/debian/openssl@3.0.11-1~deb12u1' }, true],
    ['to no other package', { package: 'libssl3' }, false],
    ['to no other finding', { finding: 'CVE-2029-00010' }, false],
  ])('%s', (_, change, applies) => {
    const judged = judge([anException(change)]);
    expect(judged.decision).toBe(applies ? 'allow' : 'deny');
    expect(judged.exceptions.map(({ state }) => state)).toEqual(applies ? ['applied'] : []);
    expect(judged.excepted.map(({ rule, excepted_by }) => [rule, excepted_by])).toEqual(applies ? [['critical-with-fix', ['EX-1']]] : []);
  });

  it.each<[string, string, string]>([
    ['2030-01-30T23:59:59.999Z', 'allow', 'applied'],
    ['2030-01-31T00:00:00.000Z', 'deny', 'expired'],
    ['2030-01-31T00:00:00.001Z', 'deny', 'expired'],
  ])('until the instant it names, not at it: %s is %s', (at, decision, state) => {
    const judged = judge([anException()], { revision: { number: 7, published_at: '2030-01-29T00:00:00Z' } }, new Date(at));
    expect(judged.decision).toBe(decision);
    expect(judged.exceptions[0]).toMatchObject({ id: 'EX-1', state, packages: ['openssl'], approved_by: 'ada@example.com' });
  });

  it('as long as one of two is live', () => {
    const judged = judge([anException({ until: '2029-01-01T00:00:00Z' }), anException({ id: 'EX-2' })]);
    expect(judged.decision).toBe('allow');
    expect(judged.exceptions.map(({ id, state }) => [id, state])).toEqual([['EX-1', 'expired'], ['EX-2', 'applied']]);
    expect(judged.excepted[0]!.excepted_by).toEqual(['EX-2']);
  });

  it('to a rule: the violation is shown and does not count', () => {
    const judged = judge([anException({ finding: undefined, rule: 'critical-with-fix' })]);
    expect(judged).toMatchObject({ decision: 'allow', reasons: [], excepted: [{ rule: 'critical-with-fix', outcome: 'deny', findings: ['CVE-2029-0001'], excepted_by: ['EX-1'] }] });
  });

  it('to a built-in rule, but never to a rejected image', () => {
    const rule = (name: string) => [anException({ finding: undefined, rule: name })];
    expect(judge(rule('partial-inventory'), { worst: [], inventory: { problems: 3 } }).decision).toBe('allow');
    const rejected = { ...aRejected(), exceptions: rule('image-rejected') };
    expect(evaluate(defaultPolicy(), readInput(rejected), noon).decision).toBe('deny');
  });

  it('to a rule that fails: its worst was accepted', () => {
    const input = readInput(anInput({ exceptions: [anException({ finding: undefined, rule: 'rule-1' })] }));
    expect(evaluate(aPolicy({ deny: '1 / findings.total > 0' }), input, noon)).toMatchObject({ decision: 'allow', excepted: [{ outcome: 'error' }] });
  });
});

describe('counts without the excepted findings', () => {
  // Everything a policy can see of the counts, as one line.
  const counting = aPolicy({
    warn: 'true',
    message: '{{ findings.total }} total, {{ findings.by_severity.critical }}/{{ findings.fixable.critical }} critical, {{ findings.by_severity.high }}/{{ findings.fixable.high }} high, {{ findings.undetermined }} undetermined, max {{ findings.max_score }}, {{ findings.listed }} listed: {{ worst.map(f, f.id + " " + f.package) }}',
  });
  const worst = [
    aFinding(), aFinding({ package: 'libssl3', purl: 'pkg:deb/debian/libssl3@3' }),
    aFinding({ id: 'CVE-2', severity: 'high', score: 8.1, fix_state: 'none-yet', package: 'curl', purl: 'pkg:deb/debian/curl@1' }),
    aFinding({ id: 'CVE-3', severity: 'high', score: 7.5, state: 'undetermined', package: 'curl', purl: 'pkg:deb/debian/curl@1' }),
  ];

  it.each<[string, Record<string, unknown>[], string]>([
    ['none', [], '3 total, 2/2 critical, 1/0 high, 1 undetermined, max 9.8, 4 listed: CVE-2029-0001 libssl3, CVE-2029-0001 openssl, CVE-2 curl, CVE-3 curl'],
    ['one id in two packages', [{}], '1 total, 0/0 critical, 1/0 high, 1 undetermined, max 8.1, 2 listed: CVE-2 curl, CVE-3 curl'],
    ['one id in one package', [{ package: 'libssl3' }], '2 total, 1/1 critical, 1/0 high, 1 undetermined, max 9.8, 3 listed: CVE-2029-0001 openssl, CVE-2 curl, CVE-3 curl'],
    ['the same finding twice', [{ package: 'libssl3' }, { package: 'pkg:deb/debian/libssl3@3' }], '2 total, 1/1 critical, 1/0 high, 1 undetermined, max 9.8, 3 listed: CVE-2029-0001 openssl, CVE-2 curl, CVE-3 curl'],
    ['one without a fix', [{ finding: 'CVE-2' }], '2 total, 2/2 critical, 0/0 high, 1 undetermined, max 9.8, 3 listed: CVE-2029-0001 libssl3, CVE-2029-0001 openssl, CVE-3 curl'],
    ['an undetermined one', [{ finding: 'CVE-3' }], '3 total, 2/2 critical, 1/0 high, 0 undetermined, max 9.8, 3 listed: CVE-2029-0001 libssl3, CVE-2029-0001 openssl, CVE-2 curl'],
    ['all', [{}, { finding: 'CVE-2' }, { finding: 'CVE-3' }], '0 total, 0/0 critical, 0/0 high, 0 undetermined, max (findings.max_score is not known), 0 listed: '],
  ])('%s', (_, changes, message) => {
    const exceptions = changes.map((change, index) => anException({ id: `EX-${index}`, ...change }));
    const judged = evaluate(counting, readInput(anInput({ worst, exceptions })), noon);
    expect(judged.reasons[0]!.message).toBe(message);
  });

  it('stay, and say so, when the finding is not among those listed', () => {
    const findings = { total: 500, by_severity: { ...none, critical: 1, low: 499 }, fixable: { ...none, critical: 1 }, undetermined: 0, not_covered: 0, max_score: 9.8 };
    const unlisted = anException({ finding: 'CVE-2020-9999' });
    expect(judge([unlisted], { findings }).exceptions).toMatchObject([{ id: 'EX-1', state: 'unseen' }]);
    // Looked up and not found: the image does not have it.
    expect(judge([unlisted], { findings, looked_up: ['CVE-2020-9999'] }).exceptions).toEqual([]);
    // Listed because it was looked up: taken out exactly.
    const found = aFinding({ id: 'CVE-2020-9999', severity: 'low', score: 2, fix_state: 'none-yet', purl: 'pkg:deb/debian/tar@1', package: 'tar' });
    const judged = evaluate(counting, readInput(anInput({ worst: [aFinding(), found], findings, looked_up: ['CVE-2020-9999'], exceptions: [unlisted] })), noon);
    expect(judged.exceptions).toMatchObject([{ state: 'applied', packages: ['tar'] }]);
    expect(judged.reasons[0]!.message).toMatch(/^499 total/);
  });

  it('keep the highest score when it may belong to a finding that is not listed', () => {
    const findings = { total: 3, by_severity: { ...none, critical: 3 }, fixable: { ...none, critical: 3 }, undetermined: 0, not_covered: 0, max_score: 9.8 };
    const judged = evaluate(counting, readInput(anInput({ worst: [aFinding()], findings, exceptions: [anException()] })), noon);
    expect(judged.reasons[0]!.message).toMatch(/^2 total, 2\/2 critical.*max 9\.8/);
  });
});

describe('an exception never worsens', () => {
  it('even a rule that wants findings', () => {
    const policy = aPolicy({ deny: 'findings.total < 1' });
    const input = (exceptions: unknown[]) => readInput(anInput({ worst: [aFinding()], exceptions }));
    expect(evaluate(policy, input([]), noon).decision).toBe('allow');
    expect(evaluate(policy, input([anException()]), noon).decision).toBe('allow');
  });

  it('even a rule that fails once nothing is left', () => {
    const policy = aPolicy({ deny: '10 / findings.total > 100' });
    expect(evaluate(policy, readInput(anInput({ worst: [aFinding()], exceptions: [anException()] })), noon).decision).toBe('allow');
  });
});

describe('listFindings', () => {
  it('lists the worst, and whatever an exception names', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => aFinding({ id: `CVE-${index}`, severity: index < 500 ? 'low' : 'high', purl: `pkg:deb/debian/p${index}@1` }));
    const exceptions = [Exception.parse(anException({ finding: 'CVE-7' })), Exception.parse(anException({ id: 'EX-2', finding: 'CVE-none' }))];
    const { worst, looked_up } = listFindings(many, exceptions);
    expect(worst).toHaveLength(listedAtMost + 1);
    expect(worst.at(-1)!.id).toBe('CVE-7');
    expect(looked_up).toEqual(['CVE-7', 'CVE-none']);
    expect(listFindings(many.toReversed(), exceptions)).toEqual({ worst, looked_up });
  });

  it('does not claim to have listed what has no room', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => aFinding({ id: index < 500 ? 'CVE-everywhere' : `CVE-${index}`, severity: index < 500 ? 'low' : 'high', purl: `pkg:deb/debian/p${index}@1` }));
    const { worst, looked_up } = listFindings(many, [Exception.parse(anException({ finding: 'CVE-everywhere' }))]);
    expect(worst).toHaveLength(2 * listedAtMost);
    expect(looked_up).toEqual([]);
  });
});

describe('readInput refuses', () => {
  it.each<[string, unknown, string]>([
    ['nothing', null, 'the document'],
    ['an unknown version', { ...anInput(), version: 2 }, 'version'],
    ['an exception for nothing', anInput({ exceptions: [anException({ finding: undefined })] }), 'exceptions[0]'],
    ['an exception for everything', anInput({ exceptions: [anException({ scope: {} })] }), 'exceptions[0].scope'],
    ['an exception with a misspelt scope', anInput({ exceptions: [anException({ scope: { projects: 'shop' } })] }), 'exceptions[0].scope'],
    ['an exception without an end', anInput({ exceptions: [anException({ until: undefined })] }), 'exceptions[0].until'],
    ['an exception until some day', anInput({ exceptions: [anException({ until: '2030-01-31' })] }), 'exceptions[0].until'],
    ['a package without a finding', anInput({ exceptions: [anException({ finding: undefined, rule: 'r', package: 'p' })] }), 'exceptions[0]'],
    ['more findings than fit', anInput({ worst: Array.from({ length: 401 }, (_, index) => aFinding({ purl: `p${index}` })) }), 'worst'],
    ['a label of a megabyte', anInput({ image: { labels: { x: 'x'.repeat(1_000_000) } } }), 'image.labels.x'],
  ])('%s', (_, raw, where) => {
    const problem = problemOf(raw);
    expect(problem).toMatchObject({ kind: 'invalid', code: 'policy-input-invalid' });
    expect(problem.errors?.[0]?.where).toBe(where);
  });

  it.each<[string, Record<string, unknown>]>([
    ['more listed than counted', { findings: { total: 0, by_severity: none, fixable: none, undetermined: 0, not_covered: 0 } }],
    ['a severity listed and not counted', { findings: { total: 1, by_severity: { ...none, low: 1 }, fixable: none, undetermined: 0, not_covered: 0 } }],
    ['a fix listed and not counted', { findings: { total: 1, by_severity: { ...none, critical: 1 }, fixable: none, undetermined: 0, not_covered: 0 } }],
    ['two exceptions of one name', { exceptions: [anException(), anException({ finding: 'CVE-9' })] }],
  ])('a contradiction: %s', (_, change) => {
    expect(problemOf(anInput({ worst: [aFinding()], ...change })).detail).toMatch(/contradicts itself/);
  });
});

function problemOf(raw: unknown): Problem {
  try {
    readInput(raw);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('the input was accepted');
}
