import { describe, expect, it } from 'vitest';
import { parseDebianChangelogs } from './debian-changelogs.ts';
import { parseDebianLists } from './debian-lists.ts';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, codeOf, hasShared, problems, record, records, shared } from './feeds.spec-helper.ts';
import { noCounts, readFeed } from './read-feed.ts';
import { recordsOf } from './records-of.ts';

const context = { source: 'test', limits: defaultFeedLimits };
const read = (files: Record<string, string>) => all(parseDebianLists(records(...Object.entries(files).map(([name, text]) => record(name, text, 64))), context));
/** What is said of a release, for a list of CVEs and one of notices. */
const said = async (cve: string, dsa = '') => Object.fromEntries(advisories(await read({ 'data/CVE/list': cve, ...(dsa === '' ? {} : { 'data/DSA/list': dsa }) })).flatMap(({ affected }) => affected).map(({ ecosystem, name, status, ranges = [], fix_state: fix, severity, vendor_status: word }) =>
  [`${ecosystem.replace('Debian:', '')} ${name}`, [status, ...ranges.map(({ fixed, limit }) => fixed === undefined ? `until ${limit}` : `<${fixed}`), fix, severity, word].filter((one) => one !== undefined).join(' ')]));

const cve = 'CVE-2026-0001 (A flaw in bash ...)\n';
describe("Debian's list of CVEs", () => {
  it.each<[string, string, Record<string, string>, string?]>([
    ['repaired in unstable', `${cve}\t- bash 5.2-3 (bug #1; low)\n`, { 'unstable bash': 'affected <5.2-3 available low', '12 bash': 'affected until 5.2-3 none-yet low', '13 bash': 'affected until 5.2-3 none-yet low' }],
    ['repaired in a release', `${cve}\t[bookworm] - bash 5.2-2+deb12u1\n\t- bash 5.2-3\n`, { '12 bash': 'affected <5.2-2+deb12u1 available', '11 bash': 'affected until 5.2-3 none-yet' }],
    ['repaired by a notice', `${cve}\t{DSA-1-1}\n\t- bash 5.2-3\n`, { '12 bash': 'affected <5.2-2+deb12u1 available' }, '[01 Feb 2026] DSA-1-1 bash - security update\n\t{CVE-2026-0001}\n\t[bookworm] - bash 5.2-2+deb12u1\n'],
    ['repaired by two notices', `${cve}\t- bash <unfixed>\n`, { '12 bash': 'affected <5.2-2+deb12u2 available' }, '[02 Feb 2026] DSA-1-2 bash - regression update\n\t{CVE-2026-0001}\n\t[bookworm] - bash 5.2-2+deb12u2\n[01 Feb 2026] DSA-1-1 bash - security update\n\t{CVE-2026-0001}\n\t[bookworm] - bash 5.2-2+deb12u1\n'],
    ['not repaired', `${cve}\t- bash <unfixed> (unimportant)\n`, { 'unstable bash': 'affected none-yet negligible unimportant', '12 bash': 'affected none-yet negligible unimportant' }],
    ['too minor for a notice', `${cve}\t[bookworm] - bash <no-dsa> (Minor issue)\n\t- bash 5.2-3\n`, { '12 bash': 'affected until 5.2-3 none-yet no-dsa' }],
    ['put off', `${cve}\t[bookworm] - bash <postponed> (Minor issue)\n\t- bash <unfixed>\n`, { '12 bash': 'affected none-yet postponed' }],
    ['ignored', `${cve}\t[bookworm] - bash <ignored> (Too intrusive)\n\t- bash 5.2-3\n`, { '12 bash': 'affected until 5.2-3 wont-fix ignored' }],
    ['out of support', `${cve}\t[buster] - bash <end-of-life> (see DSA 1)\n\t- bash 5.2-3\n`, { '10 bash': 'affected until 5.2-3 end-of-life end-of-life' }],
    ['a release that never had it', `${cve}\t[bullseye] - bash <not-affected> (Introduced later)\n\t- bash 5.2-3\n`, { '11 bash': 'not-affected available', '12 bash': 'affected until 5.2-3 none-yet' }],
    ['nobody has it', `${cve}\t- bash <not-affected> (Windows only)\n`, { 'unstable bash': 'not-affected available', '12 bash': 'not-affected available' }],
    ['not known yet', `${cve}\t- bash <undetermined>\n`, { '12 bash': 'undetermined unknown undetermined' }],
    ['gone from unstable', `${cve}\t- bash <removed>\n`, { '12 bash': 'affected none-yet' }],
    ['a release of its own only', `${cve}\t[bookworm] - bash 5.2-2+deb12u1\n`, { '12 bash': 'affected <5.2-2+deb12u1 available' }],
    ['experimental is no release', `${cve}\t[experimental] - bash 5.3-1\n\t- bash <unfixed>\n`, { 'unstable bash': 'affected none-yet' }],
  ])('%s', async (_, list, expected, dsa) => {
    expect(await said(list, dsa)).toMatchObject(expected);
  });
  it('passes over what is in no package', async () => {
    expect(await read({ 'data/CVE/list': 'CVE-2026-0001 (x)\n\tNOT-FOR-US: y\nCVE-2026-0002\n\tREJECTED\nCVE-2026-0003\n\tRESERVED\nCVE-2026-0004 (z)\n\t- new <itp> (bug #2)\n\tNOTE: - bash 1\n' })).toEqual([]);
  });
  it('has a name for what has no CVE', async () => {
    expect(advisories(await read({ 'data/CVE/list': 'CVE-2026-XXXX [A flaw]\n\t- bash <unfixed> (bug #77)\n' })).map(({ id }) => id)).toEqual([expect.stringMatching(/^TEMP-0000077-[0-9A-F]{6}$/)]);
  });
  it('sets one line aside and reads the next', async () => {
    expect(problems(await read({ 'data/CVE/list': `${cve}\t[nowhere] - bash 1\nCVE-2026-0002 (x)\n\t- zsh <perhaps>\nCVE-2026-0003 (y)\n\t- dash 1\n` }))).toEqual(['record-release-unknown CVE-2026-0001 bash', 'record-status-unknown CVE-2026-0002 zsh']);
  });
});

