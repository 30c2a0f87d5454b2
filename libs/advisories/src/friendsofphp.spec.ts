import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, hasShared, problems, record, records, shared } from './feeds.spec-helper.ts';
import { parseFriendsOfPhp } from './friendsofphp.ts';
import { noCounts, readFeed } from './read-feed.ts';
import { recordsOf } from './records-of.ts';

const context = { source: 'test', limits: defaultFeedLimits };
const read = (document: unknown, name = 'acme/shop/2026-01-02-1.yaml') => all(parseFriendsOfPhp(records(record(name, typeof document === 'string' ? document : JSON.stringify(document), 64)), context));
const affected = async (...branches: string[][]) => advisories(await read({ reference: 'composer://acme/shop', branches: Object.fromEntries(branches.map((versions, index) => [index, { versions }])) }))[0]!.affected;

describe('FriendsOfPHP', () => {
  it.each<[string, string[][], object[], string]>([
    ['a branch', [['>=2.0.0', '<2.0.9']], [{ introduced: '2.0.0-dev', fixed: '2.0.9' }], 'available'],
    ['branches', [['<1.5'], ['>=2.0', '<2.0.9-p1']], [{ fixed: '1.5' }, { introduced: '2.0-dev', fixed: '2.0.9-p1' }], 'available'],
    ['the last affected', [['>=2.0.0-beta1', '<=2.0.9']], [{ introduced: '2.0.0-beta1', last_affected: '2.0.9' }], 'unknown'],
    ['no end', [['>=2']], [{ introduced: '2-dev' }], 'none-yet'],
    ['after a version', [['>1.0', '<2.0']], [{ introduced: '1.0-patch0', fixed: '2.0' }], 'available'],
    ['the nearest of several', [['>=1', '>=1.2', '<2', '<1.9']], [{ introduced: '1.2-dev', fixed: '1.9' }], 'available'],
  ])('%s', async (_, branches, ranges, fixState) => {
    expect(await affected(...branches)).toEqual([{ ecosystem: 'Packagist', name: 'acme/shop', status: 'affected', fix_state: fixState, ranges }]);
  });
  it('a constraint that cannot be converted is undetermined, beside those that can', async () => {
    expect(await affected(['>=2.0', '!=2.1'], ['<1.5'])).toEqual([
      { ecosystem: 'Packagist', name: 'acme/shop', status: 'affected', fix_state: 'available', ranges: [{ fixed: '1.5' }] },
      { ecosystem: 'Packagist', name: 'acme/shop', status: 'undetermined', fix_state: 'unknown', vendor_status: "'!= 2.1' is no stretch of versions" },
    ]);
    expect(await affected(['dev-master'])).toMatchObject([{ status: 'undetermined' }]);
  });

  it('names, dates and addresses', async () => {
    const text = "title: A hole\nlink: https://example.org\ncve: CVE-2026-0001\nbranches:\n  2.x:\n    time: 2026-02-03 04:05:06\n    versions: ['<2.1']\n  1.x:\n    time: 2026-02-03\n    versions: [<1.2]\nreference: composer://Acme/Shop\n";
    expect(advisories(await read(text))[0]).toMatchObject({ id: 'CVE-2026-0001', key: 'acme/shop/2026-01-02-1', title: 'A hole', published: '2026-02-03T00:00:00Z', references: ['https://example.org'], affected: [{ name: 'acme/shop', ranges: [{ fixed: '2.1' }, { fixed: '1.2' }] }] });
    expect(advisories(await read(text.replace('CVE-2026-0001', '~')))[0]).toMatchObject({ id: 'acme/shop/2026-01-02-1' });
  });

  it.each([
    ['a: [', 'record-malformed'], ['', 'record-not-friendsofphp'], ['<!doctype html>', 'record-not-friendsofphp'],
    ['reference: composer://acme/shop', 'record-not-friendsofphp'], ['reference: npm://acme\nbranches: {}', 'record-not-friendsofphp'], ["reference: composer://a/b\nbranches: {x: {versions: []}}", 'record-not-friendsofphp'],
  ])('%j is %s', async (text, code) => expect(problems(await read(text))).toEqual([`${code} acme/shop/2026-01-02-1.yaml`]));
  it('passes over other files', async () => expect([...await read('a: 1', '.travis.yml'), ...await read('a: 1', 'security-advisories-master/.github/workflows/ci.yml'), ...await read('{}', 'composer.json'), ...await read('a: 1', 'acme/README.md')]).toEqual([]));

  it.skipIf(!hasShared)(`the whole database of August 2026${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, async () => {
    const counts = noCounts();
    const found = advisories(await all(readFeed({ id: 'test', parse: parseFriendsOfPhp }, recordsOf(shared('feeds/friendsofphp-security-advisories.tar.zst')), counts)));
    expect(counts).toMatchObject({ advisories: 1_592, repeated: 0, rejected: 0 });
    expect(found.flatMap(({ affected: entries }) => entries).filter(({ status }) => status !== 'affected')).toEqual([]);
  }, 60_000);
});
