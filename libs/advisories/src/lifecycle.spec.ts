import { expect, it } from 'vitest';
import { all, problems, record, records } from './feeds.spec-helper.ts';
import { type LifecycleReading, parseEndOfLife } from './lifecycle.ts';
import { readRecords } from './read-records.ts';

const read = (name: string, document: unknown) => all(readRecords<LifecycleReading>({ id: 'endoflife', parse: parseEndOfLife }, records(record(name, typeof document === 'string' ? document : JSON.stringify(document)))));

it('all products in one file', async () => {
  expect(await read('full', { schema_version: '1.2.0', result: [
    { name: 'debian', category: 'os', releases: [{ name: '12', releaseDate: '2023-06-10', eolFrom: '2026-06-10', isEol: false, eoesFrom: '2028-06-30' }] },
    { name: 'nodejs', category: 'lang', releases: [{ name: '16', eolFrom: '2023-09-11', isEol: true }] },
  ] })).toEqual([
    { kind: 'lifecycle', lifecycle: { product: 'debian', release: '12', ecosystem: 'Debian:12', source: 'endoflife', released: '2023-06-10', ends: '2026-06-10', ended: false, extended_ends: '2028-06-30' } },
    { kind: 'lifecycle', lifecycle: { product: 'nodejs', release: '16', source: 'endoflife', ends: '2023-09-11', ended: true } },
  ]);
});

it('the older form, a file a product', async () => {
  expect(await read('alpine.json', [{ cycle: '3.18', eol: '2025-05-09' }, { cycle: 3.17, eol: true }, { cycle: '3.22', eol: false }])).toMatchObject([
    { lifecycle: { product: 'alpine', release: '3.18', ecosystem: 'Alpine:v3.18', ends: '2025-05-09' } }, { lifecycle: { release: '3.17', ended: true } }, { lifecycle: { release: '3.22', ended: false } },
  ]);
});

it('a release that cannot be read is set aside', async () => {
  expect(problems(await read('alpine.json', [{ cycle: '3.18' }, { eol: false }, 7]) as never)).toEqual(['record-not-lifecycle alpine.json alpine[1]', 'record-not-lifecycle alpine.json alpine[2]']);
  await expect(read('full', '<!doctype html>')).rejects.toMatchObject({ code: 'feed-malformed' });
});
