import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseRedHatCsaf } from './csaf-vex.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { familyOf } from './ecosystem.ts';
import type { Parser } from './feed.ts';
import { parseFriendsOfPhp } from './friendsofphp.ts';
import { parseOsv } from './osv.ts';
import { parseOval } from './oval.ts';
import { parseRubySec } from './rubysec.ts';
import { parseUbuntuCveTracker } from './ubuntu-cve-tracker.ts';

/** One publication of advisories: where it is, how it is read, how often, and how few records are too few. */
export interface Source {
  /** Stable name; stored with every advisory. */
  readonly id: string;
  readonly title: string;
  /** The official publication; several files make one source, ingested as one; none for what is only imported. */
  readonly urls: readonly string[];
  readonly parse: Parser;
  readonly kind: 'distribution' | 'language' | 'other';
  /**
   * The registries, distributions and releases (`npm`, `Debian`, `Alpine:v3.20`) that it publishes completely. Records
   * stray into others (npm's name Maven packages too), and a stray record covers nothing.
   */
  readonly covers: readonly string[];
  /** Seconds from one look to the next; a conditional request costs the publisher nothing when there is no news. */
  readonly interval: number;
  /** Fewer advisories than this is no update but an accident: the ingest is refused. About 80 % of what was published in mid 2026, 1 where that is not known. */
  readonly floor: number;
}

const minutes = 60, hours = 60 * minutes;

/** One zip per ecosystem, https://google.github.io/osv.dev/data/. */
const osv = (id: string, ecosystem: string, kind: Source['kind'], floor: number): Source => ({
  id: `osv-${id}`, title: `OSV ${ecosystem}`, kind, covers: [ecosystem], floor, parse: parseOsv, interval: 30 * minutes,
  urls: [`https://osv-vulnerabilities.storage.googleapis.com/${encodeURIComponent(ecosystem)}/all.zip`],
});

/** One pair of files per branch, https://secdb.alpinelinux.org. */
const alpine = (branch: string, floor: number): Source => ({
  id: `alpine-${branch}`, title: `Alpine ${branch} security database`, kind: 'distribution', covers: [`Alpine:${branch}`], floor, parse: parseAlpineSecDb, interval: 1 * hours,
  urls: ['main', 'community'].map((repository) => `https://secdb.alpinelinux.org/${branch}/${repository}.json`),
});