describe("Debian's lists of notices", () => {
  it('say what each repairs, in every form they ever had', async () => {
    const list = '[02 Feb 2026] DLA-2-1 bash - security update\n\t{CVE-2026-0001 CVE-2026-0002}\n\t[bullseye] - bash 5.1-2+deb11u1\n\t[bookworm] - bash 5.2-2+deb12u1\n\tNOTE: fixed in testing\n[August 26th, 2005] DTSA-1-1 kismet - various\n\t{CVE-2005-2626 CVE-2005-2627 }\n\t[etch] - kismet 2005.08.R1-0.1etch1 (high)\n[01 Aug 2002] DSA-141 mpack - buffer overflow\n        {CVE-2002-1425}\n        [woody] - mpack 1.5-7woody2\n[01 Jun 2015] DSA-3281-1 a key changed\n';
    expect(advisories(await read({ list })).map(({ id, published, vulnerabilities, affected }) => [id, published?.slice(0, 10), vulnerabilities.length, ...affected.map(({ ecosystem, ranges }) => `${ecosystem} <${ranges![0]!.fixed}`)])).toEqual([
      ['DLA-2-1', '2026-02-02', 2, 'Debian:11 <5.1-2+deb11u1', 'Debian:12 <5.2-2+deb12u1'], ['DTSA-1-1', '2005-08-26', 2, 'Debian:4 <2005.08.R1-0.1etch1'], ['DSA-141', '2002-08-01', 1, 'Debian:3 <1.5-7woody2'], ['DSA-3281-1', '2015-06-01', 0],
    ].map((line) => line));
  });
  it('of an older snapshot beside the newest are set aside', async () => {
    const list = (number: number) => `[01 Jan 2026] DSA-${number}-1 bash - security update\n\t[bookworm] - bash ${number}\n`;
    const readings = await read({ 'snapshots/2025/data/DSA/list': list(1), 'data/DSA/list': list(2), 'data/CPE/list': 'bash;cpe:/a:gnu:bash\n', 'README.txt': 'words' });
    expect([advisories(readings).map(({ id }) => id), problems(readings)]).toEqual([['DSA-2-1'], ['record-duplicate snapshots/2025/data/DSA/list']]);
  });
  it.each([['', 'feed-empty'], ['<html>maintenance</html>', 'feed-not-json'], ['nonsense', 'feed-malformed']])('is refused whole: %j', async (text, code) => {
    expect(await codeOf(read({ list: text }))).toBe(code);
  });
});

describe("CVEs in Debian's changelogs", () => {
  it('are repaired in the version that names them', async () => {
    const text = JSON.stringify({ bookworm: { bash: { _current: { version: '5.2-3', archive: 'bookworm' }, 'CVE-2026-0001': { version: '5.2-2', date: 'Sat, 05 Apr 2025 16:09:38 +0200' }, 'CVE-2026-0002': { version: '5.2-1', dist: 'unstable' }, 'CVE-2026-0003': { version: '5.2-2', dist: 'bookworm-security' }, nonsense: { version: '1' } } }, nowhere: { bash: {} } });
    const readings = await all(parseDebianChangelogs(records(record('changelogs.json', text, 16)), context));
    expect(advisories(readings)).toMatchObject([{ id: 'CVE-2026-0001', key: 'CVE-2026-0001/bash@Debian:12', modified: '2025-04-05T14:09:38.000Z', affected: [{ ecosystem: 'Debian:12', name: 'bash', ranges: [{ fixed: '5.2-2' }] }] }, { affected: [{ ranges: [{ fixed: '5.2-1~' }] }] }, { affected: [{ ranges: [{ fixed: '5.2-2' }] }] }]);
    expect(problems(readings)).toEqual(['record-id-unreadable bookworm bash nonsense', 'record-release-unknown nowhere']);
  });
});

it.skipIf(!hasShared)(`whole lists and changelogs of Debian${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, async () => {
  const counted = async (parse: typeof parseDebianLists, file: string) => { const counts = noCounts(); for await (const _ of readFeed({ id: 'test', parse }, recordsOf(shared(file)), counts)); return counts; };
  expect(await counted(parseDebianLists, 'feeds/debian-security-tracker-lists.tar.zst')).toMatchObject({ advisories: 6_485 + 4_890, repeated: 0, problems: { 'record-duplicate': 2 } });
  expect(await counted(parseDebianChangelogs, 'feeds/debian-changelog-cves.json.zst')).toMatchObject({ advisories: 2_852, rejected: 0 });
}, 60_000);
