import { basename } from 'node:path';
import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseArch } from './arch.ts';
import { parseBodhi } from './bodhi.ts';
import { parseCsaf } from './csaf.ts';
import { parseCvrf } from './cvrf.ts';
import { parseDebianChangelogs } from './debian-changelogs.ts';
import { parseDebianLists } from './debian-lists.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { parseAlmaErrata, parseRockyErrata } from './errata.ts';
import { defaultFeedLimits, type Parser } from './feed.ts';
import { parseGlsa } from './gentoo-glsa.ts';
import { parseMixed } from './mixed.ts';
import { parseOsv } from './osv.ts';
import { parseOval } from './oval.ts';
import { parsePhotonCves } from './photon-cves.ts';
import { type Recognised, recogniseSource } from './recognise-source.ts';
import { recordsOf } from './records-of.ts';
import { parseRedHatCves } from './redhat-cves.ts';
import { sources } from './sources.ts';
import { parseUbuntuCveTracker } from './ubuntu-cve-tracker.ts';
import { parseUbuntuCves } from './ubuntu-cves.ts';
import { parseUbuntuNotices, parseUsnDatabase } from './ubuntu-notices.ts';
import { parseUbuntuVex } from './ubuntu-vex.ts';
import { parseUpdateInfo } from './updateinfo.ts';
import { parseVuXml } from './vuxml.ts';

/** What the first record of a format looks like where several sources share it, in its first 64 KiB; a source with a format of its own says it in its line of the table. */
const signs: readonly (readonly [Parser, RegExp])[] = [
  [parseAlpineSecDb, /"distroversion"|^distroversion:|"secfixes"\s*:/m],
  [parseDebianTracker, /^\s*\{\s*"[^"]+"\s*:\s*\{\s*"(?:CVE|TEMP)-[^"]+"\s*:\s*\{[^]*"releases"\s*:/],
  [parseUbuntuCveTracker, /^Candidate:\s*CVE-\d{4}-\w+\s*$/m],
  [parseOval, /<oval_definitions[\s>]/],
  [parseCsaf, /"csaf_version"\s*:[^]*"publisher"\s*:\s*\{[^}]*"name"\s*:\s*"(?:Red Hat|SUSE|openEuler)/],
  [parseCvrf, /<cvrfdoc[\s>]/],
  [parseDebianLists, /^\[[^\]\n]{4,40}\] (?:DSA|DLA|DTSA)-\d+|^CVE-\d{4}-(?:\d{4,}|XXXX)(?: [([].*)?\n\s+(?:\[\w+\] )?(?:- \S+ |\{|NOT-FOR-US|NOTE|RESERVED|REJECTED|TODO)/m],
  [parseDebianChangelogs, /^\s*\{\s*"\w+"\s*:\s*\{\s*"[^"]+"\s*:\s*\{\s*"(?:_current|CVE-[\d-]+)"\s*:\s*\{\s*"version"/],
  [parseUpdateInfo, /<updates[\s>][^]*<update\s|^document: modulemd\b/m],
  [parseAlmaErrata, /^\s*\{[^]*"data"\s*:\s*\[\s*\{[^]*"id"\s*:\s*"AL[BES]A-/],
  [parseRockyErrata, /^\s*\{\s*"advisories"\s*:\s*\[\s*\{[^]*"name"\s*:\s*"R[LX][BES]A-/],
  [parseUbuntuVex, /"@id"\s*:\s*"https:\/\/github\.com\/canonical\/ubuntu-security-notices/],
  [parseUsnDatabase, /^\s*\{\s*"\d+-\d+"\s*:\s*\{[^]*"(?:isummary|allbinaries|cves)"\s*:/],
  [parseUbuntuCves, /^\s*\{[^]*"cves"\s*:\s*\[\s*\{[^]*"(?:release_codename|ubuntu_description)"\s*:/],
  [parseUbuntuNotices, /^\s*\{[^]*"notices"\s*:\s*\[\s*\{[^]*"release_packages"\s*:/],
  [parseRedHatCves, /^\s*\{[^]*"(?:threat_severity|package_state|affected_release)"\s*:[^]*"name"\s*:\s*"CVE-/],
  [parseBodhi, /"updateid"\s*:\s*"FEDORA-|"version_hash"\s*:[^]*"updateid"/],
  [parseArch, /^\s*\[\s*\{[^]*"name"\s*:\s*"AVG-\d+"/],
  [parsePhotonCves, /^\s*\[\s*\{\s*"cve_id"\s*:[^]*"aff_ver"\s*:/],
  [parseGlsa, /<glsa\s+id="/],
  [parseVuXml, /<vuxml[\s>]/],
  // CVE records, NVD's pages, CSAF, OpenVEX and CycloneDX speak of "affected" and "modified" too.
  [parseOsv, /^\s*\{(?![^]*"(?:cveMetadata|resultsPerPage|csaf_version|@context|bomFormat)"\s*:)[^]*"(?:affected|modified)"\s*:|^id:\s[^]*^(?:affected|modified):/m],
];
const headBytes = 64 * 1024, recordsLookedAt = 40, bytesLookedAt = 64 * 1024 * 1024;

/** Tells from a feed's content which parser reads it and which source it is; undefined when none reads it. A source that cannot be told is named after the file. */
export async function detectFeed(path: string): Promise<Recognised | undefined> {
  const [format, other] = await kindsOf(path, advisoryFormat);
  return format && recogniseFile(other === undefined ? format : parseMixed(advisoryFormat), path);
}

/** Which source a file of a known format is; named after the file when it cannot be told. */
export const recogniseFile = (format: Parser, path: string): Promise<Recognised> => recogniseSource(format, recordsOf(path, defaultFeedLimits), nameOf(path));

/** A source's name after a file's. */
export const nameOf = (path: string): string => basename(path).replace(/\.(zip|tar|json|ya?ml|xml|zst|gz|tgz|bz2|tbz2|xz|txz)/g, '').toLowerCase().replace(/[^a-z0-9-]+/g, '-');

/** The parser of the advisories that a record begins like. */
export const advisoryFormat = (head: string): Parser | undefined => sources.find(({ sign }) => sign?.test(head))?.parse ?? signs.find(([, sign]) => sign.test(head))?.[0];

/** What the first records are, each kind once; those that are nothing are left out. */
export async function kindsOf<T>(path: string, kindOf: (head: string) => T | undefined): Promise<Set<T>> {
  const found = new Set<T>();
  let looked = 0, size = 0;
  for await (const { name, chunks } of recordsOf(path, defaultFeedLimits)) {
    if (++looked > recordsLookedAt || size > bytesLookedAt) break;
    const maySay = /\.(json|ya?ml|xml|csv)$|^[^.]+$/i.test(name) && !/schema\.json$/i.test(name);
    let head = '';
    for await (const chunk of chunks) {
      size += chunk.length;
      if (maySay && head.length < headBytes) head += Buffer.from(chunk).toString('utf8');
    }
    const kind = maySay ? kindOf(head.slice(0, headBytes)) : undefined;
    if (kind !== undefined) found.add(kind);
  }
  return found;
}
