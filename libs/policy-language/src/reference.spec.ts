import { describe, expect, it } from 'vitest';
import { matchesGlob, splitReference } from './reference.ts';

describe('splitReference', () => {
  it.each<[string, string, string]>([
    ['nginx', 'nginx', ''], ['nginx:1.27', 'nginx', '1.27'], ['localhost:5000/a/b', 'localhost:5000/a/b', ''], ['localhost:5000/a/b:c', 'localhost:5000/a/b', 'c'],
    [`r.example/a:1@sha256:${'0'.repeat(64)}`, 'r.example/a', '1'], [`r.example/a@sha256:${'0'.repeat(64)}`, 'r.example/a', ''], ['', '', ''],
  ])('%s', (reference, repository, tag) => {
    expect(splitReference(reference)).toEqual({ repository, tag });
  });
});

describe('matchesGlob', () => {
  it.each<[string, string, boolean]>([
    ['a', 'a', true], ['a', 'ab', false], ['a*', 'a', true], ['*a', 'bca', true], ['*a', 'ab', false], ['a*b*c', 'a1b2b3c', true], ['a*b*c', 'acb', false],
    ['*', '', true], ['', '', true], ['', 'a', false], ['a.c', 'abc', false], ['a**b', 'ab', true], ['[a]', 'a', false],
  ])('%s against %s is %s', (pattern, text, matches) => {
    expect(matchesGlob(pattern, text)).toBe(matches);
  });

  it('does not explode on many stars', () => {
    expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(4_000))).toBe(false);
  });
});
