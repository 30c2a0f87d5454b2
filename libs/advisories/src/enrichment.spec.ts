import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { csvRows } from './csv.ts';
import { parseCve5 } from './cve5.ts';
import { detectFeed } from './detect-feed.ts';
import { type Enrichment, type EnrichmentParser } from './enrichment.ts';
import { noRecords, readRecords } from './read-records.ts';
import { detectPublication } from './publications.ts';
import { enrichmentSourceOf, enrichmentSources } from './enrichment-sources.ts';
import { parseEpss } from './epss.ts';
import { defaultFeedLimits } from './feed.ts';
import { all, codeOf, hasShared, record, records, shared } from './feeds.spec-helper.ts';
import { parseKev } from './kev.ts';
import { parseNvd } from './nvd.ts';
import { recordsOf } from './records-of.ts';
import { sourceOf } from './sources.ts';

const read = async (parse: EnrichmentParser, name: string, content: unknown) => {
  const readings = await all(readRecords({ id: 'test', parse }, records(record(name, typeof content === 'string' ? content : JSON.stringify(content), 13))));
  return {
    found: readings.flatMap((reading): Enrichment[] => reading.kind === 'enrichment' ? [reading.enrichment] : []),
    problems: readings.flatMap((reading) => reading.kind === 'rejected' ? [`${reading.problem.code} ${reading.record}`] : []),
  };
};
const v31 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', v4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', v2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P';

describe('CISA KEV', () => {
  const entry = { cveID: 'CVE-2026-0001', dateAdded: '2026-01-02', dueDate: '2026-02-03', knownRansomwareCampaignUse: 'Known' };
  const expected = { cve: 'CVE-2026-0001', source: 'test', severities: [], kev: { added: '2026-01-02', due: '2026-02-03', ransomware: true } };
  it('JSON', async () => {
    const { found, problems } = await read(parseKev, 'kev.json', { catalogVersion: '1', count: 3, vulnerabilities: [entry, { ...entry, cveID: 'potato' }, { ...entry, dueDate: '', knownRansomwareCampaignUse: 'Unknown' }] });
    expect(found).toEqual([expected, { ...expected, kev: { added: '2026-01-02', ransomware: false } }]);
    expect(problems).toEqual(['record-not-kev kev.json vulnerabilities[1]']);
  });
  it('CSV', async () => {
    const { found, problems } = await read(parseKev, 'kev.csv', '\ufeffcveID,notes,dateAdded,dueDate,knownRansomwareCampaignUse\r\nCVE-2026-0001,"two\nlines, ""quoted""",2026-01-02,2026-02-03,Known\r\nCVE-2026-0002,short\r\nCVE-2026-0003,,soon,,\r\n');
    expect(found).toEqual([expected]);
    expect(problems).toEqual(['record-malformed kev.csv row 3', 'record-not-kev kev.csv row 4']);
  });
  it.each<[string, string, unknown, string]>([
    ['fewer than it says', 'a.json', { count: 2, vulnerabilities: [entry] }, 'feed-truncated'], ['cut off', 'a.json', JSON.stringify({ vulnerabilities: [entry, entry] }).slice(0, -30), 'feed-truncated'],
    ['a web page', 'a.json', '<!DOCTYPE html>', 'feed-not-json'], ['a web page as CSV', 'a.csv', '<!DOCTYPE html>\n', 'feed-malformed'], ['nothing', 'a.csv', '', 'feed-empty'], ['no entries', 'a.json', { vulnerabilities: [] }, 'feed-empty'],
    ['another table', 'a.csv', 'cve,epss\n', 'feed-malformed'], ['cut off in quotes', 'a.csv', 'cveID,dateAdded\nCVE-2026-0001,"2026', 'feed-truncated'], ['no good entry', 'a.csv', 'cveID,dateAdded\nx,y\n', 'feed-malformed'],
  ])('%s', async (_, name, content, code) => expect(await codeOf(read(parseKev, name, content))).toBe(code));
});