/** Everything that can be read, one line each. */
export const sources: readonly Source[] = [
  { id: 'debian-tracker', title: 'Debian security tracker', kind: 'distribution', covers: ['Debian'], floor: 40_000, parse: parseDebianTracker, interval: 1 * hours, urls: ['https://security-tracker.debian.org/tracker/data/json'] },
  { id: 'ubuntu-cve-tracker', title: 'Ubuntu CVE tracker', kind: 'distribution', covers: ['Ubuntu'], floor: 37_000, parse: parseUbuntuCveTracker, interval: 6 * hours, urls: ['https://git.launchpad.net/ubuntu-cve-tracker/snapshot/ubuntu-cve-tracker-master.tar.gz'] },

  alpine('edge', 7_500), alpine('v3.23', 7_000), alpine('v3.22', 6_500), alpine('v3.21', 6_000), alpine('v3.20', 6_000),
  alpine('v3.19', 5_500), alpine('v3.18', 5_000), alpine('v3.17', 4_800), alpine('v3.16', 4_600), alpine('v3.15', 4_000),

  { id: 'azure-linux-oval', title: 'Azure Linux OVAL', kind: 'distribution', covers: ['Azure Linux'], floor: 4_400, parse: parseOval, interval: 6 * hours, urls: ['azurelinux-3.0', 'cbl-mariner-2.0', 'cbl-mariner-1.0'].map((release) => `https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/${release}-oval.xml`) },
  { id: 'photon-oval', title: 'Photon OVAL', kind: 'distribution', covers: ['Photon OS'], floor: 1, parse: parseOval, interval: 12 * hours, urls: [1, 2, 3, 4, 5].map((major) => `https://packages.vmware.com/photon/photon_oval_definitions/com.vmware.phsa-photon${major}.xml.gz`) },

  // Imported from its daily archive, whose name has the date. Unfixed components are named by source and fixes by binary: until both are asked for it adds findings and covers nothing.
  { id: 'redhat-vex', title: 'Red Hat VEX (CSAF files)', kind: 'distribution', covers: [], floor: 1, parse: parseRedHatCsaf, interval: 24 * hours, urls: [] },

  osv('almalinux', 'AlmaLinux', 'distribution', 4_500),
  osv('rocky', 'Rocky Linux', 'distribution', 1),
  osv('ubuntu', 'Ubuntu', 'distribution', 1),
  osv('redhat', 'Red Hat', 'distribution', 1),
  osv('suse', 'SUSE', 'distribution', 1),
  osv('opensuse', 'openSUSE', 'distribution', 1),
  osv('openeuler', 'openEuler', 'distribution', 1),
  osv('mageia', 'Mageia', 'distribution', 1),
  osv('photon', 'Photon OS', 'distribution', 1),
  osv('azure-linux', 'Azure Linux', 'distribution', 1),
  osv('wolfi', 'Wolfi', 'distribution', 1),
  osv('chainguard', 'Chainguard', 'distribution', 1),

  osv('npm', 'npm', 'language', 1),
  osv('pypi', 'PyPI', 'language', 6_000),
  osv('go', 'Go', 'language', 3_400),
  osv('maven', 'Maven', 'language', 1),
  osv('nuget', 'NuGet', 'language', 1),
  osv('rubygems', 'RubyGems', 'language', 1),
  osv('crates', 'crates.io', 'language', 950),
  osv('packagist', 'Packagist', 'language', 1),
  osv('pub', 'Pub', 'language', 1),
  osv('hex', 'Hex', 'language', 1),
  osv('swift', 'SwiftURL', 'language', 1),
  osv('cran', 'CRAN', 'language', 1),
  osv('hackage', 'Hackage', 'language', 1),
  osv('conan', 'ConanCenter', 'language', 1),
  osv('github-actions', 'GitHub Actions', 'language', 1),
  osv('bitnami', 'Bitnami', 'other', 6_000),

  { id: 'pypa', title: 'PyPA advisory database', kind: 'language', covers: ['PyPI'], floor: 5_600, parse: parseOsv, interval: 6 * hours, urls: ['https://github.com/pypa/advisory-database/archive/refs/heads/main.tar.gz'] },
  { id: 'rubysec', title: 'Ruby advisory database', kind: 'language', covers: ['RubyGems'], floor: 1_100, parse: parseRubySec, interval: 6 * hours, urls: ['https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/master.tar.gz'] },
  // What PHP projects report there, some third of what is known of Packagist: it adds findings and covers nothing.
  { id: 'friendsofphp', title: 'FriendsOfPHP security advisories', kind: 'language', covers: [], floor: 1_250, parse: parseFriendsOfPhp, interval: 6 * hours, urls: ['https://github.com/FriendsOfPHP/security-advisories/archive/refs/heads/master.tar.gz'] },
  { id: 'bitnami-vulndb', title: 'Bitnami vulnerability database', kind: 'other', covers: ['Bitnami'], floor: 6_000, parse: parseOsv, interval: 6 * hours, urls: ['https://github.com/bitnami/vulndb/archive/refs/heads/main.tar.gz'] },

  // No publisher: advisories of an organisation's own, and the sample that the quickstart takes when no feed can be reached. They add findings and cover nothing.
  { id: 'private', title: 'Private advisories (OSV files)', kind: 'other', covers: [], floor: 1, parse: parseOsv, interval: 24 * hours, urls: [] },
];

/** The entry with this id. */
export const sourceOf = (id: string): Source | undefined => sources.find((source) => source.id === id);

/**
 * How many records of an ecosystem a feed that nobody named must hold before they are taken for all there are.
 * The smallest whole publication met has 461 (Alpine v3.3), the largest handful of samples 381 (Maven).
 */
export const leastRecords = 400;

/**
 * True when a source that holds so many records of an ecosystem (a distribution's release, or a registry) has all of
 * them: a source of the table of what it is for, any other with `leastRecords`. "Not covered" is not "clean".
 */
export function coversEcosystem(id: string, ecosystem: string, records: number): boolean {
  const source = sourceOf(id);
  if (source === undefined) return records >= leastRecords;
  return records > 0 && (source.covers.includes(familyOf(ecosystem)) || source.covers.includes(ecosystem));
}
