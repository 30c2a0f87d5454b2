import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, table, thousands, wrap, type Column } from './terminal.ts';

const aTable = fc.integer({ min: 1, max: 8 }).chain((columns) => fc.record({
  columns: fc.array(fc.record({ title: fc.string({ minLength: 1, maxLength: 14 }).filter((title) => title.trim() !== ''), gives: fc.boolean(), spare: fc.boolean(), align: fc.constantFrom('right' as const, undefined) }), { minLength: columns, maxLength: columns }),
  rows: fc.array(fc.array(fc.oneof(fc.string({ maxLength: 60, unit: 'grapheme-ascii' }), fc.constant('libgssapi-krb5-2 +3')), { minLength: columns, maxLength: columns }), { maxLength: 6 }),
  fit: fc.integer({ min: 30, max: 200 }),
}));

describe('a table', () => {
  it('fits the width given, whatever is in it', () => {
    fc.assert(fc.property(aTable, ({ columns, rows, fit }) => {
      const lines = table(columns.map(({ align, ...column }): Column => ({ ...column, ...(align ? { align } : {}) })), rows, undefined, fit).split('\n');
      expect(lines).toHaveLength(rows.length + 1);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(fit);
    }));
  });

  const columns: Column[] = [{ title: 'Score', spare: true, align: 'right' }, { title: 'Finding' }, { title: 'Package', gives: true }, { title: 'Fixed in', gives: true }];
  const rows = [['9.8', 'CVE-2024-12345', 'libgssapi-krb5-2 +3', '1.18.3-6+deb11u6'], ['', 'CVE-2024-1', 'zlib', '']];

  it.each([
    [Infinity, [' Score  Finding         Package              Fixed in', '   9.8  CVE-2024-12345  libgssapi-krb5-2 +3  1.18.3-6+deb11u6', '        CVE-2024-1      zlib']],
    // Names are cut first, and how many more there are stays; the spare column goes next.
    [55, [' Score  Finding         Package         Fixed in', '   9.8  CVE-2024-12345  libgssapi-… +3  1.18.3-6+deb11…', '        CVE-2024-1      zlib']],
    [46, [' Finding         Package         Fixed in', ' CVE-2024-12345  libgssapi… +3  1.18.3-6+deb1…', ' CVE-2024-1      zlib']],
  ])('at %s columns', (fit, lines) => {
    const drawn = table(columns, rows, undefined, fit).split('\n');
    expect(drawn.map((line) => line.replace(/ {2,}/g, '  '))).toEqual(lines.map((line) => line.replace(/ {2,}/g, '  ')));
  });

  it('measures before it paints, and cells cannot steer the terminal', () => {
    const drawn = table([{ title: 'Name' }, { title: 'Next' }], [['a\x1b[2J\x9b1m\nb\u202e', 'c']], (cell, column) => column === 0 ? `<${cell}>` : cell, Infinity);
    expect(drawn.split('\n')[1]).toBe(' <a\ufffd[2J\ufffd1m\ufffdb\ufffd>  c');
  });
});

it('wraps between words, and colours take no room', () => {
  expect(wrap('one two three', '  ', 9)).toBe('  one two\n  three');
  expect(wrap('\x1b[31mone\x1b[39m two', '', 7)).toBe('\x1b[31mone\x1b[39m two');
});

it('writes thousands as people do', () => {
  expect([0, 7, 999, 1_000, 72_338, 1_234_567].map(thousands)).toEqual(['0', '7', '999', '1,000', '72,338', '1,234,567']);
});

it('JSON says the same and steers no terminal', () => {
  const value = { name: 'a\x1b[2J\x9b\u202e\n' };
  expect(JSON.parse(jsonText(value))).toEqual(value);
  expect(jsonText(value)).not.toMatch(/[\x1b\x80-\x9f\u202e]/);
});