describe('EPSS', () => {
  it('three ages of it', async () => {
    const rows = 'CVE-2026-0001,0.00383,0.73075\nCVE-2026-0002,9.1e-05,0.1\n';
    expect((await read(parseEpss, 'a.csv', `#model_version:v2025.03.14,score_date:2026-02-25T12:55:00Z\ncve,epss,percentile\n${rows}`)).found.map(({ epss }) => epss)).toEqual([{ score: 0.00383, percentile: 0.73075, date: '2026-02-25' }, { score: 0.000091, percentile: 0.1, date: '2026-02-25' }]);
    expect((await read(parseEpss, 'a.csv', `cve,epss,percentile\n${rows}`)).found[0]?.epss).toEqual({ score: 0.00383, percentile: 0.73075 });
    expect((await read(parseEpss, 'a.csv', 'cve,epss\nCVE-2026-0001,0.5')).found[0]?.epss).toEqual({ score: 0.5 });
  });
  it.each(['CVE-2026-0002,1.5,0.1', 'CVE-2026-0002,-0.1,0.1', 'CVE-2026-0002,,0.1', 'CVE-2026-0002,0.1', 'CVE-2026-0002,0.1,NaN', 'potato,0.1,0.1', 'CVE-2026-0002,0.1,0.1,0.1', 'CVE-20'])('%s is set aside', async (row) => {
    expect((await read(parseEpss, 'a.csv', `cve,epss,percentile\nCVE-2026-0001,0.1,0.1\n${row}\n`)).problems).toEqual(['record-not-epss a.csv row 3']);
  });
  it.each([['invalid,header,format\nCVE-2026-0001,0.1,0.1\n', 'feed-malformed'], ['<html>\n', 'feed-malformed'], ['', 'feed-empty'], ['cve,epss\n', 'feed-empty']])('%j is %s', async (text, code) => expect(await codeOf(read(parseEpss, 'a.csv', text))).toBe(code));
});

describe('NVD', () => {
  const page = (...items: unknown[]) => ({ resultsPerPage: 1, format: 'NVD_CVE', vulnerabilities: items });
  it('scores, exploitation, and what was taken back', async () => {
    const metric = (vectorString: string) => [{ source: 'nvd@nist.gov', type: 'Primary', cvssData: { vectorString, baseScore: 0 } }];
    const { found } = await read(parseNvd, 'a.json', page(
      { cve: { id: 'CVE-2026-0001', cisaExploitAdd: '2026-01-02', cisaActionDue: '2026-02-03', metrics: { cvssMetricV2: metric(v2), cvssMetricV31: metric(v31), cvssMetricV40: metric(v4), ssvcV203: [{ ssvcData: { options: [{ exploitation: 'active' }, { automatable: 'yes' }, { technicalImpact: 'total' }] } }] } } },
      { cve: { id: 'CVE-2026-0002', vulnStatus: 'Rejected', metrics: {}, cveTags: [{ tags: ['disputed'] }] } },
      { cve: { id: 'CVE-2026-0003', metrics: { cvssMetricV31: metric('CVSS:3.1/nonsense') } } },
    ));
    expect(found).toEqual([
      { cve: 'CVE-2026-0001', source: 'test', kev: { added: '2026-01-02', due: '2026-02-03' }, ssvc: { exploitation: 'active', automatable: 'yes', technical_impact: 'total' },
        severities: [{ type: 'CVSS_V4', vector: v4, score: 9.3, by: 'nvd@nist.gov' }, { type: 'CVSS_V3', vector: v31, score: 9.8, by: 'nvd@nist.gov' }, { type: 'CVSS_V2', vector: v2, score: 7.5, by: 'nvd@nist.gov' }] },
      { cve: 'CVE-2026-0002', source: 'test', severities: [], rejected: true, disputed: true },
      { cve: 'CVE-2026-0003', source: 'test', severities: [{ type: 'CVSS_V3', vector: 'CVSS:3.1/nonsense', by: 'nvd@nist.gov' }] },
    ]);
  });
  it('sets one aside and reads the next', async () => {
    expect((await read(parseNvd, 'a.json', page({ cve: { id: 'potato' } }, 'x', { cve: { id: 'CVE-2026-0001' } }))).problems).toEqual(['record-not-nvd a.json vulnerabilities[0]', 'record-not-nvd a.json vulnerabilities[1]']);
  });
  it.each<[string, unknown, string]>([['no list', { a: 1 }, 'feed-malformed'], ['cut off', JSON.stringify(page({ cve: { id: 'CVE-2026-0001' } })).slice(0, -4), 'feed-truncated'], ['a web page', '<html>', 'feed-not-json'], ['an empty page', page(), 'feed-empty']])('%s', async (_, content, code) => expect(await codeOf(read(parseNvd, 'a.json', content))).toBe(code));
});

