import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, codeOf, problems, record, records } from './feeds.spec-helper.ts';
import { advisoryOfOsv, parseOsv } from './osv.ts';
import { rangesOf } from './osv-ranges.ts';
import { noCounts, readFeed } from './read-feed.ts';

const minimal = { id: 'GHSA-xxxx', modified: '2026-01-01T00:00:00Z' };
const entry = (more: object) => ({ package: { ecosystem: 'npm', name: 'left-pad' }, ...more });
const affectedOf = (more: object, top: object = {}) => advisoryOfOsv({ ...minimal, ...top, affected: [entry(more)] }, 'test').affected[0];
const events = (...list: object[]) => ({ ranges: [{ type: 'SEMVER', events: list }] });

describe('an OSV record', () => {
  it('keeps what matching and people need', () => {
    expect(advisoryOfOsv({
      ...minimal, published: '2025-12-31T00:00:00Z', aliases: ['CVE-2026-0001'], summary: 'Something bad', details: 'long', withdrawn: '2026-02-02T00:00:00Z',
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }, { type: 'CVSS_V3', score: '' }, { type: 'CVSS_V4', score: 'CVSS:4.0/nonsense' }],
      references: [{ type: 'WEB', url: 'https://example.org' }], database_specific: { severity: 'MODERATE' },
      affected: [entry(events({ introduced: '0' }, { fixed: '1.2.0' }))],
    }, 'osv-npm')).toEqual({
      id: 'GHSA-xxxx', key: 'GHSA-xxxx', source: 'osv-npm', aliases: ['CVE-2026-0001'], vulnerabilities: [], title: 'Something bad',
      published: '2025-12-31T00:00:00Z', modified: '2026-01-01T00:00:00Z', withdrawn: '2026-02-02T00:00:00Z',
      severities: [{ type: 'CVSS_V3', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 }, { type: 'CVSS_V4', vector: 'CVSS:4.0/nonsense' }],
      severity: 'medium', references: ['https://example.org'],
      affected: [{ ecosystem: 'npm', name: 'left-pad', status: 'affected', ranges: [{ fixed: '1.2.0' }], fix_state: 'available' }],
    });
  });

  it.each<[string, object, object]>([
    ['no fix', events({ introduced: '0' }), { status: 'affected', ranges: [{}], fix_state: 'none-yet' }],
    ['last affected', events({ introduced: '1.0.0' }, { last_affected: '1.5.0' }), { ranges: [{ introduced: '1.0.0', last_affected: '1.5.0' }], fix_state: 'unknown' }],
    ['only listed versions', { versions: ['1.0.0'] }, { status: 'affected', versions: ['1.0.0'], fix_state: 'none-yet' }],
    ['only commits', { ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] }, { status: 'undetermined', vendor_status: 'git-range-only', fix_state: 'unknown' }],
    ['nothing at all', {}, { status: 'undetermined', vendor_status: 'no-versions', fix_state: 'unknown' }],
    ['commits and versions', { ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }], versions: ['1.0.0'] }, { status: 'affected', versions: ['1.0.0'] }],
    ['nulls where lists should be', { ranges: null, versions: ['1.0.0'], severity: null }, { status: 'affected' }],
    ['a range that never opens', events({ fixed: '1.0.0' }), { status: 'not-affected' }],
    ["a package's own severity", { ...events({ introduced: '0' }), severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] }, { severity: 'critical' }],
    ['an unmaintained crate', { ...events({ introduced: '0' }), database_specific: { informational: 'unmaintained' } }, { severity: 'negligible', vendor_status: 'unmaintained' }],
    ["Debian's urgency", { ...events({ introduced: '0' }), ecosystem_specific: { urgency: 'unimportant' } }, { severity: 'negligible', vendor_status: 'unimportant' }],
    ['a release out of support', { ...events({ introduced: '0' }), ecosystem_specific: { urgency: 'end-of-life' } }, { fix_state: 'end-of-life' }],
    ['a module', { ...events({ introduced: '0' }), ecosystem_specific: { rpm_modularity: 'nodejs:18' } }, { module: 'nodejs:18' }],
  ])('with %s', (_, more, expected) => {
    expect(affectedOf(more)).toMatchObject(expected);
  });

  it('names ecosystems and packages in one way', () => {
    const { affected } = advisoryOfOsv({ ...minimal, affected: [
      { package: { ecosystem: 'Ubuntu:22.04:LTS', name: 'bash' }, versions: ['1'] }, { package: { ecosystem: 'Ubuntu:Pro:14.04:LTS', name: 'bash' }, versions: ['1'] },
      { package: { ecosystem: 'PyPI', name: 'Ruamel.YAML' }, versions: ['1'] }, { package: { ecosystem: 'Debian:6.0', name: 'bash' }, versions: ['1'] },
      { ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] }, { package: {}, versions: ['1'] },
    ] }, 'test');
    expect(affected.map(({ ecosystem, name }) => `${ecosystem} ${name}`)).toEqual(['Ubuntu:22.04 bash', 'Ubuntu:Pro:14.04 bash', 'PyPI ruamel-yaml', 'Debian:6 bash']);
  });

  it.each<[string, object, string[], string[]]>([
    ['an ordinary record', { id: 'PYSEC-1', aliases: ['CVE-2026-0001', 'GHSA-a'], related: ['CVE-2026-0009'] }, ['CVE-2026-0001', 'GHSA-a'], []],
    ['a record of several CVEs', { id: 'GO-1', aliases: ['CVE-2026-0001', 'GHSA-a', 'CVE-2026-0002', 'GHSA-b'] }, [], ['CVE-2026-0001', 'CVE-2026-0002']],
    ['a notice', { id: 'ALSA-2026:1', related: ['CVE-2026-0001', 'CVE-2026-0002'] }, [], ['CVE-2026-0001', 'CVE-2026-0002']],
    ['a notice of one CVE', { id: 'DSA-1-1', upstream: ['CVE-2026-0001'] }, [], ['CVE-2026-0001']],
    ['a notice of none', { id: 'ALBA-2026:1' }, [], []],
    ["a distribution's record of a CVE", { id: 'UBUNTU-CVE-2026-0001', upstream: ['CVE-2026-0001'] }, ['CVE-2026-0001'], []],
    ["a notice of a distribution's records", { id: 'USN-1-1', upstream: ['UBUNTU-CVE-2026-0001'] }, [], ['CVE-2026-0001']],
  ])('tells aliases from listed problems: %s', (_, record, aliases, vulnerabilities) => {
    expect(advisoryOfOsv({ ...minimal, ...record }, 'test')).toMatchObject({ aliases, vulnerabilities });
  });

  it('keys a notice by its release, where it has one', () => {
    const key = (...ecosystems: string[]) => advisoryOfOsv({ ...minimal, affected: ecosystems.map((ecosystem) => ({ package: { ecosystem, name: 'a' }, versions: ['1'] })) }, 'test').key;
    expect([key('AlmaLinux:8'), key('AlmaLinux:9'), key('AlmaLinux:8', 'AlmaLinux:9'), key('npm'), key()]).toEqual(['GHSA-xxxx@AlmaLinux:8', 'GHSA-xxxx@AlmaLinux:9', 'GHSA-xxxx', 'GHSA-xxxx', 'GHSA-xxxx']);
  });

  it.each<[string, string, string[]]>([
    ['in the title', 'Important: nodejs:18 security update', ['nodejs:18']], ['with its twin', 'Moderate: python38:3.8 and python38-devel:3.8 security update', ['python38:3.8', 'python38-devel:3.8']], ['of several', 'Moderate: pki-core:10.6 and pki-deps:10.6 security update', ['pki-core:10.6', 'pki-deps:10.6']],
    ['nowhere', 'Important: nodejs security update', ['undetermined']],
  ])('takes the stream of a module that is named %s', (_, summary, expected) => {
    const { affected } = advisoryOfOsv({ ...minimal, id: 'ALSA-2026:1', summary, affected: [{ package: { ecosystem: 'AlmaLinux:8', name: 'npm' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '18-1.module_el8' }] }] }] }, 'test');
    expect(affected.map(({ module, status }) => module ?? status)).toEqual(expected);
  });
  it('does not guess the stream of a package that is in two modules', () => {
    const entryOf = (fixed: string) => ({ package: { ecosystem: 'AlmaLinux:8', name: 'ipa-client' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }] });
    const { affected } = advisoryOfOsv({ ...minimal, id: 'ALSA-2026:1', summary: 'Moderate: idm:DL1 and idm:client security update', affected: [entryOf('4.9-1.module_el8'), entryOf('4.9-2.module_el8')] }, 'test');
    expect(affected.map(({ module, status, vendor_status: word }) => [module, status, word])).toEqual(Array.from({ length: 2 }, () => [undefined, 'undetermined', 'its module stream is not named']));
  });
  it.each<[string, unknown]>([['no id', { modified: 'x' }], ['a list', []], ['null', null], ['affected as text', { ...minimal, affected: 'all' }], ['an absurdly long version', { ...minimal, affected: [entry({ versions: ['9'.repeat(600)] })] }], ['numbers as versions', { ...minimal, affected: [entry({ versions: [1] })] }]])('is refused with %s', (_, document) => {
    expect(() => advisoryOfOsv(document, 'test')).toThrow(expect.objectContaining({ code: 'record-not-osv' }));
  });
});

