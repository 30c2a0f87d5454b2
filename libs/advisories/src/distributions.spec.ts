import { describe, expect, it } from 'vitest';
import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { defaultFeedLimits, type Parser } from './feed.ts';
import { advisories, all, codeOf, problems, record, records } from './feeds.spec-helper.ts';

const context = { source: 'test', limits: defaultFeedLimits };
const read = (parse: Parser, document: unknown, name = 'feed.json') => all(parse(records(record(name, typeof document === 'string' ? document : JSON.stringify(document), 64)), context));

describe('the Debian tracker', () => {
  const release = async (codename: string, more: object) => advisories(await read(parseDebianTracker, { bash: { 'CVE-2026-0001': { releases: { [codename]: more } } } }))[0]?.affected[0];
  it.each<[string, object, object]>([
    ['resolved', { status: 'resolved', fixed_version: '5.1-2', urgency: 'medium' }, { ecosystem: 'Debian:12', name: 'bash', status: 'affected', ranges: [{ fixed: '5.1-2' }], fix_state: 'available', severity: 'medium' }],
    ['never affected', { status: 'resolved', fixed_version: '0', urgency: 'unimportant' }, { status: 'not-affected', severity: 'negligible' }],
    ['open', { status: 'open', urgency: 'not yet assigned' }, { status: 'affected', fix_state: 'none-yet' }],
    ['open, a guessed urgency', { status: 'open', urgency: 'high**' }, { severity: 'high' }],
    ['open, repaired in a version this release lacks', { status: 'open', fixed_version: '5.2-1', urgency: 'low' }, { ranges: [{ fixed: '5.2-1' }], fix_state: 'available' }],
    ['too minor for a notice', { status: 'open', urgency: 'low', nodsa: 'Minor issue', nodsa_reason: '' }, { fix_state: 'none-yet', vendor_status: 'no-dsa' }],
    ['postponed', { status: 'open', urgency: 'low', nodsa: 'Minor issue', nodsa_reason: 'postponed' }, { fix_state: 'none-yet', vendor_status: 'postponed' }],
    ['ignored', { status: 'open', urgency: 'low', nodsa: 'Too intrusive', nodsa_reason: 'ignored' }, { fix_state: 'wont-fix', vendor_status: 'ignored' }],
    ['unimportant', { status: 'open', urgency: 'unimportant' }, { severity: 'negligible', vendor_status: 'unimportant' }],
    ['out of support', { status: 'open', urgency: 'end-of-life' }, { fix_state: 'end-of-life', vendor_status: 'end-of-life' }],
    ['not known yet', { status: 'undetermined', urgency: 'not yet assigned' }, { status: 'undetermined', fix_state: 'unknown' }],
  ])('%s', async (_, more, expected) => {
    expect(await release('bookworm', more)).toMatchObject(expected);
  });
  it('knows every release by number', async () => {
    const open = { status: 'open', urgency: 'low' };
    const releases = ['wheezy', 'buster', 'bullseye', 'trixie', 'forky', 'sid'];
    expect(await Promise.all(releases.map(async (name) => (await release(name, open))?.ecosystem))).toEqual(['Debian:7', 'Debian:10', 'Debian:11', 'Debian:13', 'Debian:14', 'Debian:unstable']);
  });
  it('has one advisory per package and issue', async () => {
    const issue = { description: 'A first line\nand a second', releases: { bookworm: { status: 'open', urgency: 'low' }, sid: { status: 'open', urgency: 'low' } } };
    const [first, second] = advisories(await read(parseDebianTracker, { bash: { 'CVE-2026-0001': issue }, dash: { 'CVE-2026-0001': issue, 'TEMP-1-ABCDEF': issue } }));
    expect(first).toMatchObject({ id: 'CVE-2026-0001', key: 'CVE-2026-0001/bash', title: 'A first line' });
    expect(first!.affected).toHaveLength(2);
    expect(second).toMatchObject({ key: 'CVE-2026-0001/dash' });
  });
  it('sets one issue aside and reads the next', async () => {
    const good = { releases: { sid: { status: 'open', urgency: 'low' } } };
    const readings = await read(parseDebianTracker, { bash: { 'CVE-2026-0001': 'nonsense', 'CVE-2026-0002': good, 'CVE-2026-0003': { releases: { nowhere: { status: 'open' } } }, 'CVE-2026-0004': { releases: { sid: { status: 'maybe' } } } }, dash: [], zsh: { 'CVE-2026-0005': { releases: { sid: { status: 'resolved' } } }, 'CVE-2026-0006': good } });
    expect(advisories(readings).map(({ id }) => id)).toEqual(['CVE-2026-0002', 'CVE-2026-0006']);
    expect(problems(readings)).toEqual(['record-unreadable bash CVE-2026-0001', 'record-release-unknown bash CVE-2026-0003', 'record-status-unknown bash CVE-2026-0004', 'record-malformed zsh CVE-2026-0005']);
  });
  it.each([['', 'feed-empty'], ['<html>maintenance</html>', 'feed-not-json'], ['{"bash": {"CVE-2026-0001": {"releases"', 'feed-truncated'], ['{"bash": {}} and more', 'feed-malformed'], ['nonsense', 'feed-malformed']])('is refused whole: %j', async (text, code) => {
    expect(await codeOf(read(parseDebianTracker, text))).toBe(code);
  });
});

