import { Problem } from '@plimsoll/problem';
import { describe, expect, it } from 'vitest';
import { parsePolicy, policyDigest } from './index.ts';

const problemOf = (text: string): Problem => {
  try {
    parsePolicy(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('the policy was accepted');
};

describe('parsePolicy', () => {
  it('fills in what a short policy leaves out', () => {
    expect(parsePolicy('name: short\nrules: []')).toMatchObject({
      language: 1, stale_after_hours: 168, cannot_tell: { partial_inventory: 'deny', no_advisories: 'deny', undetermined: 'warn', not_covered: 'warn' },
    });
  });

  it('names a policy by its meaning, not by its spelling', () => {
    const yaml = '# ours\nname: same\nrules:\n  - id: a\n    title: A\n    deny: "findings.total > 0"\n';
    const json = '{"rules":[{"deny":"findings.total > 0","title":"A","id":"a"}],"name":"same","stale_after_hours":168}';
    expect(policyDigest(parsePolicy(yaml))).toBe(policyDigest(parsePolicy(json)));
    expect(policyDigest(parsePolicy(yaml))).not.toBe(policyDigest(parsePolicy(yaml.replace('> 0', '> 1'))));
    expect(policyDigest(parsePolicy(`${yaml}stale_after_hours: 24\n`))).not.toBe(policyDigest(parsePolicy(yaml)));
  });

  it.each<[string, string, string, string]>([
    ['no policy', '', 'policy-invalid', 'the document'],
    ['no rules', 'name: x', 'policy-invalid', 'rules'],
    ['a word of its own', 'name: x\nrules: []\nrule: []', 'policy-invalid', 'the document'],
    ['a misspelt part of a rule', 'name: x\nrules: [{id: a, title: A, deni: "true"}]', 'policy-invalid', 'rules[0]'],
    ['neither deny nor warn', 'name: x\nrules: [{id: a, title: A}]', 'policy-invalid', 'rules[0]'],
    ['deny and warn', 'name: x\nrules: [{id: a, title: A, deny: "true", warn: "true"}]', 'policy-invalid', 'rules[0]'],
    ['an id with blanks', 'name: x\nrules: [{id: "a b", title: A, deny: "true"}]', 'policy-invalid', 'rules[0].id'],
    ['an unknown answer', 'name: x\nrules: []\ncannot_tell: {undetermined: ignore}', 'policy-invalid', 'cannot_tell.undetermined'],
    ['an unknown question', 'name: x\nrules: []\ncannot_tell: {unknown: warn}', 'policy-invalid', 'cannot_tell'],
    ['a later language', 'name: x\nlanguage: 2\nrules: []', 'policy-invalid', 'language'],
    ['too many rules', JSON.stringify({ name: 'x', rules: Array.from({ length: 201 }, (_, i) => ({ id: `r${i}`, title: 't', deny: 'false' })) }), 'policy-invalid', 'rules'],
    ['too long an expression', JSON.stringify({ name: 'x', rules: [{ id: 'a', title: 'A', deny: `image.user == "${'x'.repeat(5_000)}"` }] }), 'policy-invalid', 'rules[0].deny'],
  ])('refuses %s and says where', (_, text, code, where) => {
    const problem = problemOf(text);
    expect(problem).toMatchObject({ kind: 'invalid', code });
    expect(problem.errors?.[0]?.where).toBe(where);
  });

  it.each<[string, string]>([
    ['text that is not YAML', 'name: [x'],
    ['the same key twice', 'name: x\nname: y\nrules: []'],
    ['aliases, which make small texts huge', `a: &a [1]\nb: &b [${'*a,'.repeat(20)}]\nrules: [${'*b,'.repeat(20)}]\nname: x`],
    ['nesting without an end', '['.repeat(100_000)],
    ['braces without an end', '{a: '.repeat(60_000)],
  ])('refuses %s as unreadable', (_, text) => {
    expect(problemOf(text)).toMatchObject({ kind: 'invalid', code: 'policy-unreadable' });
  });

  it('refuses a document of a megabyte unread', () => {
    expect(problemOf(' '.repeat(1_000_000))).toMatchObject({ code: 'policy-too-large' });
  });
});
