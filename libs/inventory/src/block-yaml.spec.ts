import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { readBlockYaml } from './block-yaml.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const whole = (text: string): unknown[] => [...parseAllDocuments(text, { uniqueKeys: false, schema: 'failsafe' })].map((one) => { if (one.errors[0]) throw one.errors[0]; return one.toJS() as unknown; });

describe('the YAML that tools write', () => {
  it.each([
    "a: 1.10\nb:\n  '@s/c@1.0.0':\n    d: {integrity: sha512-a+b/c==, tarball: https://x/y.tgz}\n    e: [x64, arm64]\n    engines: {node: '>=6, <9', npm: \"1\"}\n  f@2:\n    g: true\n",
    'list:\n- a\n- b: 1\n  c: 2\n-\n  d: 3\n- - x\n  - y\nafter: z\n',
    'list:\n  - name: a\n    of:\n    - 1\n    - 2\n  - name: b\n',
    '# comment\nkey: value # comment\nother: "a # b"\nurl: https://x/y#z\n\n---\nsecond: 2\n',
    'text: |\n  a: b\n\n  c\nfolded: >-\n  d\nend: 1\n',
    'empty:\nmap: {}\nlist: []\nlast:\n',
    "'it''s': 'a''b'\n\"q\": \"a\\\"b\"\n",
  ])('%#: as a whole parser reads it', (text) => {
    const read = readBlockYaml(text);
    expect(read).toBeDefined();
    // Literal blocks are passed over.
    expect(plain(read)).toEqual(plain(whole(text)).map((one) => (one !== null && typeof one === 'object' && 'text' in one ? { ...one, text: '', folded: '' } : one)));
  });

  it.each(['a: &x 1\nb: *x\n', '? long\n: value\n', 'a: "\\u0041"\n', 'a: two\n  lines\n', 'a: "two\n  lines"\n', '{a: {b: c}}\n', 'a: {b: [c]}\n', '\ta: 1\n', 'a: !!str 1\n', '%YAML 1.2\n---\na: 1\n', 'a: b: c\n', 'a:\n    b: 1\n  c: 2\n', '- a\nb: 1\n'])('leaves %j to the whole parser', (text) => expect(readBlockYaml(text)).toBeUndefined());

  it('never reads anything otherwise than a whole parser does', () => {
    const text = fc.oneof(fc.stringMatching(/^[\w@/.:#'"{}[\],&*!|>%? -]{0,12}$/), fc.constantFrom('1.10', '', '@s/a@1.0.0(b@2)', 'a: b', '- x', "it's", 'x #y', 'true', '~', 'null'));
    const value = fc.letrec((tie) => ({ any: fc.oneof({ maxDepth: 4 }, text, fc.dictionary(text.filter((one) => one !== ''), tie('any'), { maxKeys: 4 }), fc.array(tie('any'), { maxLength: 4 })) })).any;
    let understood = 0;
    fc.assert(fc.property(fc.dictionary(text.filter((one) => one !== ''), value, { minKeys: 1, maxKeys: 4 }), fc.boolean(), (document, indentSeq) => {
      const written = stringify(document, { indentSeq, lineWidth: 0, schema: 'failsafe' }), read = readBlockYaml(written);
      if (read === undefined || written.includes('|') || written.includes('>')) return;
      understood++;
      expect(plain(read)).toEqual(plain(whole(written)));
    }), { numRuns: 1500 });
    expect(understood).toBeGreaterThan(100);
  });
});
