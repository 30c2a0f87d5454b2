import { describe, expect, it } from 'vitest';
import { Decision, canonical, defaultPolicy, evaluate, explain, loadPolicy, nextDue, readInput } from './index.ts';
import { aFinding, anException, anInput, aPolicy, aRejected, none, noon } from './input.fixture.ts';

const judge = (change: Record<string, unknown> = {}) => evaluate(defaultPolicy(), readInput(anInput(change)), noon);
const rulesOf = (decision: Decision) => decision.reasons.map(({ rule, outcome }) => `${outcome} ${rule}`);

describe('the default policy', () => {
  it.each<[string, Record<string, unknown>, Decision['decision'], string[]]>([
    ['a clean image', {}, 'allow', []],
    ['a critical finding with a fix', { worst: [aFinding()] }, 'deny', ['deny critical-with-fix']],
    ['a critical finding without a fix', { worst: [aFinding({ fix_state: 'none-yet' })] }, 'warn', ['warn critical-without-fix']],
    ['a critical finding that will not be fixed', { worst: [aFinding({ fix_state: 'wont-fix' })] }, 'warn', ['warn critical-without-fix']],
    ['a high finding with a fix', { worst: [aFinding({ severity: 'high' })] }, 'warn', ['warn high-with-fix']],
    ['a high finding without a fix', { worst: [aFinding({ severity: 'high', fix_state: 'none-yet' })] }, 'allow', []],
    ['a finding nobody rated', { worst: [aFinding({ severity: 'unknown' })] }, 'warn', ['warn unrated-findings']],
    ['a low finding', { worst: [aFinding({ severity: 'low' })] }, 'allow', []],
    ['root', { image: { user: '' } }, 'warn', ['warn root-user']],
    ['a partial inventory', { inventory: { problems: 1 } }, 'deny', ['deny partial-inventory']],
    ['an empty inventory', { inventory: { packages: 0 } }, 'warn', ['warn empty-inventory']],
    ['no revision', { revision: null }, 'deny', ['deny no-advisories']],
    ['revision zero', { revision: { number: 0, published_at: '2030-01-01T12:00:00Z' } }, 'deny', ['deny no-advisories']],
    ['advisories of exactly seven days', { revision: { number: 7, published_at: '2029-12-26T12:00:00Z' } }, 'allow', []],
    ['advisories a second older than seven days', { revision: { number: 7, published_at: '2029-12-26T11:59:59Z' } }, 'warn', ['warn stale-advisories']],
    ['an undetermined finding', { worst: [aFinding({ state: 'undetermined' })] }, 'warn', ['warn undetermined']],
    ['packages nobody covers', { findings: { total: 0, by_severity: none, fixable: none, undetermined: 0, not_covered: 3 } }, 'warn', ['warn not-covered']],
    ['counts without a list', { findings: { total: 9, by_severity: { ...none, critical: 9 }, fixable: { ...none, critical: 2 }, undetermined: 0, not_covered: 0 } }, 'deny', ['deny critical-with-fix', 'warn critical-without-fix']],
    ['everything at once: denials come first', { image: { user: '0' }, inventory: { problems: 2 }, worst: [aFinding(), aFinding({ severity: 'high', id: 'CVE-2' })] }, 'deny', ['deny partial-inventory', 'deny critical-with-fix', 'warn high-with-fix', 'warn root-user']],
  ])('%s', (_, change, decision, rules) => {
    const judged = judge(change);
    expect({ decision: judged.decision, rules: rulesOf(judged) }).toEqual({ decision, rules });
    expect(Decision.parse(judged)).toEqual(judged);
    for (const reason of judged.reasons) expect(reason.remediation).toBeTruthy();
  });

  it.each([[true, 'deny'], [undefined, 'allow']] as const)('knows whether a finding is exploited: %s', (kev, decision) => {
    const policy = aPolicy({ deny: 'worst.exists(f, f.kev)', message: 'exploited: {{ worst.filter(f, f.kev).map(f, f.id) }}' });
    expect(evaluate(policy, readInput(anInput({ worst: [aFinding({ severity: 'low', ...(kev ? { kev } : {}) })] })), noon).decision).toBe(decision);
  });

  it('denies a rejected image by name, whatever the policy says', () => {
    for (const policy of [defaultPolicy(), aPolicy()]) {
      const judged = evaluate(policy, readInput(aRejected()), noon);
      expect(judged).toMatchObject({ decision: 'deny', reasons: [{ rule: 'image-rejected', outcome: 'deny', message: 'the image could not be read: layer 3 ends early (archive-truncated)' }] });
      expect(Decision.parse(judged)).toEqual(judged);
    }
  });

  it('keeps what an image says of itself out of the terminal', () => {
    const hostile = { ...aRejected(), problem: { kind: 'invalid', detail: 'etc/\u001b[2Jpasswd\u202E\n' + 'x'.repeat(4_000) } };
    const message = evaluate(defaultPolicy(), readInput(hostile), noon).reasons[0]!.message;
    expect(message).toMatch(/^the image could not be read: etc\/\uFFFD\[2Jpasswd\uFFFD\uFFFDx+…$/);
    expect(message).toHaveLength(2_000);
    const failing = evaluate(aPolicy({ warn: '{"a": true}[image.user]' }), readInput(anInput({ image: { user: '\u001b[31mroot' } })), noon);
    expect(failing.reasons[0]!.message).toBe('rule rule-1 could not be evaluated, so it counts as a denial: warn: No such key: \uFFFD[31mroot');
  });

  it('names the findings a reason is about, worst first and at most fifty', () => {
    const worst = Array.from({ length: 60 }, (_, index) => aFinding({ id: `CVE-2029-${1000 + index}`, purl: `pkg:deb/debian/p${index}@1`, score: index === 30 ? 10 : 9 }));
    const findings = judge({ worst }).reasons[0]!.findings!;
    expect(findings).toHaveLength(50);
    expect(findings[0]).toBe('CVE-2029-1030');
  });
});

describe('cannot tell', () => {
  it('is answered even by a policy that never heard of it', () => {
    const silent = loadPolicy('name: silent\nrules: []');
    const partial = evaluate(silent, readInput(anInput({ inventory: { problems: 1 } })), noon);
    expect(rulesOf(partial)).toEqual(['deny partial-inventory']);
    expect(evaluate(silent, readInput(anInput()), noon).decision).toBe('allow');
  });

  it('passes only where somebody wrote allow', () => {
    const lax = loadPolicy('name: lax\nrules: []\ncannot_tell: {partial_inventory: allow, no_advisories: warn}');
    expect(rulesOf(evaluate(lax, readInput(anInput({ inventory: { problems: 1 }, revision: null })), noon))).toEqual(['warn no-advisories']);
  });

  it('speaks up when a rule looks into a list that is cut', () => {
    const rule = '  - id: log4shell\n    title: Log4Shell\n    deny: worst.exists(f, f.id == "CVE-2021-44228")\n';
    const looking = loadPolicy(`name: looking\nrules:\n${rule}`);
    const counting = loadPolicy('name: counting\nrules:\n  - id: total\n    title: total\n    deny: findings.total > 1000\n');
    const cut = readInput(anInput({ worst: [aFinding()], findings: { total: 300, by_severity: { ...none, critical: 1, low: 299 }, fixable: { ...none, critical: 1 }, undetermined: 0, not_covered: 0 } }));
    expect(rulesOf(evaluate(looking, cut, noon))).toEqual(['warn unlisted-findings']);
    expect(rulesOf(evaluate(counting, cut, noon))).toEqual([]);
    expect(rulesOf(evaluate(looking, readInput(anInput({ worst: [aFinding()] })), noon))).toEqual([]);
  });
});

describe('an expression that fails', () => {
  it.each<[string, Record<string, string>, string]>([
    ['in its condition', { warn: '1 / findings.total > 0' }, 'rule rule-1 could not be evaluated, so it counts as a denial: warn: division by zero'],
    ['in when', { when: 'image.labels["team"] == "a"', warn: 'true' }, 'rule rule-1 could not be evaluated, so it counts as a denial: when: No such key: team'],
    ['on a number that is none', { deny: 'int(image.user) > 0' }, 'rule rule-1 could not be evaluated, so it counts as a denial: deny: int() type error: cannot convert to int'],
    ['beyond a map', { warn: '{"latest": true}[image.tag]' }, 'rule rule-1 could not be evaluated, so it counts as a denial: warn: No such key: 1.4.2'],
    ['beyond 64 bits', { warn: '9223372036854775807 + findings.total + 1 > 0' }, 'rule rule-1 could not be evaluated, so it counts as a denial: warn: integer overflow: 9223372036854775808'],
  ])('%s denies, and says why', (_, rule, message) => {
    const judged = evaluate(aPolicy(rule), readInput(anInput()), noon);
    expect(judged).toMatchObject({ decision: 'deny', reasons: [{ rule: 'rule-1', outcome: 'error', message }] });
    expect(Decision.parse(judged)).toEqual(judged);
  });

  it('in words only does not change the verdict', () => {
    const judged = evaluate(aPolicy({ warn: 'true', message: 'by {{ image.labels["team"] }}' }), readInput(anInput()), noon);
    expect(judged).toMatchObject({ decision: 'warn', reasons: [{ outcome: 'warn', message: 'by (image.labels["team"] is not known)' }] });
  });

  it('does not stop the other rules', () => {
    const judged = evaluate(aPolicy({ warn: 'true' }, { warn: '1 / findings.total > 0' }, { deny: 'true' }), readInput(anInput()), noon);
    expect(rulesOf(judged)).toEqual(['error rule-2', 'deny rule-3', 'warn rule-1']);
  });
});

describe('a decision', () => {
  it('has one text', () => {
    const text = canonical(judge({ worst: [aFinding()], exceptions: [anException({ finding: 'CVE-1' })] }));
    expect(text).toBe(canonical(JSON.parse(text)));
    expect(text).toMatch(/^\{"at":"2030-01-02T12:00:00\.000Z","decision":"deny","excepted":\[\],"exceptions":\[\],"input_digest":"sha256:/);
  });

  it('is explained in plain lines', () => {
    const judged = judge({
      image: { user: '' }, worst: [aFinding(), aFinding({ severity: 'high', id: 'CVE-2029-0002', package: 'curl', purl: 'pkg:deb/debian/curl@1' })],
      exceptions: [anException(), anException({ id: 'EX-2', finding: undefined, rule: 'root-user', reason: 'the base image needs it until May' }), anException({ id: 'EX-3', finding: 'CVE-2029-0002', until: '2030-01-01T00:00:00Z' })],
    });
    expect(explain(judged)).toEqual([
      'WARN: this image may run, and something should be done',
      '  warn: high-with-fix: high findings with a fix: 1',
      '    findings: CVE-2029-0002',
      '    next: upgrade the named packages with the next build',
      '  excepted (EX-1): critical-with-fix: critical findings with a fix: 1',
      '    findings: CVE-2029-0001',
      '  excepted (EX-2): root-user: the image sets no user but root, so a break-out starts with every right',
      '  exception EX-1: CVE-2029-0001 in openssl, until 2030-01-31T00:00:00Z; the code is not reachable (approved by ada@example.com)',
      '  exception EX-2: rule root-user, until 2030-01-31T00:00:00Z; the base image needs it until May (approved by ada@example.com)',
      '  exception EX-3: CVE-2029-0002 in curl, expired 2030-01-01T00:00:00Z; the code is not reachable (approved by ada@example.com)',
      `  policy default ${judged.policy.digest}, input ${judged.input_digest}, at 2030-01-02T12:00:00.000Z`,
    ]);
  });
});

describe('nextDue', () => {
  const input = readInput(anInput({ exceptions: [anException(), anException({ id: 'EX-2', until: '2030-01-04T00:00:00Z' }), anException({ id: 'EX-3', scope: { project: 'other' }, until: '2030-01-03T00:00:00Z' })] }));

  it.each<[string, string | undefined]>([
    ['2030-01-02T12:00:00.000Z', '2030-01-04T00:00:00.000Z'],
    ['2030-01-04T00:00:00.000Z', '2030-01-08T12:00:00.001Z'],
    ['2030-01-08T12:00:00.001Z', '2030-01-31T00:00:00.000Z'],
    ['2030-01-31T00:00:00.000Z', undefined],
  ])('after %s it is %s', (at, due) => {
    expect(nextDue(defaultPolicy(), input, new Date(at))?.toISOString()).toBe(due);
  });

  it('names the very instant at which the decision turns', () => {
    const due = nextDue(defaultPolicy(), readInput(anInput()), noon)!;
    const at = (time: number) => evaluate(defaultPolicy(), readInput(anInput()), new Date(time)).decision;
    expect([at(due.getTime() - 1), at(due.getTime())]).toEqual(['allow', 'warn']);
  });
});
