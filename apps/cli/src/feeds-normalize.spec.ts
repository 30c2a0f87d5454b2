import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { aHome, inShell } from './plimsoll.spec-helper.ts';

const home = aHome();
afterAll(() => home.remove());
const write = (name: string, content: unknown): string => { writeFileSync(home.file(name), typeof content === 'string' ? content : JSON.stringify(content)); return name; };
const osv = (id: string, more = {}) => ({ id, modified: '2026-01-02T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name: 'left' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.0' }] }] }], ...more });
const lines = (out: string) => out.trim().split('\n').map((line) => JSON.parse(line) as object);

it.each<[string, string, unknown, readonly object[], string]>([
  ['osv', 'a.json', [osv('GHSA-1'), { id: 7, affected: [] }], [{ id: 'GHSA-1', source: 'osv', affected: [{ ecosystem: 'npm', name: 'left', ranges: [{ fixed: '1.0.0' }] }] }, { rejected: { record: 'a.json[1]', code: 'record-not-osv' } }], 'osv: 1 advisory, 1 record kept aside: record-not-osv 1'],
  ['cisa-kev', 'kev.csv', 'cveID,dateAdded\nCVE-2026-0001,2026-01-02\n', [{ cve: 'CVE-2026-0001', kev: { added: '2026-01-02' } }], 'cisa-kev: 1 enrichment, 0 records kept aside'],
  ['auto', 'vex.json', { '@context': 'https://openvex.dev/ns/v0.2.0', statements: [{ vulnerability: 'CVE-2026-0001', products: [{ '@id': 'pkg:npm/left' }, ], status: 'fixed' }, { vulnerability: 'CVE-2026-0002', products: [{ '@id': 'our shop' }], status: 'fixed' }] },
    [{ key: 'vex.json#0', id: 'CVE-2026-0001', products: ['pkg:npm/left'] }, { rejected: { code: 'statement-unbound' } }], 'vex: 1 statement, 1 record kept aside: statement-unbound 1'],
  ['endoflife', 'debian.json', [{ cycle: '12', eol: '2026-06-10' }], [{ product: 'debian', release: '12', ecosystem: 'Debian:12', ends: '2026-06-10' }], 'endoflife: 1 lifecycle, 0 records kept aside'],
])('%s %s', async (source, name, content, expected, says) => {
  const { code, out, err } = await home.plimsoll(['feeds', 'normalize', source, write(name, content)]);
  expect({ code, err }).toEqual({ code: 0, err: `${says}\n` });
  expect(lines(out)).toMatchObject(expected);
});

it('of two records with one key the last line counts, whichever came first', async () => {
  const older = osv('GHSA-1', { modified: '2025-01-01T00:00:00Z', summary: 'older' }), newer = osv('GHSA-1', { summary: 'newer' });
  for (const list of [[older, newer], [newer, older]]) {
    const { out } = await home.plimsoll(['feeds', 'normalize', 'osv', write('twice.json', list)]);
    expect(lines(out).findLast((line) => !('rejected' in line))).toMatchObject({ title: 'newer' });
    expect(lines(out)).toContainEqual({ rejected: expect.objectContaining({ record: 'GHSA-1', code: 'record-duplicate' }) });
  }
});

it.each<[readonly string[], string]>([
  [['github', 'x'], 'did you mean'], [['cobol', 'x'], '`plimsoll feeds sources` lists them'], [['osv'], 'needs SOURCE and FILE'], [['osv', 'nowhere'], 'feed-missing'],
])('%j says what to do', async (words, says) => {
  expect(await home.plimsoll(['feeds', 'normalize', ...words])).toMatchObject({ code: 1, out: '', err: expect.stringContaining(says) });
});
it.each([['', 'feed-malformed'], ['[]', 'feed-empty'], ['<!doctype html><html>', 'feed-malformed'], ['{"id": "GHSA-1"', 'feed-malformed']])('a file of %j is refused as %s', async (text, code) => {
  expect(await home.plimsoll(['feeds', 'normalize', 'osv', write('bad.json', text)])).toMatchObject({ code: 1, err: expect.stringContaining(`(${code})`) });
});

it('a reader that has enough ends it quietly', () => {
  write('many.json', Array.from({ length: 20_000 }, (_, i) => osv(`GHSA-${i}`)));
  expect(inShell('plimsoll feeds normalize osv many.json | head -1 | cut -c1-13', { cwd: home.path })).toMatchObject({ out: '{"id":"GHSA-0\n'.slice(0, 13) + '\n', err: '' });
});

it('the table of sources can be read by people and programs', async () => {
  expect((await home.plimsoll(['feeds', 'sources'])).out).toMatch(/osv-npm +OSV npm +advisories +30 min/);
  expect(JSON.parse((await home.plimsoll(['feeds', 'sources', '--json'])).out)).toContainEqual(expect.objectContaining({ id: 'epss', gives: 'enrichments', fetched: true, interval_seconds: 21_600 }));
});
