import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, problems, record, records } from './feeds.spec-helper.ts';
import { parseNodejs } from './nodejs.ts';

const read = (name: string, document: unknown) => all(parseNodejs(records(record(name, typeof document === 'string' ? document : JSON.stringify(document))), { source: 'nodejs', limits: defaultFeedLimits }));
const rangesOf = async (name: string, document: unknown) => advisories(await read(name, document)).flatMap(({ affected }) => affected.map(({ status, fix_state, ranges, vendor_status }) => ({ status, fix_state, ranges, vendor_status })));

describe('a module', () => {
  const module = (vulnerable_versions: string | null, patched_versions: string | null = null) => ({ id: 7, title: 'x', module_name: 'left', cves: ['CVE-2026-0001'], vulnerable_versions, patched_versions });
  it.each<[string, string | null, string | null, object]>([
    ['one end', '<=1.5.1', '>=1.5.2', { status: 'affected', fix_state: 'available', ranges: [{ last_affected: '1.5.1' }] }],
    ['two stretches', '<1.2.0 || >=2.0.0 <2.1.3', '>=2.1.3', { status: 'affected', fix_state: 'available', ranges: [{ fixed: '1.2.0' }, { introduced: '2.0.0', fixed: '2.1.3' }] }],
    ['a stretch that begins after a version', '>1.2.3 <=1.3.0', null, { status: 'affected', fix_state: 'none-yet', ranges: [{ introduced: '1.2.4-0', last_affected: '1.3.0' }] }],
    ['all of it, and nothing repairs it', '*', '<0.0.0', { status: 'affected', fix_state: 'none-yet' }],
    ['words', 'the old ones', null, { status: 'undetermined', vendor_status: expect.stringContaining('the old ones') }],
    ['nothing', null, null, { status: 'undetermined' }],
  ])('%s', async (_, vulnerable, patched, expected) => {
    expect(await rangesOf('vuln/npm/7.json', module(vulnerable, patched))).toEqual([expect.objectContaining(expected)]);
  });
  it('is known by its number, and by the CVE when there is one', async () => {
    expect(advisories(await read('vuln/npm/7.json', module('<1.0.0')))).toMatchObject([{ id: 'NSWG-ECO-7', aliases: ['CVE-2026-0001'], affected: [{ ecosystem: 'npm', name: 'left' }] }]);
    expect(advisories(await read('vuln/npm/7.json', { ...module('<1.0.0'), cves: ['CVE-2026-0001', 'CVE-2026-0002'] }))).toMatchObject([{ aliases: [], vulnerabilities: ['CVE-2026-0001', 'CVE-2026-0002'] }]);
  });
});

it('Node.js itself is affected in its release lines but for what repairs them', async () => {
  const core = { cve: ['CVE-2026-0001'], vulnerable: '18.x || 20.x || 21.x', patched: '^18.9.1 || ^20.2.0', severity: 'high', overview: 'x' };
  expect(advisories(await read('vuln/core/9.json', core))).toMatchObject([{ id: 'NSWG-COR-9', severity: 'high', affected: [{ ecosystem: 'Node.js', name: 'node', fix_state: 'available' }] }]);
  // Nobody released a 22.0.0-0, and it repairs nothing.
  expect(await rangesOf('vuln/core/9.json', core)).toMatchObject([{ ranges: [{ introduced: '18.0.0-0', fixed: '18.9.1' }, { introduced: '20.0.0-0', fixed: '20.2.0' }, { introduced: '21.0.0-0', limit: '22.0.0-0' }] }]);
});

it('what a dependency has and Node.js has not is said too', async () => {
  expect(advisories(await read('vuln/deps/1.json', { cve: ['CVE-2026-0001'], description: 'x', reason: 'vulnerable_code_not_present' }))).toMatchObject([{ id: 'NSWG-DEP-1', affected: [{ name: 'node', status: 'not-affected', vendor_status: 'vulnerable_code_not_present' }] }]);
});

it.each([['vuln/npm/1.json', '{"id": 1', 'record-truncated'], ['vuln/npm/1.json', '[]', 'record-not-nodejs'], ['vuln/core/1.json', '<html>', 'record-malformed']])('%s of %j is set aside as %s', async (name, text, code) => {
  expect(problems(await read(name, text))).toEqual([`${code} ${name}`]);
});
it('other files are passed over', async () => {
  expect(await read('vuln/npm/index.json', '{}')).toEqual([]);
});
