import { expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, problems, record, records } from './feeds.spec-helper.ts';
import { parseRetireJs } from './retirejs.ts';

const read = (...files: readonly (readonly [name: string, document: unknown])[]) =>
  all(parseRetireJs(records(...files.map(([name, document]) => record(name, typeof document === 'string' ? document : JSON.stringify(document)))), { source: 'retirejs', limits: defaultFeedLimits }));
const list = (vulnerability: object, more = {}) => ({ jquery: { npmname: 'jquery', ...more, vulnerabilities: [{ severity: 'medium', identifiers: { summary: 'x', CVE: ['CVE-2026-0001'] }, ...vulnerability }] } });

it.each<[string, object, object]>([
  ['below', { below: '1.9.0b1' }, { ranges: [{ fixed: '1.9.0b1' }], fix_state: 'available' }],
  ['between', { atOrAbove: '1.3.0-*', below: '1.3.2' }, { ranges: [{ introduced: '1.3.0-0', fixed: '1.3.2' }] }],
  ['several', { ranges: [{ below: '1.2.0' }, { atOrAbove: '2.0.0', below: '2.1.0' }] }, { ranges: [{ fixed: '1.2.0' }, { introduced: '2.0.0', fixed: '2.1.0' }] }],
  ['but for one', { below: '2.0.0', excludes: ['1.5.0'] }, { ranges: [{ fixed: '1.5.0' }, { introduced: '1.5.1-0', fixed: '2.0.0' }] }],
  ['never repaired', { below: '999.999.999' }, { fix_state: 'none-yet' }],
  ['what nobody can order', { below: 'the last' }, { ranges: [{ fixed: 'the last' }] }],
])('%s', async (_, vulnerability, expected) => {
  expect(advisories(await read(['jsrepository-v6.json', list(vulnerability)]))).toMatchObject([{ id: 'CVE-2026-0001', severity: 'medium', affected: [{ ecosystem: 'npm', name: 'jquery', ...expected }] }]);
});

it('a library that is no package is of no registry', async () => {
  expect(advisories(await read(['jsrepository-v6.json', list({ below: '1.0.0' }, { npmname: undefined })]))).toMatchObject([{ affected: [{ ecosystem: 'JavaScript', name: 'jquery' }] }]);
  expect(advisories(await read(['npmrepository.json', { left: { vulnerabilities: [{ below: '1.0.0', info: ['https://x'] }] } }]))).toMatchObject([{ id: expect.stringMatching(/^RETIREJS-left-/), affected: [{ ecosystem: 'npm', name: 'left' }] }]);
});

it('of the same list in several shapes the newest is read, in whatever order they come', async () => {
  const shapes = [['repository/jsrepository-v2.json', list({ below: '1.0.0' })], ['repository/jsrepository-v6.json', list({ below: '2.0.0' })], ['repository/jsrepository.json', list({ below: '3.0.0' })], ['repository/testcases.json', { x: 1 }]] as const;
  for (const files of [shapes, shapes.toReversed()]) {
    expect(advisories(await read(...files)).map(({ key }) => key)).toEqual(['js/jquery/CVE-2026-0001/..2.0.0']);
  }
  expect(advisories(await read(['jsrepository-v5-combined.json', { advisories: list({ below: '1.0.0' }), backdoored: {} }]))).toHaveLength(1);
});

it.each<[string, unknown, string]>([['no list', '[1]', 'record-not-retirejs'], ['a web page', '<!doctype html>', 'record-malformed'], ['a range that is none', list({ below: 3 }), 'record-not-retirejs']])('%s is set aside', async (_, document, code) => {
  expect(problems(await read(['jsrepository-v6.json', document])).map((line) => line.split(' ')[0])).toEqual([code]);
});