describe('CVE records', () => {
  const name = 'cves/2026/0xxx/CVE-2026-0001.json';
  const cve = (cna: object, ...adp: object[]) => ({ dataType: 'CVE_RECORD', dataVersion: '5.1', cveMetadata: { cveId: 'CVE-2026-0001', state: 'PUBLISHED' }, containers: { cna, adp } });
  it('scores of the assigner and of CISA', async () => {
    const { found } = await read(parseCve5, name, cve({ providerMetadata: { shortName: 'isc' }, metrics: [{ cvssV4_0: { vectorString: v4 } }, { cvssV3_1: { vectorString: v31 } }], tags: ['disputed'] },
      { providerMetadata: { shortName: 'CISA-ADP' }, metrics: [{ other: { type: 'ssvc', content: { options: [{ Exploitation: 'poc' }, { Automatable: 'no' }, { 'Technical Impact': 'partial' }] } } }, { other: { type: 'kev', content: { dateAdded: '2026-01-02' } } }] }));
    expect(found).toEqual([{ cve: 'CVE-2026-0001', source: 'test', disputed: true, kev: { added: '2026-01-02' }, ssvc: { exploitation: 'poc', automatable: 'no', technical_impact: 'partial' },
      severities: [{ type: 'CVSS_V4', vector: v4, score: 9.3, by: 'isc' }, { type: 'CVSS_V3', vector: v31, score: 9.8, by: 'isc' }] }]);
  });
  it('one that was taken back', async () => {
    expect((await read(parseCve5, name, { dataType: 'CVE_RECORD', cveMetadata: { cveId: 'CVE-2026-0001', state: 'REJECTED' }, containers: { cna: {} } })).found).toEqual([{ cve: 'CVE-2026-0001', source: 'test', severities: [], rejected: true }]);
  });
  it('sets one aside and reads the next, and passes over other files', async () => {
    const bad = ['', '{', '<html>', '{}', JSON.stringify({ ...cve({}), containers: {} })].map((text) => record(name, text));
    const readings = await all(readRecords({ id: 'test', parse: parseCve5 }, records(record('cves/delta.json', '{}'), ...bad, record(name, JSON.stringify(cve({}))))));
    expect(readings.map((reading) => reading.kind === 'rejected' ? reading.problem.code : reading.enrichment.cve)).toEqual(['record-malformed', 'record-malformed', 'record-malformed', 'record-not-cve5', 'record-not-cve5', 'CVE-2026-0001']);
  });
});

it.each<[string, string[][]]>([
  ['a,b\nc,d', [['a', 'b'], ['c', 'd']]], ['"a,1","b""2"""\r\n,\r\n', [['a,1', 'b"2"'], ['', '']]], ['a\n\n\nb\n', [['a'], ['b']]], ['"x\r\ny",ä€😀\n', [['x\r\ny', 'ä€😀']]], ['a,', [['a', '']]], ['""', []],
])('CSV %j', async (text, rows) => {
  for (const step of [1, 2, 3, 1000]) expect(await all(csvRows(record('a.csv', text, step)))).toEqual(rows);
});
it.each([['a,"b', 'feed-truncated'], ['a"b,c\n', 'feed-malformed'], ['"a"b,c\n', 'feed-malformed'], ['', 'feed-empty'], [`"${'a'.repeat(1_100_000)}"\n`, 'feed-malformed']])('CSV %.10j… is %s', async (text, code) => {
  expect(await codeOf(all(csvRows(record('a.csv', text, 100_000))))).toBe(code);
});

it('too many records', async () => {
  const rows = record('a.csv', 'cve,epss\nCVE-2026-0001,0.5\nCVE-2026-0002,0.5\n');
  expect(await codeOf(all(readRecords({ id: 'test', parse: parseEpss }, records(rows), noRecords(), { ...defaultFeedLimits, records: 1 })))).toBe('feed-too-many-records');
});

