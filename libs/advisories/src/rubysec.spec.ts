import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, hasShared, problems, record, records, shared } from './feeds.spec-helper.ts';
import { noCounts, readFeed } from './read-feed.ts';
import { recordsOf } from './records-of.ts';
import { parseRubySec } from './rubysec.ts';

const context = { source: 'test', limits: defaultFeedLimits };
const read = (text: string, name = 'gems/rack/CVE-2026-0001.yml') => all(parseRubySec(records(record(name, text, 64)), context));
const affected = async (patched: readonly string[], unaffected: readonly string[] = []) =>
  advisories(await read(`gem: rack\ncve: 2026-0001\npatched_versions: ${JSON.stringify(patched)}\nunaffected_versions: ${JSON.stringify(unaffected)}\n`))[0]!.affected[0]!;

describe('the Ruby advisory database', () => {
  it.each<[string, string[], string[], object[]]>([
    ['one repair', ['>= 2.0'], [], [{ fixed: '2.0' }]],
    ['a repair that is not named', ['> 2.0'], [], [{ last_affected: '2.0' }]],
    ['branches', ['~> 2.0.9, >= 2.0.9.4', '~> 2.1.4, >= 2.1.4.4', '>= 2.2.8'], [], [{ fixed: '2.0.9.4' }, { introduced: '2.1.A', fixed: '2.1.4.4' }, { introduced: '2.2.A', fixed: '2.2.8' }]],
    ['in another order', ['>= 2.2.8', '~> 2.0.9'], [], [{ fixed: '2.0.9' }, { introduced: '2.1.A', fixed: '2.2.8' }]],
    ['a beginning', ['>= 2.0'], ['< 1.2'], [{ introduced: '1.2', fixed: '2.0' }]],
    ['a beginning after a version', ['>= 2.0'], ['<= 1.2'], [{ introduced: '1.2.0.0.0.0.1', fixed: '2.0' }]],
    ['one version', ['= 1.5'], [], [{ fixed: '1.5' }, { introduced: '1.5.0.0.0.0.1' }]],
    ['stretches that overlap and repeat', ['>= 2.0', '>= 1.8', '~> 1.8.2'], ['< 1.0', '< 0.9'], [{ introduced: '1.0', fixed: '1.8' }]],
    ['two numbers', ['~> 1.2'], [], [{ fixed: '1.2' }, { introduced: '2.A' }]],
    ['a prerelease', ['~> 1.2.0-rc1'], [], [{ fixed: '1.2.0-rc1' }, { introduced: '1.3.A' }]],
    ['one that no version meets', ['< 1, > 2', '>= 3'], [], [{ fixed: '3' }]],
  ])('%s', async (_, patched, unaffected, ranges) => {
    expect(await affected(patched, unaffected)).toEqual({ ecosystem: 'RubyGems', name: 'rack', status: 'affected', fix_state: 'available', ranges });
  });

  it('no repair', async () => {
    expect(await affected([])).toEqual({ ecosystem: 'RubyGems', name: 'rack', status: 'affected', fix_state: 'none-yet' });
    expect(await affected([], ['< 1.2'])).toMatchObject({ fix_state: 'none-yet', ranges: [{ introduced: '1.2' }] });
  });
  it('nothing left', async () => expect(await affected(['>= 1'], ['< 2'])).toMatchObject({ status: 'not-affected' }));
  it.each([[['!= 1.2']], [['latest']], [['>= 1.2 beta']], [['=> 2']], [['']]])('%j cannot be converted, and is no "not affected"', async (patched) => {
    expect(await affected(patched)).toMatchObject({ status: 'undetermined', fix_state: 'unknown', vendor_status: expect.stringContaining(patched[0]!.replace('!= ', '')) });
  });

  it('names, severity and addresses', async () => {
    const [advisory] = advisories(await read('gem: rack\ncve: 2026-0001\nghsa: aaaa-bbbb-cccc\nosvdb: 12345\ntitle: "Denial of service"\ndate: 2026-01-02\nurl: https://example.org\ncvss_v3: 7.5\ncvss_v2: 4.0\npatched_versions:\n  - ">= 2"\nrelated:\n  url:\n    - https://example.com\n'));
    expect(advisory).toEqual({
      id: 'CVE-2026-0001', key: 'gems/rack/CVE-2026-0001', source: 'test', aliases: ['GHSA-aaaa-bbbb-cccc', 'OSVDB-12345'], vulnerabilities: [], title: 'Denial of service',
      published: '2026-01-02T00:00:00Z', severities: [], severity: 'high', references: ['https://example.org', 'https://example.com', 'https://www.cve.org/CVERecord?id=CVE-2026-0001'],
      affected: [{ ecosystem: 'RubyGems', name: 'rack', status: 'affected', fix_state: 'available', ranges: [{ fixed: '2' }] }],
    });
    expect(advisories(await read('engine: jruby\nghsa: aaaa-bbbb-cccc\n', 'rubies/jruby/GHSA-aaaa-bbbb-cccc.yml'))[0]).toMatchObject({ id: 'GHSA-aaaa-bbbb-cccc', key: 'rubies/jruby/GHSA-aaaa-bbbb-cccc', affected: [{ ecosystem: 'Ruby', name: 'jruby' }] });
  });

  it.each([
    ['a: [', 'record-malformed'], ['', 'record-not-rubysec'], ['<html>', 'record-not-rubysec'], ['title: x', 'record-not-rubysec'], ['gem: rack\npatched_versions: 3', 'record-not-rubysec'], ['- gem: rack', 'record-not-rubysec'], ['gem: rack\ncvss_v3: 77', 'record-not-rubysec'],
  ])('%j is %s', async (text, code) => expect(problems(await read(text))).toEqual([`${code} gems/rack/CVE-2026-0001.yml`]));
  it('passes over other files', async () => expect([...await read('a: 1', '.github/workflows/ci.yml'), ...await read('a: 1', '.rubocop.yml'), ...await read('a: 1', 'ruby-advisory-db-master/.rubocop.yml')]).toEqual([]));

  it.skipIf(!hasShared)(`the whole database of August 2026${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, async () => {
    const counts = noCounts();
    const found = advisories(await all(readFeed({ id: 'test', parse: parseRubySec }, recordsOf(shared('feeds/rubysec-ruby-advisory-db.tar.zst')), counts)));
    expect(counts).toMatchObject({ advisories: 1_381, affected: 1_381, repeated: 0, rejected: 0 });
    expect(found.flatMap(({ affected: entries }) => entries).filter(({ status }) => status === 'undetermined')).toEqual([]);
  }, 60_000);
});
