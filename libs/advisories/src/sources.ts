import { distributionSources } from './distribution-sources.ts';
import { familyOf } from './ecosystem.ts';
import type { Parser } from './feed.ts';
import { parseFriendsOfPhp } from './friendsofphp.ts';
import { parseOsv } from './osv.ts';
import { parseRubySec } from './rubysec.ts';
import type { ListFiles } from './source-lists.ts';

/** One publication of advisories: where it is, how it is read, how often, and how few records are too few. */
export interface Source {
  /** Stable name; stored with every advisory. */
  readonly id: string;
  readonly title: string;
  /** The official publication; several files make one source, ingested as one; none for what is only imported. */
  readonly urls: readonly string[];
  /** Finds the addresses where they change from day to day; then `urls` has none. */
  readonly list?: ListFiles;
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

/** Everything that can be read, one line each. */
export const sources: readonly Source[] = [
  ...distributionSources,

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
