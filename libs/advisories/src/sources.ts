import { distributionSources } from './distribution-sources.ts';
import { familyOf } from './ecosystem.ts';
import type { FeedRecord, Parser } from './feed.ts';
import { parseFriendsOfPhp } from './friendsofphp.ts';
import { parseGithubApi } from './github-api.ts';
import { parseNodejs } from './nodejs.ts';
import { parseOsv } from './osv.ts';
import { parseRetireJs } from './retirejs.ts';
import { parseRubySec } from './rubysec.ts';
import type { Changes } from './kept-archive.ts';
import type { ListFiles } from './source-lists.ts';
import { parseVictims } from './victims.ts';

/** One publication of advisories: where it is, how it is read, how often, and how few records are too few. */
export interface Source {
  /** Stable name; stored with every advisory. */
  readonly id: string;
  readonly title: string;
  /** The source (of several, the first) that says the same, or more: then this one is fetched only where somebody names it. */
  readonly repeats?: string;
  /** The official publication; several files make one source, ingested as one; none for what is only imported. */
  readonly urls: readonly string[];
  /** Finds the addresses where they change from day to day; then `urls` has none. */
  readonly list?: ListFiles;
  /** Where its one archive can be brought up to date record by record; see `kept-archive.ts`. */
  readonly changes?: Changes;
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
  /** What its first record looks like, in the first 64 KiB, so that a file nobody named is read. */
  readonly sign?: RegExp;
  /** What begins each record (with the flag `g`): with at least `least` of them (400 when not said) a file nobody named is this publication. */
  readonly record?: RegExp;
  readonly least?: number;
}

const minutes = 60, hours = 60 * minutes;

/** One zip per ecosystem, https://google.github.io/osv.dev/data/. */
const osv = (id: string, ecosystem: string, kind: Source['kind'], floor: number, repeats?: string): Source => {
  const folder = `https://osv-vulnerabilities.storage.googleapis.com/${encodeURIComponent(ecosystem)}`;
  return {
    id: `osv-${id}`, ...(repeats === undefined ? {} : { repeats }), title: `OSV ${ecosystem}`, kind, covers: [ecosystem], floor, parse: parseOsv, interval: 30 * minutes,
    urls: [`${folder}/all.zip`], changes: { url: `${folder}/modified_id.csv`, record: (name) => `${folder}/${encodeURIComponent(name)}.json` },
  };
};

/** A parser that does not see some of the files. */
const without = (names: RegExp, parse: Parser): Parser => (records, context) => parse(outside(names, records), context);

async function* outside(names: RegExp, records: AsyncIterable<FeedRecord>): AsyncGenerator<FeedRecord> {
  for await (const record of records) {
    if (!names.test(record.name)) yield record;
    else for await (const _ of record.chunks) void _;
  }
}

