import { describe, expect, it } from 'vitest';
import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseArch } from './arch.ts';
import { defaultFeedLimits, type Parser } from './feed.ts';
import { advisories, all, codeOf, problems, record, records } from './feeds.spec-helper.ts';
import { parseGlsa } from './gentoo-glsa.ts';
import { parsePhotonCves } from './photon-cves.ts';
import { parseVuXml } from './vuxml.ts';

const read = (parse: Parser, name: string, text: string) => all(parse(records(record(name, text, 64)), { source: 'test', limits: defaultFeedLimits }));
const short = (readings: Awaited<ReturnType<typeof read>>) => advisories(readings).flatMap(({ affected }) => affected.map(({ name, status, ranges = [], fix_state: fix, severity, arches = [], vendor_status: word }) =>
  [name, status, ...ranges.map(({ introduced = '', fixed, last_affected: last, limit }) => `${introduced}..${fixed ?? (last !== undefined ? `=${last}` : limit !== undefined ? `(${limit})` : '')}`), fix, severity, arches.join('|') || undefined, word].filter((one) => one !== undefined).join(' ')));

describe("Arch's tracker", () => {
  const group = (more: object = {}) => ({ name: 'AVG-1', packages: ['curl', 'lib32-curl'], status: 'Fixed', severity: 'High', type: 'denial of service', affected: '8.0-1', fixed: '8.0-2', ticket: null, issues: ['CVE-2026-0001', 'CVE-2026-0002'], advisories: ['ASA-202601-1'], ...more });
  it.each<[string, object, string]>([
    ['fixed', {}, 'curl affected ..8.0-2 available'], ['in testing', { status: 'Testing' }, 'curl affected ..8.0-2 available Testing'], ['vulnerable', { status: 'Vulnerable', fixed: null }, 'curl affected none-yet'],
    ['not affected', { status: 'Not affected', fixed: null }, 'curl not-affected available'], ['unknown', { status: 'Unknown', fixed: null }, 'curl undetermined unknown Unknown'], ['fixed in no version named', { fixed: null }, 'curl affected ..=8.0-1 unknown Fixed'],
  ])('%s', async (_, more, expected) => {
    expect(short(await read(parseArch, 'all.json', JSON.stringify([group(more)])))[0]).toBe(expected);
  });
  it('has groups of packages and problems', async () => {
    expect(advisories(await read(parseArch, 'all.json', JSON.stringify([group()])))).toMatchObject([{ id: 'AVG-1', vulnerabilities: ['CVE-2026-0001', 'CVE-2026-0002'], severity: 'high', affected: [{ ecosystem: 'Arch Linux', name: 'curl', names: 'binary' }, { name: 'lib32-curl' }] }]);
    expect(problems(await read(parseArch, 'all.json', JSON.stringify([group({ packages: [] }), group()])))).toEqual(['record-unreadable all.json[0]']);
  });
});

describe("Photon's CVE data", () => {
  const entry = (more: object = {}) => ({ cve_id: 'CVE-2026-0001', pkg: 'curl', cve_score: 7.5, aff_ver: 'all versions before 8.16.0-1.ph4 are vulnerable', res_ver: '8.16.0-1.ph4', status: 'Fixed', ...more });
  it.each<[string, object, string]>([
    ['fixed', {}, 'curl affected ..8.16.0-1.ph4 available high'], ['not affected', { status: 'Not Affected', aff_ver: 'NA', res_ver: 'NA' }, 'curl not-affected available high'],
    ['open', { status: 'Open', aff_ver: 'all versions are vulnerable', res_ver: 'NA' }, 'curl affected none-yet high Open'], ['being looked at', { status: 'Under Investigation', aff_ver: 'NA', res_ver: 'NA', cve_score: 0 }, 'curl undetermined unknown Under Investigation'],
  ])('%s', async (_, more, expected) => {
    expect(short(await read(parsePhotonCves, 'cve_data_photon4.0.json', JSON.stringify([entry(more)])))).toEqual([expected]);
  });
  it('names the release by its file, and sets aside what names no problem', async () => {
    const readings = await read(parsePhotonCves, 'x/cve_data_photon5.0.json', JSON.stringify([entry(), entry({ cve_id: 'Re' }), entry({ res_ver: 'NA' })]));
    expect(advisories(readings)).toMatchObject([{ key: 'CVE-2026-0001/curl@Photon OS:5.0', affected: [{ ecosystem: 'Photon OS:5.0' }] }]);
    expect(problems(readings)).toEqual(['record-id-unreadable x/cve_data_photon5.0.json[1]', 'record-malformed x/cve_data_photon5.0.json[2]']);
  });
});

