import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, problems, record, records } from './feeds.spec-helper.ts';
import { parseGithubApi } from './github-api.ts';

const read = (document: unknown) => all(parseGithubApi(records(record('page.json', typeof document === 'string' ? document : JSON.stringify(document))), { source: 'github-api', limits: defaultFeedLimits }));
const rest = (vulnerability: object, more = {}) => ({ ghsa_id: 'GHSA-aaaa-bbbb-cccc', cve_id: 'CVE-2026-0001', summary: 'x', severity: 'high', vulnerabilities: [{ package: { ecosystem: 'npm', name: 'left' }, ...vulnerability }], ...more });
const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';

describe('REST', () => {
  it('a page of advisories', async () => {
    const page = [rest({ vulnerable_version_range: '>= 1.0.0, < 1.2.3', first_patched_version: '1.2.3' }, {
      identifiers: [{ type: 'GHSA', value: 'GHSA-aaaa-bbbb-cccc' }, { type: 'CVE', value: 'CVE-2026-0001' }], references: ['https://x'], published_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-02T00:00:00Z', withdrawn_at: null,
      cvss_severities: { cvss_v3: { vector_string: vector, score: 9.8 }, cvss_v4: { vector_string: null } },
    })];
    expect(advisories(await read(page))).toEqual([{
      id: 'GHSA-aaaa-bbbb-cccc', key: 'GHSA-aaaa-bbbb-cccc', source: 'github-api', aliases: ['CVE-2026-0001'], vulnerabilities: [], title: 'x', published: '2026-01-01T00:00:00Z', modified: '2026-01-02T00:00:00Z',
      severities: [{ type: 'CVSS_V3', vector, score: 9.8 }], severity: 'high', references: ['https://x'],
      affected: [{ ecosystem: 'npm', name: 'left', fix_state: 'available', status: 'affected', ranges: [{ introduced: '1.0.0', fixed: '1.2.3' }] }],
    }]);
  });

  it.each<[string, object]>([
    ['< 1.2.3', { ranges: [{ fixed: '1.2.3' }] }], ['<= 1.2.3', { ranges: [{ last_affected: '1.2.3' }] }], ['= 1.2.3', { ranges: [{ introduced: '1.2.3', last_affected: '1.2.3' }] }],
    ['> 1.2.3, <= 2.0.0', { ranges: [{ introduced: '1.2.4-0', last_affected: '2.0.0' }] }], ['>= 2.0.0, < 1.0.0', { status: 'not-affected' }],
    ['all of them', { status: 'undetermined', vendor_status: '\'all of them\' is no comparison' }], ['', { status: 'undetermined' }],
  ])('%j', async (range, expected) => {
    expect(advisories(await read(rest({ vulnerable_version_range: range })))).toMatchObject([{ affected: [expected] }]);
  });

  it.each([['pip', 'Some_Thing', 'PyPI', 'some-thing'], ['composer', 'A/B', 'Packagist', 'a/b'], ['rust', 'a_b', 'crates.io', 'a-b'], ['erlang', 'plug', 'Hex', 'plug'], ['go', 'example.org/x', 'Go', 'example.org/x']])('%s is %s of %s', async (registry, name, ecosystem, normal) => {
    expect(advisories(await read(rest({ package: { ecosystem: registry, name }, vulnerable_version_range: '< 1.0.0' })))).toMatchObject([{ affected: [{ ecosystem, name: normal }] }]);
  });

  it('what is of no registry is not taken for any', async () => {
    expect(advisories(await read(rest({ package: { ecosystem: 'other', name: 'left' }, vulnerable_version_range: '< 1.0.0' })))).toMatchObject([{ affected: [] }]);
  });
});

it('GraphQL says the same in its own words', async () => {
  const node = { ghsaId: 'GHSA-aaaa-bbbb-cccc', summary: 'x', severity: 'MODERATE', identifiers: [{ type: 'CVE', value: 'CVE-2026-0001' }], references: [{ url: 'https://x' }], publishedAt: '2026-01-01T00:00:00Z', withdrawnAt: '2026-02-01T00:00:00Z',
    cvssSeverities: { cvssV3: { vectorString: vector } }, vulnerabilities: { nodes: [{ package: { ecosystem: 'NPM', name: 'left' }, vulnerableVersionRange: '< 1.2.3', firstPatchedVersion: { identifier: '1.2.3' } }] } };
  expect(advisories(await read({ data: { securityAdvisories: { nodes: [node] } } }))).toMatchObject([{ aliases: ['CVE-2026-0001'], severity: 'medium', withdrawn: '2026-02-01T00:00:00Z', severities: [{ score: 9.8 }], affected: [{ fix_state: 'available', ranges: [{ fixed: '1.2.3' }] }] }]);
});

it.each<[string, unknown, string]>([['a page cut short', '[{"ghsa_id":', 'record-truncated page.json'], ['a message', { message: 'API rate limit exceeded' }, 'record-not-github page.json[0]'], ['one of several', [rest({}, { ghsa_id: 'x' })], 'record-not-github page.json[0]']])('%s is set aside', async (_, document, problem) => {
  expect(problems(await read(document))).toEqual([problem]);
});
