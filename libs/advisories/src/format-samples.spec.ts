import { describe, expect, it } from 'vitest';
import { parseArch } from './arch.ts';
import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseBodhi } from './bodhi.ts';
import { parseCsaf } from './csaf.ts';
import { parseCvrf } from './cvrf.ts';
import { parseDebianLists } from './debian-lists.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { detectFeed } from './detect-feed.ts';
import { parseAlmaErrata, parseRockyErrata } from './errata.ts';
import { bytesOf, defaultFeedLimits, type FeedRecord, type Parser, type Reading } from './feed.ts';
import { all, hasShared, record, records, shared } from './feeds.spec-helper.ts';
import { parseGlsa } from './gentoo-glsa.ts';
import { parseOsv } from './osv.ts';
import { parseOval } from './oval.ts';
import { parsePhotonCves } from './photon-cves.ts';
import { noCounts, readFeed } from './read-feed.ts';
import { recordsOf, recordsOfStream } from './records-of.ts';
import { parseRedHatCves } from './redhat-cves.ts';
import { parseUbuntuCveTracker } from './ubuntu-cve-tracker.ts';
import { parseUbuntuCves } from './ubuntu-cves.ts';
import { parseUbuntuNotices, parseUsnDatabase } from './ubuntu-notices.ts';
import { parseUbuntuVex } from './ubuntu-vex.ts';
import { parseUpdateInfo } from './updateinfo.ts';
import { parseVuXml } from './vuxml.ts';

/** Files of a folder of the samples, unpacked. */
type Files = ReadonlyMap<string, string>;
const matches = (pattern: RegExp) => (files: Files): number => [...files.values()].reduce((sum, text) => sum + (text.match(pattern) ?? []).length, 0);
const perFile = (pattern: RegExp) => (files: Files): number => [...files.keys()].filter((name) => pattern.test(name)).length;

/**
 * What publishers really send, cut short: by whom, in which folder, which parser; how many records a look at the text
 * finds, and what becomes of those that are no advisory.
 */
