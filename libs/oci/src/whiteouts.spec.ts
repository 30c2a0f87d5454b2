import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathListBuilder } from './path-list.ts';
import { type LayerChanges, survivingPaths, whiteoutOf } from './whiteouts.ts';

describe('whiteoutOf', () => {
  it.each([
    ['etc/.wh.motd', { path: 'etc/motd' }], ['.wh.etc', { path: 'etc' }], ['a/.wh..hidden', { path: 'a/.hidden' }], ['a/.wh. ', { path: 'a/ ' }],
    ['etc/.wh..wh..opq', 'opaque'], ['.wh..wh..opq', 'opaque'], ['.wh..wh.plnk', 'other'], ['a/.wh..wh.aufs', 'other'],
    ['a/.wh.', undefined], ['a/.wh..', undefined], ['a/.wh...', undefined], ['.wh...', undefined],
  ])('%s', (path, says) => { expect(whiteoutOf(path)).toEqual(says); });
});

/** A layer in few words: `name` a file, `name/` a directory, `-name` a whiteout, `!name` an opaque directory. */
function layer(...words: readonly string[]): LayerChanges & { readonly files: readonly string[] } {
  const paths = new PathListBuilder(1 << 20, 'test');
  const whiteouts: string[] = [], opaque: string[] = [], files: string[] = [];
  for (const word of words) {
    if (word.startsWith('-')) whiteouts.push(word.slice(1));
    else if (word.startsWith('!')) opaque.push(word.slice(1));
    else if (word.endsWith('/')) paths.add(word.slice(0, -1), true);
    else { paths.add(word, false); files.push(word); }
  }
  return { whiteouts, opaque, paths: paths.build(), files };
}

const surviving = (...layers: ReturnType<typeof layer>[]): string[][] =>
  survivingPaths(layers, layers.map(({ files }) => files)).map((paths) => [...paths].sort());

describe('survivingPaths', () => {
  it.each([
    ['a whiteout removes a file', [['a/b', 'a/c'], ['-a/b']], [['a/c'], []]],
    ['a whiteout removes a directory with all it holds', [['a/b', 'a/c/d', 'ab'], ['-a']], [['ab'], []]],
    ['a whiteout spares its own layer', [['a/b'], ['-a', 'a/new']], [[], ['a/new']]],
    ['a whiteout of nothing does nothing', [['a/b'], ['-a/b/c', '-x']], [['a/b'], []]],
    ['an opaque directory hides what is below', [['a/b', 'a/c/d', 'e'], ['!a', 'a/f']], [['e'], ['a/f']]],
    ['an opaque root hides everything', [['a', 'b/c'], ['!', 'd']], [[], ['d']]],
    ['an opaque directory is not itself removed', [['a'], ['!a']], [['a'], []]],
    ['a later file replaces an earlier one', [['a/b'], ['a/b']], [[], ['a/b']]],
    ['a file replaces a directory', [['a/b', 'a/c/d'], ['a']], [[], ['a']]],
    ['a directory replaces a file', [['a'], ['a/', 'a/b']], [[], ['a/b']]],
    ['a directory over a directory changes nothing', [['a/b'], ['a/']], [['a/b'], []]],
    ['what is below a removed directory comes back only with its own layer', [['a/b'], ['-a'], ['a/', 'a/c']], [[], [], ['a/c']]],
    ['a whiteout in the lowest layer has nothing to remove', [['-a', 'a']], [['a']]],
  ] as const)('%s', (_what, layers, expected) => {
    expect(surviving(...layers.map((words) => layer(...words)))).toEqual(expected);
  });

  it('equals unpacking the layers one over the other', () => {
    const name = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const word = fc.tuple(fc.constantFrom('', '', '', '-', '!', '/'), name).map(([kind, path]) => (kind === '/' ? `${path}/` : kind + path));
    const consistent = (words: readonly string[]) => words.filter((one, i) => {
      const path = one.replace(/^[-!]|\/$/g, '');
      // Within one layer a name is either a file or a directory.
      return !/^[-!]/.test(one) && !one.endsWith('/')
        ? !words.some((other, j) => i !== j && !/^[-!]/.test(other) && other.replace(/\/$/, '').startsWith(`${path}/`)) && !words.some((other, j) => j < i && other.replace(/\/$/, '') === path)
        : one.endsWith('/') ? !words.some((other) => other === path) : true;
    });
    fc.assert(fc.property(fc.array(fc.array(word, { maxLength: 8 }).map(consistent), { maxLength: 4 }), (layers) => {
      const tree = new Map<string, number>();
      const below = (path: string) => [...tree.keys()].filter((known) => path === '' || known.startsWith(`${path}/`));
      layers.forEach((words, index) => {
        for (const word of words) {
          if (word.startsWith('-')) for (const gone of [word.slice(1), ...below(word.slice(1))]) tree.delete(gone);
          if (word.startsWith('!')) for (const gone of below(word.slice(1))) tree.delete(gone);
        }
        for (const word of words.filter((each) => !/^[-!]/.test(each))) {
          if (word.endsWith('/')) tree.delete(word.slice(0, -1));
          else for (const gone of [word, ...below(word)]) tree.delete(gone);
        }
        for (const word of words.filter((each) => !/^[-!]|\/$/.test(each))) tree.set(word, index);
      });
      const expected = layers.map((_, index) => [...tree].filter(([, at]) => at === index).map(([path]) => path).sort());
      expect(surviving(...layers.map((words) => layer(...words)))).toEqual(expected);
    }), { numRuns: 500 });
  });
});