describe('the stretches that events mean', () => {
  it.each<[string, Parameters<typeof rangesOf>[1], object[]]>([
    ['a gap', [{ introduced: '0' }, { fixed: '1.0.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }], [{ fixed: '1.0.0' }, { introduced: '2.0.0', fixed: '2.1.0' }]],
    ['any order', [{ fixed: '2.1.0' }, { introduced: '2.0.0' }, { fixed: '1.0.0' }, { introduced: '0' }], [{ fixed: '1.0.0' }, { introduced: '2.0.0', fixed: '2.1.0' }]],
    ['numbers, not letters', [{ introduced: '0' }, { fixed: '9.0.0' }, { introduced: '10.0.0' }], [{ fixed: '9.0.0' }, { introduced: '10.0.0' }]],
    ['opened twice', [{ introduced: '1.0.0' }, { introduced: '1.5.0' }, { fixed: '2.0.0' }], [{ introduced: '1.0.0', fixed: '2.0.0' }]],
    ['closed twice', [{ introduced: '1.0.0' }, { fixed: '2.0.0' }, { last_affected: '3.0.0' }], [{ introduced: '1.0.0', fixed: '2.0.0' }]],
    ['several events in one object', [{ introduced: '1.0.0', fixed: '2.0.0' }], [{ introduced: '1.0.0', fixed: '2.0.0' }]],
    ['a limit inside', [{ introduced: '1.0.0' }, { limit: '3.0.0' }], [{ introduced: '1.0.0', limit: '3.0.0' }]],
    ['a limit beyond the fix', [{ introduced: '1.0.0' }, { fixed: '2.0.0' }, { limit: '3.0.0' }], [{ introduced: '1.0.0', fixed: '2.0.0' }]],
    ['a limit before the start', [{ introduced: '4.0.0' }, { limit: '3.0.0' }], []],
    ['the largest of two limits', [{ introduced: '1.0.0' }, { limit: '3.0.0' }, { limit: '10.0.0' }], [{ introduced: '1.0.0', limit: '10.0.0' }]],
    ['no limit', [{ introduced: '1.0.0' }, { limit: '*' }], [{ introduced: '1.0.0' }]],
    ['nulls', [{ introduced: '1.0.0', fixed: null }], [{ introduced: '1.0.0' }]],
    ['versions nobody can order', [{ introduced: 'spring' }, { fixed: 'autumn' }], [{ introduced: 'spring', fixed: 'autumn' }]],
  ])('%s', (_, list, expected) => {
    expect(rangesOf('npm', list)).toEqual(expected);
  });
});

describe('a feed of OSV records', () => {
  const good = JSON.stringify(minimal);
  const context = { source: 'test', limits: { ...defaultFeedLimits, recordBytes: 400 } };
  it('sets aside what it cannot read, by name, and goes on', async () => {
    const readings = await all(parseOsv(records(
      record('a.json', good), record('broken.json', '{"id": '), record('page.json', '<html>'), record('empty.json', ''), record('other.json', '{"x": 1}'),
      record('huge.json', JSON.stringify({ ...minimal, id: 'B', details: 'x'.repeat(500) })), record('README.md', 'hello'), record('b.yaml', 'id: PYSEC-1\nmodified: 2026-01-01T00:00:00Z\naffected: []\n'), record('bad.yaml', 'id: [1'),
    ), context));
    expect(advisories(readings).map(({ id }) => id)).toEqual(['GHSA-xxxx', 'PYSEC-1']);
    expect(problems(readings)).toEqual(['record-truncated broken.json', 'record-malformed page.json', 'record-empty empty.json', 'record-not-osv other.json', 'record-too-large huge.json', 'record-malformed bad.yaml']);
  });

  const source = { id: 'test', parse: parseOsv };
  it('counts, passes over repetitions, and sets contradictions aside', async () => {
    const counts = noCounts();
    const readings = await all(readFeed(source, records(record('a.json', good), record('b.json', good), record('c.json', JSON.stringify({ ...minimal, modified: '2025-12-31T00:00:00Z' })), record('d.json', '{')), counts));
    expect(readings.map(({ kind }) => kind)).toEqual(['advisory', 'rejected', 'rejected']);
    expect(counts).toEqual({ advisories: 1, affected: 0, withdrawn: 0, repeated: 1, rejected: 2, problems: { 'record-duplicate': 1, 'record-truncated': 1 } });
  });
  it.each([
    ['newer first', ['2026-02-01T00:00:00Z', '2026-01-01T00:00:00Z'], '2026-02-01T00:00:00Z', 1], ['newer last', ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'], '2026-02-01T00:00:00Z', 1],
    ['newest in the middle, in another zone', ['2026-02-01T00:00:00Z', '2026-02-01T23:30:00-01:00', '2026-02-02T00:00:00Z'], '2026-02-01T23:30:00-01:00', 2],
  ])('of records with one id the newest stays: %s', async (_, dates, newest, aside) => {
    const counts = noCounts();
    const readings = await all(readFeed(source, records(record('0.json', JSON.stringify({ ...minimal, id: 'GHSA-first' })), ...dates.map((modified, i) => record(`${i + 1}.json`, JSON.stringify({ ...minimal, modified })))), counts));
    const came = readings.flatMap((reading) => reading.kind === 'advisory' ? [reading] : []);
    const replaced = new Set(came.map(({ replaces }) => replaces));
    expect(came.filter((_one, place) => !replaced.has(place)).map(({ advisory }) => advisory.modified)).toEqual([minimal.modified, newest]);
    expect(counts).toMatchObject({ advisories: 2, rejected: aside, problems: { 'record-duplicate': aside } });
    expect(problems(readings)).toEqual(Array.from({ length: aside }, () => 'record-duplicate GHSA-xxxx'));
  });
  it('of two as new as each other the same one stays, whichever comes first', async () => {
    const [one, two] = ['one', 'two'].map((summary) => JSON.stringify({ ...minimal, summary }));
    const last = async (...texts: string[]) => advisories(await all(readFeed(source, records(...texts.map((text, i) => record(`${i}.json`, text)))))).at(-1)!.title;
    expect(await last(one!, two!)).toBe(await last(two!, one!));
  });
  it('is refused when there is nothing in it, or nothing that can be read', async () => {
    expect(await codeOf(all(readFeed(source, records())))).toBe('feed-empty');
    expect(await codeOf(all(readFeed(source, records(record('README.md', 'x')))))).toBe('feed-empty');
    expect(await codeOf(all(readFeed(source, records(record('a.json', '<html>')))))).toBe('feed-malformed');
  });
});