describe("Gentoo's advisories", () => {
  const glsa = (packages: string, id = '202601-02') => `<?xml version="1.0"?><!DOCTYPE glsa SYSTEM "http://www.gentoo.org/dtd/glsa.dtd"><glsa id="${id}"><title>x: flaws</title><announced>2026-01-02</announced><revised count="1">2026-01-03</revised><affected>${packages}</affected><impact type="high"/><references><uri link="https://x/1">CVE-2026-0001</uri><uri>CVE-2026-0002</uri></references></glsa>`;
  const span = (kind: string, [range, version, slot]: string[]) => `<${kind} range="${range}"${slot === undefined ? '' : ` slot="${slot}"`}>${version}</${kind}>`;
  const of = (vulnerable: string[][], unaffected: string[][], arch = '*') => `<package name="dev-libs/x" auto="yes" arch="${arch}">${unaffected.map((one) => span('unaffected', one)).join('')}${vulnerable.map((one) => span('vulnerable', one)).join('')}</package>`;
  it.each<[string, string[][], string[][], string]>([
    ['below', [['lt', '1.33']], [['ge', '1.33']], '..1.33 available'],
    ['up to', [['le', '1.33-r1']], [['gt', '1.33-r1']], '..=1.33-r1 available'],
    ['never repaired', [['le', '1.33']], [], '..=1.33 none-yet'],
    ['masked for good', [['lt', '2']], [], '..(2) none-yet'],
    ['a backport', [['lt', '2.0']], [['ge', '2.0'], ['rge', '1.9-r3']], '..1.9-r3 1.9-r999999999..2.0 available'],
    ['only since', [['lt', '2.0']], [['ge', '2.0'], ['lt', '1.5']], '1.5..2.0 available'],
    ['one version is good', [['lt', '2.0']], [['ge', '2.0'], ['eq', '1.8']], '..1.8 1.8-r1..2.0 available'],
    ['one version is bad', [['eq', '1.8']], [['gt', '1.8']], '1.8..=1.8 available'],
    ['slots', [['lt', '3.7.4', '3.7'], ['lt', '3.6.9', '3.6']], [['ge', '3.6.9', '3.6'], ['ge', '3.7.4', '3.7']], '3.7..3.7.4 3.6..3.6.9 available'],
  ])('%s', async (_, vulnerable, unaffected, expected) => {
    expect(short(await read(parseGlsa, 'glsa.xml', glsa(of(vulnerable, unaffected))))).toEqual([`dev-libs/x affected ${expected}`]);
  });
  it.each<[string, string, string]>([
    ['a slot that is no version', of([['lt', '1.0.2l', '0.9']], []), 'dev-libs/x undetermined unknown slot 0.9'], ['a pattern', of([['eq', '1.2*']], []), 'dev-libs/x undetermined unknown versions like 1.2*'],
    ['a range nobody knows', of([['about', '1.2']], []), "dev-libs/x undetermined unknown range 'about'"], ['nothing', of([], [['ge', '1']]), 'dev-libs/x not-affected available'], ['all versions', of([['ge', '*']], []), 'dev-libs/x affected none-yet'],
    ['machines', of([['lt', '1']], [['ge', '1']], 'x86 amd64'), 'dev-libs/x affected ..1 available x86|amd64'],
  ])('%s', async (_, packages, expected) => {
    expect(short(await read(parseGlsa, 'glsa.xml', glsa(packages)))).toEqual([expected]);
  });
  it('carry words and dates', async () => {
    expect(advisories(await read(parseGlsa, 'glsa.xml', glsa(of([['lt', '1']], []))))).toMatchObject([{ id: 'GLSA-202601-02', vulnerabilities: ['CVE-2026-0001', 'CVE-2026-0002'], severity: 'high', published: '2026-01-02T00:00:00Z', modified: '2026-01-03T00:00:00Z', affected: [{ ecosystem: 'Gentoo' }] }]);
    expect(problems(await read(parseGlsa, 'glsa.xml', glsa(of([['lt', '1']], []), 'x')))).toEqual(['record-id-unreadable glsa.xml']);
    expect(problems(await all(parseGlsa(records(record('a.xml', '<glsa id="x"><title>'), record('b.xml', '<html/>'), record('c.xml', glsa(of([['lt', '1']], [])))), { source: 'test', limits: defaultFeedLimits })))).toEqual(['record-truncated a.xml', 'record-malformed b.xml']);
  });
});

