import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { all, codeOf, record } from './feeds.spec-helper.ts';
import { jsonMembers } from './json-members.ts';

const limits = { recordBytes: 1000 };
const read = (text: string, path: string[] = [], step = 3) => all(jsonMembers(record('feed.json', text, step), limits, path));
const parsed = async (text: string, path: string[] = [], step = 3) => Object.fromEntries(await all((async function* () {
  for await (const { key, bytes } of jsonMembers(record('feed.json', text, step), { recordBytes: 1e6 }, path)) yield [key, JSON.parse(Buffer.from(bytes).toString())] as const;
})()));

describe('jsonMembers', () => {
  it('gives what JSON.parse gives, whatever the chunks', async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 1, max: 50 }), fc.boolean(), async (value, step, pretty) => {
      expect(await parsed(JSON.stringify(value, null, pretty ? 2 : 0), [], step)).toEqual(JSON.parse(JSON.stringify(value)));
    }), { numRuns: 200 });
  });
  it('reads arrays, and members deeper down', async () => {
    expect(await parsed('[1, {"a": "]"}, "x\\"]"]')).toEqual({ 0: 1, 1: { a: ']' }, 2: 'x"]' });
    expect(await parsed('{"head": {"x": [1]}, "packages": [true], "tail": 1}', ['packages'])).toEqual({ 0: true });
    expect(await parsed('\ufeff{"a": 1}')).toEqual({ a: 1 });
  });
  it.each([
    ['', 'feed-empty'], ['  \n', 'feed-truncated'], ['<!DOCTYPE html><html>', 'feed-not-json'], ['hello', 'feed-malformed'],
    ['{"a": 1', 'feed-truncated'], ['{"a": {"b": [1, 2', 'feed-truncated'], ['{"a": "unclosed', 'feed-truncated'],
    ['{"a": 1} x', 'feed-malformed'], ['{"a" 1}', 'feed-malformed'], ['{"a": 1 "b": 2}', 'feed-malformed'], ['{a: 1}', 'feed-malformed'],
    [`{"a": "${'x'.repeat(2000)}"}`, 'record-too-large'],
  ])('refuses %j', async (text, code) => {
    expect(await codeOf(read(text, [], 8))).toBe(code);
  });
  it('misses the member it was sent for', async () => {
    expect(await codeOf(read('{"a": 1}', ['packages']))).toBe('feed-malformed');
  });
});
