import { describe, expect, it } from 'vitest';
import type { Advisory } from './advisory.ts';
import { contentHash, diffAdvisories, fingerprintOf } from './diff.ts';

const advisory = (key: string, name: string, more: Partial<Advisory> = {}): Advisory =>
  ({ id: key, key, source: 'test', aliases: [], vulnerabilities: [], severities: [], references: [], affected: [{ ecosystem: 'npm', name, status: 'affected', fix_state: 'none-yet' }], ...more });

describe('diffAdvisories', () => {
  it('names what came, changed and went, and the packages all of them speak of', async () => {
    const before = [advisory('same', 'a'), advisory('moved', 'b'), advisory('gone', 'c')].map(fingerprintOf);
    const after = [advisory('same', 'a'), advisory('moved', 'd'), advisory('new', 'e')].map(fingerprintOf);
    const diff = await diffAdvisories(before, after);
    expect(diff).toMatchObject({ added: ['test\tnew'], changed: ['test\tmoved'], removed: ['test\tgone'] });
    expect([...diff.touched].sort()).toEqual(['npm\tb', 'npm\tc', 'npm\td', 'npm\te']);
  });
  it('keeps sources apart', async () => {
    const diff = await diffAdvisories([fingerprintOf(advisory('x', 'a'))], [fingerprintOf({ ...advisory('x', 'a'), source: 'other' })]);
    expect(diff).toMatchObject({ added: ['other\tx'], removed: ['test\tx'], changed: [] });
  });
});

it('a hash is of the content, not of the order it was written in', () => {
  const one = advisory('x', 'a', { title: 't', published: 'p' });
  const { title, published, ...rest } = one;
  expect(contentHash({ published, title, ...rest } as Advisory)).toBe(contentHash(one));
  expect(contentHash({ ...one, title: undefined } as unknown as Advisory)).toBe(contentHash({ ...rest, published } as Advisory));
  expect(contentHash({ ...one, title: 'u' })).not.toBe(contentHash(one));
  expect(contentHash({ ...one, aliases: ['a', 'b'] })).not.toBe(contentHash({ ...one, aliases: ['b', 'a'] }));
});
