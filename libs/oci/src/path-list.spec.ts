import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathList, PathListBuilder } from './path-list.ts';

const built = (paths: readonly { path: string; directory: boolean }[]): PathList => {
  const builder = new PathListBuilder(1 << 20, 'test');
  for (const { path, directory } of paths) builder.add(path, directory);
  return builder.build();
};

describe('PathList', () => {
  it('gives back what was put in, in order', () => {
    const path = fc.string({ unit: 'grapheme', maxLength: 300 }).filter((text) => !text.includes('\0') && text.isWellFormed());
    fc.assert(fc.property(fc.array(fc.record({ path, directory: fc.boolean() })), (paths) => {
      expect([...built(paths)]).toEqual(paths);
    }));
  });

  it('does not cut a surrogate pair', () => {
    const paths = ['a/😀', 'a/😁', 'a/😁/b'].map((path) => ({ path, directory: false }));
    expect([...built(paths)]).toEqual(paths);
  });

  it('takes about as many bytes as the names differ by', () => {
    const paths = Array.from({ length: 1000 }, (_, i) => ({ path: `usr/share/doc/some/long/directory/file-${String(i).padStart(4, '0')}`, directory: false }));
    expect(built(paths).bytes.length).toBeLessThan(6000);
  });

  it('refuses to grow beyond its limit', () => {
    const builder = new PathListBuilder(10_000, 'layer x');
    expect(() => { for (let i = 0; i < 10_000; i++) builder.add(`${i}-${'x'.repeat(50)}`, false); }).toThrow(expect.objectContaining({ code: 'limit-paths' }));
  });

  it('names a stored list that was cut', () => {
    const { bytes } = built([{ path: 'etc/passwd', directory: false }]);
    expect(() => [...new PathList(bytes.subarray(0, -1))]).toThrow(expect.objectContaining({ code: 'path-list-corrupt' }));
  });
});
