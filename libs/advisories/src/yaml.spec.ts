import { expect, it } from 'vitest';
import { parseYaml } from './yaml.ts';

it('reads YAML, and none that costs more than it can be worth', () => {
  expect(parseYaml('a: [1, "2"]')).toEqual({ a: [1, '2'] });
  expect(() => parseYaml('"'.repeat(300_000))).toThrow(expect.objectContaining({ code: 'record-too-large' }));
});