/** Everything that can be read, one line each. */
export const sources: readonly Source[] = [
  ...distributionSources,

  osv('almalinux', 'AlmaLinux', 'distribution', 4_500),
  osv('rocky', 'Rocky Linux', 'distribution', 1),
  osv('ubuntu', 'Ubuntu', 'distribution', 1, 'ubuntu-cve-tracker'),
  osv('redhat', 'Red Hat', 'distribution', 1, 'redhat-vex'),
  osv('suse', 'SUSE', 'distribution', 1, 'suse-vex'),
  osv('opensuse', 'openSUSE', 'distribution', 1, 'suse-vex'),
  osv('openeuler', 'openEuler', 'distribution', 1),
  osv('mageia', 'Mageia', 'distribution', 1),
  osv('photon', 'Photon OS', 'distribution', 1, 'photon-cves'),
  osv('azure-linux', 'Azure Linux', 'distribution', 1, 'azure-linux-oval'),
  osv('wolfi', 'Wolfi', 'distribution', 1, 'wolfi-secdb'),
  osv('chainguard', 'Chainguard', 'distribution', 1, 'chainguard-secdb'),

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

  { id: 'pypa', repeats: 'osv-pypi', title: 'PyPA advisory database', kind: 'language', covers: ['PyPI'], floor: 5_600, parse: parseOsv, interval: 6 * hours, urls: ['https://github.com/pypa/advisory-database/archive/refs/heads/main.tar.gz'] },
  // What GitHub has not reviewed names no package.
  { id: 'ghsa', repeats: 'osv-npm', title: 'GitHub advisory database', kind: 'language', covers: ['npm', 'Maven', 'NuGet', 'Packagist', 'RubyGems', 'PyPI', 'Go', 'crates.io', 'Hex', 'Pub', 'SwiftURL', 'GitHub Actions'], floor: 20_000, parse: without(/(?:^|\/)unreviewed\//, parseOsv), interval: 6 * hours, urls: ['https://github.com/github/advisory-database/archive/refs/heads/main.tar.gz'] },
  // Pages come one after another by a cursor, and with a token: whoever has them imports them.
  { id: 'github-api', title: 'GitHub advisories (API pages)', kind: 'language', covers: [], floor: 1, parse: parseGithubApi, interval: 24 * hours, sign: /"(?:ghsa_id|ghsaId)"\s*:/, urls: [] },
  { id: 'go-vulndb', repeats: 'osv-go', title: 'Go vulnerability database', kind: 'language', covers: ['Go'], floor: 3_400, parse: without(/(?:^|\/)index\//, parseOsv), interval: 1 * hours, urls: ['https://vuln.go.dev/vulndb.zip'] },
  { id: 'rustsec', repeats: 'osv-crates', title: 'RustSec advisory database', kind: 'language', covers: ['crates.io'], floor: 950, parse: parseOsv, interval: 6 * hours, urls: ['https://github.com/rustsec/advisory-db/archive/refs/heads/osv.tar.gz'] },
  { id: 'psf', title: 'Python Software Foundation advisories', kind: 'language', covers: [], floor: 100, parse: parseOsv, interval: 12 * hours, urls: ['https://github.com/psf/advisory-database/archive/refs/heads/main.tar.gz'] },
  // Packages made to do harm, of every registry: what is listed is harmful, and what is not may be.
  { id: 'malicious-packages', repeats: 'osv-npm', title: 'Malicious packages (OpenSSF)', kind: 'language', covers: [], floor: 10_000, parse: parseOsv, interval: 1 * hours, urls: ['https://github.com/ossf/malicious-packages/archive/refs/heads/main.tar.gz'] },
  { id: 'rubysec', title: 'Ruby advisory database', kind: 'language', covers: ['RubyGems'], floor: 1_100, parse: parseRubySec, interval: 6 * hours, sign: /^(?:gem|engine):\s*\S[^]*^(?:patched_versions|unaffected_versions|cve|ghsa|osvdb):/m, record: /^(?:gem|engine):/gm, urls: ['https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/master.tar.gz'] },
  // What PHP projects report there, some third of what is known of Packagist: it adds findings and covers nothing.
  { id: 'friendsofphp', title: 'FriendsOfPHP security advisories', kind: 'language', covers: [], floor: 1_250, parse: parseFriendsOfPhp, interval: 6 * hours, sign: /^reference:\s*['"]?composer:\/\/|^branches:\s*$/m, record: /^reference:\s*['"]?composer:\/\//gm, urls: ['https://github.com/FriendsOfPHP/security-advisories/archive/refs/heads/master.tar.gz'] },
  { id: 'bitnami-vulndb', repeats: 'osv-bitnami', title: 'Bitnami vulnerability database', kind: 'other', covers: ['Bitnami'], floor: 6_000, parse: parseOsv, interval: 6 * hours, urls: ['https://github.com/bitnami/vulndb/archive/refs/heads/main.tar.gz'] },

  { id: 'nodejs', title: 'Node.js security working group', kind: 'language', covers: ['Node.js'], floor: 500, parse: parseNodejs, interval: 12 * hours,
    sign: /^\s*\{[^]*"(?:vulnerable_versions|affectedEnvironments)"\s*:/, record: /"(?:module_name|affectedEnvironments)"\s*:/g, urls: ['https://github.com/nodejs/security-wg/archive/refs/heads/main.tar.gz'] },
  // What its authors met in web pages: it adds findings and covers nothing.
  { id: 'retirejs', title: 'retire.js', kind: 'language', covers: [], floor: 1_000, parse: parseRetireJs, interval: 12 * hours,
    sign: /"vulnerabilities"\s*:\s*\[\s*\{[^]*?"(?:atOrAbove|below)"\s*:/, record: /"below"\s*:/g, urls: ['jsrepository-v6', 'npmrepository'].map((list) => `https://raw.githubusercontent.com/RetireJS/retire.js/master/repository/${list}.json`) },
  { id: 'victims', title: 'Victims CVE database', kind: 'language', covers: [], floor: 170, parse: parseVictims, interval: 168 * hours,
    sign: /^cve:\s*['"]?\d{4}-\d{4,}[^]*^affected:/m, record: /^cve:\s*['"]?\d{4}-\d/gm, least: 200, urls: ['https://github.com/victims/victims-cve-db/archive/refs/heads/master.tar.gz'] },

  // No publisher: advisories of an organisation's own, and the sample that the quickstart takes when no feed can be reached. They add findings and cover nothing.
  { id: 'osv', title: 'OSV files of any ecosystem', kind: 'other', covers: [], floor: 1, parse: parseOsv, interval: 24 * hours, urls: [] },
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