const samples: readonly (readonly [folder: RegExp, parse: Parser, count: (files: Files) => number, aside?: Readonly<Record<string, number>>])[] = [
  [/vuls-data-update\/alma\/errata\/errata\.full/, parseAlmaErrata, matches(/"type": "security"/g)],
  [/vuls-data-update\/alma\/oval\/.*bz2$/, parseOval, matches(/<definition /g)],
  [/vuls-data-update\/alma\/updateinfo\/happy\/.*updateinfo/, parseUpdateInfo, matches(/<update [^>]*type="security"/g)],
  // Each branch's repository has a package for each of its problems.
  [/vuls-data-update\/alpine\/secdb\/.*\.json$/, parseAlpineSecDb, (files) => [...files.values()].reduce((sum, text) => sum + new Set([...text.matchAll(/"name": ?"([^"]+)"|"(CVE-[\d-]+)/g)].reduce<{ name: string; found: string[] }>((state, [, name, id]) => (name === undefined ? state.found.push(`${state.name} ${id}`) : state.name = name, state), { name: '', found: [] }).found).size, 0)],
  [/vuls-data-update\/amazon\/updateinfo_(?!invalid)/, parseUpdateInfo, matches(/<update [^>]*>/g)],
  [/vuls-data-update\/arch\/advisory/, parseArch, matches(/"AVG-\d+"/g)],
  [/vuls-data-update\/debian\/oval\/.*bullseye\.xml/, parseOval, matches(/<definition /g)],
  [/vuls-data-update\/debian\/tracker\/api\/advisory/, parseDebianTracker, matches(/"(?:CVE|TEMP)-[^"]+": ?\{/g)],
  [/vuls-data-update\/fedora\/api\/updates\//, parseBodhi, matches(/"updateid"/g)],
  // Seven of the files are of bug fixes and enhancements.
  [/vuls-data-update\/fedora\/updateinfo\/.*updateinfo/, parseUpdateInfo, matches(/<update [^>]*type="security"/g)],
  [/vuls-data-update\/freebsd\//, parseVuXml, (files) => matches(/<vuln vid/g)(files) - matches(/<cancelled/g)(files)],
  [/vuls-data-update\/gentoo\/glsa\/data\//, parseGlsa, matches(/<glsa id/g)],
  [/vuls-data-update\/microsoft\/azure\/oval\//, parseOval, matches(/<definition /g)],
  // One document has a comma too many.
  [/vuls-data-update\/openeuler\/csaf\//, parseCsaf, matches(/"cve"\s*:/g), { 'record-malformed': 1 }],
  [/vuls-data-update\/openeuler\/cvrf\/happy\/.*xml$/, parseCvrf, matches(/<CVE>/g), { 'record-product-unknown': 1 }],
  [/vuls-data-update\/oracle\/(?:linux|olam|openstack|vm)\/(?!invalid|happy\/indexof)/, parseOval, matches(/<definition /g)],
  [/vuls-data-update\/photon\/cve\/happy\/cve_data/, parsePhotonCves, matches(/"cve_id"/g), { 'record-id-unreadable': 1 }],
  [/vuls-data-update\/photon\/oval\/happy\/.*gz$/, parseOval, matches(/<definition /g)],
  [/vuls-data-update\/redhat\/csaf\/csaf_advisories/, parseCsaf, matches(/"cve"\s*:/g)],
  [/vuls-data-update\/redhat\/vex\/v1\/csaf_vex/, parseCsaf, perFile(/json$/)],
  [/vuls-data-update\/redhat\/cvrf\//, parseCvrf, matches(/<CVE>/g)],
  [/vuls-data-update\/redhat\/cve\/CVE-/, parseRedHatCves, perFile(/CVE-.*json$/)],
  [/vuls-data-update\/redhat\/oval\//, parseOval, matches(/<definition /g)],
  [/vuls-data-update\/rocky\/errata\/happy\//, parseRockyErrata, matches(/"kind": ?"Security"/g)],
  [/vuls-data-update\/rocky\/updateinfo\/happy\/.*(?:updateinfo|modules)/, parseUpdateInfo, matches(/<update [^>]*type="security"/g)],
  [/vuls-data-update\/suse\/csaf\//, parseCsaf, matches(/"cve"\s*:/g)],
  // One document is about a flaw that SUSE never had.
  [/vuls-data-update\/suse\/csaf_vex\//, parseCsaf, matches(/"cve"\s*:/g), { 'record-no-vulnerability': 1 }],
  [/vuls-data-update\/suse\/cvrf\//, parseCvrf, matches(/<CVE>/g)],
  [/vuls-data-update\/suse\/cvrf_cve\/unexpected-eof\//, parseCvrf, matches(/<CVE>/g), { 'record-truncated': 1 }],
  [/vuls-data-update\/suse\/oval\/happy\/(?:opensuse\.(?!12)|.*micro).*gz$/, parseOval, matches(/<definition /g)],
  [/vuls-data-update\/suse\/osv\//, parseOsv, matches(/"affected"\s*:/g)],
  [/vuls-data-update\/ubuntu\/cve\/happy\//, parseUbuntuCves, matches(/"id": "CVE-/g)],
  [/vuls-data-update\/ubuntu\/notice\/happy\//, parseUbuntuNotices, matches(/"release_packages"/g)],
  [/vuls-data-update\/ubuntu\/osv\/happy\//, parseOsv, perFile(/json$/)],
  [/vuls-data-update\/ubuntu\/oval\/.*\.(?:cve|usn)\.oval/, parseOval, matches(/<definition /g)],
  // A definition is a package, an advisory each of its CVEs.
  [/vuls-data-update\/ubuntu\/oval\/.*\.pkg\.oval/, parseOval, matches(/<cve /g)],
  [/vuls-data-update\/ubuntu\/tracker\/ubuntu-cve-tracker\/data\//, parseUbuntuCveTracker, perFile(/(?:active|retired)\/CVE-/)],
  [/vuls-data-update\/ubuntu\/usndb\//, parseUsnDatabase, matches(/"isummary"/g)],
  [/vuls-data-update\/ubuntu\/vex\//, parseUbuntuVex, matches(/"statements": ?\[\s*\{/g), { 'record-no-vulnerability': 1 }],
  [/vunnel\/debian\/input\/DSA$/, parseDebianLists, matches(/^\[/gm)],
  // One issue has a list where its releases should be; of two documents the tests were left out.
  [/vunnel\/debian\/input\/debian\.json$/, parseDebianTracker, matches(/"(?:CVE|TEMP)-[^"]+": ?\{/g), { 'record-unreadable': 1 }],
  [/vunnel\/oracle\/mock/, parseOval, matches(/<definition /g), { 'record-test-missing': 5 }],
];

describe.skipIf(!hasShared)(`samples of every format${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  let folders: Promise<Map<RegExp, { files: Files; kept: FeedRecord[] }>> | undefined;
  const read = async () => {
    const found = new Map(samples.map(([folder]) => [folder, { files: new Map<string, string>(), kept: [] as FeedRecord[] }]));
    for await (const one of recordsOf(shared('feeds/format-samples-all-feeds.tar.zst'))) {
      const folder = samples.find(([pattern]) => pattern.test(one.name))?.[0];
      if (folder === undefined) continue;
      for await (const file of recordsOfStream(one.name, one.chunks)) {
        const bytes = await bytesOf(file, defaultFeedLimits.recordBytes), { files, kept } = found.get(folder)!;
        (files as Map<string, string>).set(`${one.name}/${file.name}`, bytes.toString('utf8'));
        kept.push(record(file.name, bytes, 65_536));
      }
    }
    return found;
  };
  it.each(samples.map((sample) => [sample[0].source.replaceAll('\\', '').slice(0, 70), sample] as const))('%s', async (_, [folder, parse, count, aside = {}]) => {
    const { files, kept } = (await (folders ??= read())).get(folder)!;
    expect(files.size).toBeGreaterThan(0);
    const readings: Reading[] = await all(parse(records(...kept), { source: 'test', limits: defaultFeedLimits }));
    const rejected: Record<string, number> = {};
    for (const reading of readings) if (reading.kind === 'rejected') rejected[reading.problem.code!] = (rejected[reading.problem.code!] ?? 0) + 1;
    expect(rejected).toEqual(aside);
    const unseen = ['record-no-vulnerability', 'record-truncated'].reduce((sum, code) => sum + (aside[code] ?? 0), 0);
    // What is set aside was seen too, but for documents that say nothing or end before they do.
    expect(readings.length - unseen).toBe(count(files));
  }, 60_000);

  it('all of them, as the collection they come in', async () => {
    const file = shared('feeds/format-samples-all-feeds.tar.zst'), collection = (await detectFeed(file))!, counts = noCounts();
    for await (const _ of readFeed(collection, recordsOf(file), counts));
    // More than the samples above: OSV's too, in archives of their own.
    expect(counts.advisories).toBeGreaterThanOrEqual(550);
    const { 'record-format-unknown': others, ...problems } = counts.problems;
    expect(others).toBeGreaterThan(0);
    expect(Object.keys(problems).filter((code) => !code.startsWith('record-'))).toEqual([]);
  }, 120_000);
});
