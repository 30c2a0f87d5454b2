import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { readBlockYaml } from './block-yaml.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const read = (text: string): unknown => plain(readBlockYaml(text, 'yaml'));
const understood = (text: string): unknown => { try { return read(text); } catch { return undefined; } };
/** What a whole parser says, undefined for what it refuses. */
const whole = (text: string): unknown => {
  const documents = [...parseAllDocuments(text, { uniqueKeys: false, schema: 'failsafe' })];
  return documents.some((one) => one.errors.length > 0) ? undefined : plain(documents.map((one) => one.toJS() as unknown));
};
/** Empty documents and values are told apart in many ways, and line breaks inside texts: neither means anything here. */
const bare = (value: unknown): string => JSON.stringify(Array.isArray(value) ? value.filter((one) => one !== null && one !== '') : value).replaceAll('null', '""').replace(/(?:\\n|\s)+/g, ' ');

const texts = [
  "a: 1.10\nb:\n  '@s/c@1.0.0':\n    d: {integrity: sha512-a+b/c==, tarball: https://x/y.tgz}\n    e: [x64, arm64]\n    engines: {node: '>=6, <9', npm: \"1\"}\n  f@2:\n    g: true\n",
  'list:\n- a\n- b: 1\n  c: 2\n-\n  d: 3\n- - x\n  - y\nafter: z\n',
  'list:\n  - name: a\n    of:\n    - 1\n    - 2\n  - name: b\n',
  '# comment\nkey: value # comment\nother: "a # b"\nurl: https://x/y#z\n\n---\nsecond: 2\n',
  'empty:\nmap: {}\nlist: []\nlast:\n',
  "'it''s': 'a''b'\n\"q\": \"a\\\"b\\u0041\\n\"\n",
  '? /a/very/long/key\n: x: {y: 1}\n  z: 2\n? /other\n: w\nnext: 1\n',
  'a: two\n  lines\nb: "in\n  quotes"\nc: \'and\n  so\'\nd: 1\n',
  'nested: {a: {b: [c, {d: e}]}, f: [], g}\n',
  '- a\n- {b: c}\n',
];

describe('the YAML that tools and people write', () => {
  it.each(texts)('%#: as a whole parser reads it', (text) => expect(bare(read(text))).toBe(bare(whole(text))));

  it('passes over literal and folded blocks', () => expect(read('text: |\n  a: b\n\n  c\nfolded: >-\n  d\nend: 1\n')).toEqual([{ text: '', folded: '', end: '1' }]));

  it.each([['a: &x 1\nb: *x\n', 1], ['a: 1\nb: *x\n', 2], ['\ta: 1\n', 1], ['a: !!str 1\n', 1], ['%YAML 1.2\n---\na: 1\n', 1], ['a: b: c\n', 1], ['a:\n    b: 1\n  c: 2\n', 3], ['- a\nb: 1\n', 2], ['a: "open\n', 2], ['a: {b: c\n', 1], ['a: [b]]\n', 1], [`${'- '.repeat(500)}a\n`, 1], [`a: ${'{b: '.repeat(500)}\n`, 1]])('names %j', (text, line) =>
    expect(() => readBlockYaml(text, 'some-code')).toThrow(expect.objectContaining({ code: 'some-code', detail: expect.stringContaining(`line ${line} `) })));

  it('never reads what is written otherwise than a whole parser does', () => {
    const text = fc.oneof(fc.stringMatching(/^[\w@/.:#'"{}[\],&*!|>%? -]{0,12}$/), fc.constantFrom('1.10', '', '@s/a@1.0.0(b@2)', 'a: b', '- x', "it's", 'x #y', 'true', '~', 'null'));
    const key = text.filter((one) => one !== ''), value = fc.letrec((tie) => ({ any: fc.oneof({ maxDepth: 4 }, text, fc.dictionary(key, tie('any'), { maxKeys: 4 }), fc.array(tie('any'), { maxLength: 4 })) })).any;
    let count = 0;
    fc.assert(fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 }), fc.boolean(), (document, indentSeq) => {
      const written = stringify(document, { indentSeq, lineWidth: 0, schema: 'failsafe' }), one = understood(written);
      if (one === undefined || /[|>]/.test(written)) return;
      count++;
      expect(bare(one)).toBe(bare(whole(written)));
    }), { numRuns: 1500, seed: 20261126 });
    expect(count).toBeGreaterThan(150);
  });

  it('never reads what was changed otherwise than a whole parser does', () => {
    const change = fc.tuple(fc.nat(300), fc.nat(2), fc.constantFrom(...' \n:-{}[]\'"#,ab?&'));
    let count = 0;
    fc.assert(fc.property(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 4 }), (text, changes) => {
      const changed = changes.reduce((now, [at, gone, put]) => { const place = at % (now.length + 1); return now.slice(0, place) + put + now.slice(place + gone); }, text), one = understood(changed);
      const expected = one === undefined ? undefined : whole(changed);
      if (expected === undefined) return;
      count++;
      expect(bare(one), JSON.stringify(changed)).toBe(bare(expected));
    }), { numRuns: 3000, seed: 20261126 });
    expect(count).toBeGreaterThan(150);
  });
});
