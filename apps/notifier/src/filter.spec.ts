import { Filter } from '@plimsoll/contracts';
import { describe, expect, it } from 'vitest';
import { globMatches, wants, type Noticed } from './filter.ts';

const verdict = (more: Partial<Extract<Noticed, { name: 'verdict.changed' }>> = {}): Noticed =>
  ({ name: 'verdict.changed', decision: 'deny', reference: 'registry.example/team/app:1.2', worst: 'high', ...more });

describe('a filter', () => {
  it.each<[string, object, Noticed, boolean]>([
    ['empty: verdicts', {}, verdict(), true],
    ['empty: no revisions', {}, { name: 'revision.published' }, false],
    ['revisions, whatever is asked of verdicts', { events: ['revision.published'], decisions: ['deny'], min_severity: 'critical' }, { name: 'revision.published' }, true],
    ['revisions only', { events: ['revision.published'] }, verdict(), false],
    ['a decision', { decisions: ['deny', 'warn'] }, verdict(), true],
    ['another decision', { decisions: ['allow'] }, verdict(), false],
    ['a reference', { reference: 'registry.example/team/*' }, verdict(), true],
    ['another reference', { reference: 'registry.example/other/*' }, verdict(), false],
    ['severe enough', { min_severity: 'high' }, verdict({ worst: 'critical' }), true],
    ['just severe enough', { min_severity: 'high' }, verdict({ worst: 'high' }), true],
    ['not severe enough', { min_severity: 'high' }, verdict({ worst: 'medium' }), false],
    ['nothing found', { min_severity: 'negligible' }, verdict({ worst: 'none' }), false],
    ['cannot tell is not harmless', { min_severity: 'critical' }, verdict({ worst: 'cannot-tell' }), true],
    ['all parts must hold', { decisions: ['deny'], reference: 'elsewhere/*' }, verdict(), false],
  ])('%s', (_name, filter, noticed, expected) => {
    expect(wants(Filter.parse(filter), noticed)).toBe(expected);
  });
});

it.each<[string, string, boolean]>([
  ['*', '', true], ['*', 'a/b:c', true], ['a*', 'b', false], ['a/*:1', 'a/b/c:1', true], ['a/*:1', 'a/b:2', false], ['a?c', 'abc', true], ['a?c', 'ac', false],
  ['a.c', 'abc', false], ['**x', 'x', true], ['', '', true], ['', 'a', false], ['a', 'ab', false], ['*ab', 'aab', true],
])('glob %j on %j: %j', (glob, text, expected) => {
  expect(globMatches(glob, text)).toBe(expected);
});

it('is not made slow by a glob of stars', () => {
  expect(globMatches(`${'*a'.repeat(250)}b`, 'a'.repeat(4096))).toBe(false);
});