describe("FreeBSD's VuXML", () => {
  const vuln = (inside: string, vid = 'a-b') => `<?xml version="1.0"?><!DOCTYPE vuxml PUBLIC "-//vuxml.org//DTD VuXML 1.1//EN" "http://x" [<!ENTITY vuln-2003 SYSTEM "vuln-2003.xml">]><vuxml><vuln vid="${vid}"><topic>x -- flaws</topic><affects>${inside}</affects><references><cvename>CVE-2026-0001</cvename></references><dates><entry>2026-01-02</entry></dates></vuln><vuln vid="c"><cancelled/></vuln></vuxml>`;
  it.each([
    ['<package><name>x</name><name>linux-x</name><range><ge>1</ge><lt>2,1</lt></range><range><le>0.5</le></range></package>', ['x affected 1..2,1 ..=0.5 available', 'linux-x affected 1..2,1 ..=0.5 available']],
    ['<package><name>x</name><range><eq>1.0</eq></range></package>', ['x affected 1.0..=1.0 unknown']], ['<system><name>FreeBSD</name><range><ge>14.0</ge><lt>14.0_3</lt></range></system>', ['FreeBSD affected 14.0..14.0_3 available']],
  ])('%s', async (inside, expected) => {
    expect(short(await read(parseVuXml, 'vuln.xml', vuln(inside)))).toEqual(expected);
  });
  it('sets aside what names nothing', async () => {
    expect(problems(await read(parseVuXml, 'vuln.xml', vuln('<package><name>x</name></package>')))).toEqual(['record-malformed vuln.xml a-b']);
  });
});

it.each([['https://packages.wolfi.dev', 'Wolfi', 'os'], ['https://packages.cgr.dev', 'Chainguard', 'chainguard']])('the security database at %s is that of %s', async (urlprefix, ecosystem, reponame) => {
  const [advisory] = advisories(await read(parseAlpineSecDb, 'security.json', JSON.stringify({ apkurl: 'x', archs: ['x86_64'], urlprefix, reponame, packages: [{ pkg: { name: 'curl', secfixes: { '8.0-r1': ['CVE-2026-0001', 'GHSA-aaaa-bbbb-cccc'] } } }] })));
  expect(advisory).toMatchObject({ id: 'CVE-2026-0001', key: `CVE-2026-0001@${ecosystem}/${reponame}/curl`, references: [], affected: [{ ecosystem, name: 'curl', ranges: [{ fixed: '8.0-r1' }] }] });
  expect(await codeOf(read(parseAlpineSecDb, 'security.json', JSON.stringify({ urlprefix: 'https://example.org', reponame, packages: [] })))).toBe('feed-malformed');
});
