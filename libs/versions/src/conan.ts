import { compareCounts, compareText, type Count, countKey, countOf, endOfDigits, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

/** Number at the start of an item and what follows it; no number comes after every number. */
type Item = readonly [number: Count | undefined, rest: string];
export interface ConanVersion { readonly items: readonly Item[]; readonly pre: readonly Item[] | undefined; readonly build: readonly Item[] | undefined }

/**
 * Conan 2 `Version` (conan/internal/model/version.py): dotted items without trailing zeros, then pre-release, then build.
 * Conan compares 9 with "1a" as text, which makes a circle of 9, 10 and 1a; here an item is its number first, which agrees wherever Conan is consistent.
 */
export const conan: SchemeDefinition<ConanVersion> = {
  parse(version) {
    const plus = version.indexOf('+');
    const build = plus < 0 ? undefined : version.slice(plus + 1);
    const rest = plus < 0 ? version : version.slice(0, plus);
    const dash = rest.indexOf('-');
    const items = dash < 0 ? rest : rest.slice(0, dash);
    if (items === '') return new Unreadable('version is empty');
    return { items: itemsOf(items), pre: dash < 0 ? undefined : itemsOf(rest.slice(dash + 1)), build: build === undefined ? undefined : itemsOf(build) };
  },
  compare: (a, b) => compareItems(a.items, b.items)
    || Number(a.pre === undefined) - Number(b.pre === undefined) || compareItems(a.pre ?? [], b.pre ?? [])
    || Number(a.build !== undefined) - Number(b.build !== undefined) || compareItems(a.build ?? [], b.build ?? []),
  key: ({ items, pre, build }) => itemsKey(items)
    + (pre === undefined ? '\x02' : '\x01' + itemsKey(pre)) + (build === undefined ? '\x01' : '\x02' + itemsKey(build)),
};

function itemsOf(text: string): Item[] {
  const items: Item[] = text === '' ? [] : text.split('.').map((item) => {
    const i = endOfDigits(item, 0);
    return [i === 0 ? undefined : countOf(item, 0, i), item.slice(i)];
  });
  while (items.length > 0 && items.at(-1)![0] === 0 && items.at(-1)![1] === '') items.pop();
  return items;
}

function compareItems(a: readonly Item[], b: readonly Item[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, s] = a[i]!;
    const [y, t] = b[i]!;
    const compared = x === undefined || y === undefined ? Number(x === undefined) - Number(y === undefined) : compareCounts(x, y);
    if (compared !== 0) return compared;
    const text = compareText(s, t);
    if (text !== 0) return text;
  }
  return a.length - b.length;
}

const itemsKey = (items: readonly Item[]): string =>
  items.map(([digits, rest]) => (digits === undefined ? '\x03' : '\x02' + countKey(digits)) + textKey(rest)).join('') + '\x01';