describe("Alpine's secdb", () => {
  const db = (secfixes: object, more: object = {}) => ({ distroversion: 'v3.18', reponame: 'main', packages: [{ pkg: { name: 'musl', secfixes } }], ...more });
  const short = async (secfixes: object) => advisories(await read(parseAlpineSecDb, db(secfixes))).map(({ id, aliases, affected: [entry] }) =>
    [id, ...aliases, entry!.status, ...(entry!.ranges ?? []).map(({ fixed }) => `<${fixed}`)].join(' '));

  it.each<[string, object, string[]]>([
    ['a fix', { '1.2.3-r4': ['CVE-2026-0001', 'CVE-2026-0002'] }, ['CVE-2026-0001 affected <1.2.3-r4', 'CVE-2026-0002 affected <1.2.3-r4']],
    ['never affected', { 0: ['CVE-2026-0001'] }, ['CVE-2026-0001 not-affected']],
    ['repaired twice', { '1.2.3-r4': ['CVE-2026-0001'], '1.2.3-r2': ['CVE-2026-0001'] }, ['CVE-2026-0001 affected <1.2.3-r4 <1.2.3-r2']],
    ['another name beside it', { '1.0-r0': ['CVE-2026-0001 XSA-311'] }, ['CVE-2026-0001 XSA-311 affected <1.0-r0']],
    ['two CVEs on a line', { '1.0-r0': ['CVE-2026-0001 CVE-2026-0002 XSA-311'] }, ['CVE-2026-0001 XSA-311 affected <1.0-r0', 'CVE-2026-0002 affected <1.0-r0']],
    ['a remark', { '1.0-r0': ['CVE-2020-27955 # (only affect windows)', 'CVE-2018-14469 (IKEv1)'] }, ['CVE-2020-27955 affected <1.0-r0', 'CVE-2018-14469 affected <1.0-r0']],
    ['a slip of the pen', { '1.0-r0': ['CVE 2025-48379', 'CVE_2025_1', 'CVE_2025-48380'] }, ['CVE-2025-48379 affected <1.0-r0', 'CVE-2025-48380 affected <1.0-r0']],
    ['no CVE at all', { '1.0-r0': ['XSA-1', 'GHSA-aaaa-bbbb-cccc', 'wnpa-sec-2017-18', 'VSV00001'] }, ['XSA-1 affected <1.0-r0', 'GHSA-aaaa-bbbb-cccc affected <1.0-r0', 'wnpa-sec-2017-18 affected <1.0-r0', 'VSV00001 affected <1.0-r0']],
    ['an empty list', { '1.0-r0': null, '1.1-r0': [] }, []],
  ])('%s', async (_, secfixes, expected) => {
    expect(await short(secfixes)).toEqual(expected);
  });
  it('is keyed by branch, repository and package', async () => {
    expect(advisories(await read(parseAlpineSecDb, db({ '1.0-r0': ['CVE-2026-0001'] })))[0]).toMatchObject({ key: 'CVE-2026-0001@v3.18/main/musl', affected: [{ ecosystem: 'Alpine:v3.18', name: 'musl' }] });
  });
  it.each([
    ['an older copy deeper down', ['older/v3.18-2021/main.json', 'v3.18/main.json'], 'v3.18/main.json'],
    ['an older copy that comes later', ['./v3.18/main.json', './older/v3.18-2021/main.json'], './v3.18/main.json'],
    ['an older copy of the same layout', ['older/v3.18/main.json', 'v3.18/main.json'], 'v3.18/main.json'],
    ["the publisher's layout below other names", ['old.json', 'secdb/v3.18/main.json'], 'secdb/v3.18/main.json'],
    ['dates in names', ['2023/a.json', '2024/a.json'], '2024/a.json'],
  ])('reads one file of a branch: %s', async (_, names, read) => {
    for (const order of [names, names.toReversed()]) {
      const files = order.map((name) => record(name, JSON.stringify(db({ '1.0-r0': [name === read ? 'CVE-2026-0002' : 'CVE-2026-0001'] }))));
      const readings = await all(parseAlpineSecDb(records(...files, record('v3.18/community.json', JSON.stringify(db({ '1.0-r0': ['CVE-2026-0003'] }, { reponame: 'community' })))), context));
      expect(advisories(readings).map(({ id }) => id).sort()).toEqual(['CVE-2026-0002', 'CVE-2026-0003']);
      expect(problems(readings)).toEqual([`record-duplicate ${names.find((name) => name !== read)}`]);
    }
  });
  it('was YAML until 2020', async () => {
    const yaml = 'distroversion: v3.5\nreponame: main\npackages:\n  - pkg:\n      name: ansible\n      secfixes:\n        2.2.1.0-r0:\n          - CVE-2016-9587\n';
    expect(advisories(await read(parseAlpineSecDb, yaml, 'v3.5/main.yaml'))).toMatchObject([{ id: 'CVE-2016-9587', affected: [{ ecosystem: 'Alpine:v3.5' }] }]);
  });
  it('sets a package aside, and a line without an id', async () => {
    const readings = await read(parseAlpineSecDb, db({}, { packages: [{ pkg: { secfixes: {} } }, null, { pkg: { name: 'a', secfixes: { '1-r0': ['???', 'CVE-2026-0001'] } } }] }));
    expect(advisories(readings)).toHaveLength(1);
    expect(problems(readings)).toEqual(['record-unreadable feed.json packages[0]', 'record-unreadable feed.json packages[1]', 'record-id-unreadable v3.18/main a 1-r0']);
  });
  it.each([['', 'feed-empty'], ['<!DOCTYPE html>', 'feed-not-json'], ['{"distroversion": "v3.18", "packages": [', 'feed-truncated'], ['{}', 'feed-malformed'], ['[]', 'feed-malformed']])('is refused whole: %j', async (text, code) => {
    expect(await codeOf(read(parseAlpineSecDb, text))).toBe(code);
  });
});