it('the table is in order', () => {
  for (const { id, urls, floor, interval } of enrichmentSources) {
    expect([enrichmentSources.filter((other) => other.id === id).length, sourceOf(id)]).toEqual([1, undefined]);
    for (const url of urls) expect(new URL(url).protocol).toBe('https:');
    expect(urls.length > 0 && floor > 0 && interval >= 300).toBe(true);
  }
});

describe('which publication a file is', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-enrichment-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  it.each([
    ['kev.json', '{"title": "x", "catalogVersion": "1"}', 'cisa-kev'], ['kev.csv', 'cveID,vendorProject\n', 'cisa-kev'], ['epss.csv', '#model_version:v1\n', 'epss'], ['epss-2021.csv', 'cve,epss\n', 'epss'],
    ['nvd.json', '{"resultsPerPage":1,"format":"NVD_CVE","vulnerabilities":[{"cve":{"affected":[]}}]}', 'nvd'], ['CVE-2026-0001.json', '{"dataType":"CVE_RECORD","cveMetadata":{},"affected":[]}', 'cve5'], ['osv.json', '{"id":"X","modified":"2026-01-01T00:00:00Z"}', undefined],
    ['openvex.json', '{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}', 'vex'], ['csaf.json', '{"document":{"csaf_version":"2.0"}}', 'vex'],
    ['full.json', '{"schema_version":"1.2.0","result":[{"name":"debian","releases":[]}]}', 'endoflife'], ['debian.json', '[{"cycle":"12","eol":"2026-06-10"}]', 'endoflife'],
  ])('%s', async (name, content, id) => {
    writeFileSync(join(directory, name), content);
    // Advisories whose source cannot be told are named after their file.
    expect((await detectPublication(join(directory, name)))?.id).toBe(id ?? 'osv');
    expect((await detectFeed(join(directory, name))) === undefined).toBe(id !== undefined);
  });
});

describe.skipIf(!hasShared)(`whole files${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  it.each([
    // The catalogue twice, as JSON and as CSV, and a newer CSV.
    ['cisa-kev.tar.zst', 'cisa-kev', 1_404 + 1_404 + 1_460], ['cve-v5-samples.zip', 'cve5', 125],
  ])('%s', async (file, id, enrichments) => {
    const source = (await detectPublication(shared(`feeds/${file}`)))!, counts = noRecords();
    expect(source.id).toBe(id);
    const readings = await all(readRecords(enrichmentSourceOf(id)!, recordsOf(shared(`feeds/${file}`)), counts));
    expect(counts).toEqual({ records: enrichments, rejected: 0, problems: {} });
    // Every vector can be scored.
    expect(readings.filter((reading) => reading.kind === 'enrichment' && reading.enrichment.severities.some(({ score }) => score === undefined))).toEqual([]);
  });

  it('samples of every format, among them trimmed ones', async () => {
    const wanted = /(?:vunnel\/(?:kev\/valid-catalog-1|nvd\/full-page|epss\/example-1)|claircore\/enricher\/(?:epss|kev)\/testdata\/\w+|nvd\/api\/cve\/3_pages\/0-3|vuls-data-update\/mitre\/cve\/v5\/CVE[\w-]+)\.(?:json|csv)$/;
    const found: Record<string, number | string> = {};
    for await (const one of recordsOf(shared('feeds/format-samples-all-feeds.tar.zst'))) {
      if (!wanted.test(one.name)) { for await (const _ of one.chunks) void _; continue; }
      const parse = /kev|known_exploited/.test(one.name) ? parseKev : /epss/.test(one.name) ? parseEpss : parseNvd, counts = noRecords();
      const code = await codeOf(all(readRecords({ id: 'test', parse }, records(one), counts)));
      found[one.name.split('/').slice(-3).join('/')] = code === 'none' && counts.rejected === 0 ? counts.records : code;
    }
    expect(found).toEqual({
      // It kept the count of the whole catalogue, so it is refused.
      'vunnel/kev/valid-catalog-1.json': 'feed-truncated',
      'vunnel/nvd/full-page.json': 38, 'vunnel/epss/example-1.csv': 5, 'epss/testdata/data.csv': 29, 'kev/testdata/known_exploited_vulnerabilities.json': 2, 'cve/3_pages/0-3.json': 3,
    });
  });
});
