import { familyOf, namesBinaries, normaliseName } from '@plimsoll/advisories';
import type { OperatingSystem, Package, PackageType } from '@plimsoll/inventory';
import { isThirdParty } from './vendors.ts';

/** What is looked up for a package: the version to compare is the source package's where the distribution's advisories speak of source packages. */
export interface Coordinates {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  /** What `name` is, and the other one, where a package has another name than what it was built from: records of one family may use either (`Affected.names`). */
  readonly named?: 'source' | 'binary';
  readonly other?: { readonly name: string; readonly version: string };
}

/** Why no advisory source speaks of a package. */
export type Uncovered = 'system-unknown' | 'third-party' | 'no-ecosystem';

/** Programs known by a text inside them whose makers publish advisories. */
const programs: Readonly<Record<string, string>> = { node: 'Node.js' };

const languages: Readonly<Partial<Record<PackageType, string>>> = {
  npm: 'npm', pypi: 'PyPI', golang: 'Go', maven: 'Maven', gem: 'RubyGems', cargo: 'crates.io', composer: 'Packagist', nuget: 'NuGet',
  pub: 'Pub', hex: 'Hex', swift: 'SwiftURL', cran: 'CRAN', hackage: 'Hackage', conan: 'ConanCenter', bitnami: 'Bitnami',
};

const major = (version: string): string => version.split('.', 1)[0]!;
const minor = (version: string): string => version.split('.', 2).join('.');

interface System {
  readonly type: PackageType;
  readonly ecosystem: (version: string, os: OperatingSystem) => string | undefined;
  /** True when its advisories leave epochs out though its packages have them: then nobody's count. */
  readonly dropsEpochs?: true;
}

const rpm = (ecosystem: (version: string, os: OperatingSystem) => string | undefined): System =>
  ({ type: 'rpm', ecosystem: (version, os) => version === '' ? undefined : ecosystem(version, os) });

/**
 * By os-release `ID`: the package type, and the ecosystem of a `VERSION_ID` as its advisories name it. Adding a
 * distribution is one line. What is rebuilt from another (Raspbian, Linux Mint, Kali, EuroLinux, CloudLinux, CentOS
 * Stream, Manjaro) has versions of its own and nobody's advisories: it stays away, and is called unknown.
 */
const systems: Readonly<Record<string, System>> = {
  debian: { type: 'deb', ecosystem: (version, os) => version === '' ? debianInTheMaking(os.codename) : `Debian:${major(version)}` },
  ubuntu: { type: 'deb', ecosystem: (version) => version === '' ? undefined : `Ubuntu:${version}` },
  // 3.21.0_alpha20240923 is a snapshot of edge, not of 3.21: https://wiki.alpinelinux.org/wiki/Alpine_Linux:Releases
  alpine: { type: 'apk', ecosystem: (version) => version === '' ? undefined : /_alpha|edge/.test(version) ? 'Alpine:edge' : `Alpine:v${minor(version)}` },
  wolfi: { type: 'apk', ecosystem: () => 'Wolfi' },
  chainguard: { type: 'apk', ecosystem: () => 'Chainguard' },
  almalinux: rpm((version) => `AlmaLinux:${major(version)}`),
  rocky: rpm((version) => `Rocky Linux:${major(version)}`),
  rhel: rpm((version) => `Red Hat:enterprise_linux:${major(version)}`),
  // CentOS Linux was Red Hat's sources built again, with their versions, and had no advisories of its own. Stream runs ahead of them.
  centos: rpm((version, os) => /stream/i.test(os.name) || Number(major(version)) > 8 ? undefined : `Red Hat:enterprise_linux:${major(version)}`),
  ol: rpm((version) => `Oracle Linux:${major(version)}`),
  fedora: rpm((version) => `Fedora:${version}`),
  // The first one counted years and months: 2018.03.
  amzn: rpm((version) => `Amazon Linux:${/^201\d\./.test(version) ? '1' : version}`),
  photon: rpm((version) => `Photon OS:${version}`),
  azurelinux: rpm((version) => `Azure Linux:${major(version)}`),
  mariner: rpm((version) => `Azure Linux:${major(version)}`),
  mageia: rpm((version) => `Mageia:${version}`),
  // `openEuler 22.03 (LTS-SP3)`: the part in brackets is part of the release.
  openEuler: { ...rpm((version, os) => `openEuler:${os.name.replace(/^openEuler\s*/, '').replace(/[()]/g, '').trim().replace(/\s+/g, '-') || version}`), dropsEpochs: true },
  sles: rpm((version) => `SUSE:Linux Enterprise Server ${servicePack(version)}`),
  sles_sap: rpm((version) => `SUSE:Linux Enterprise Server ${servicePack(version)}`),
  'sle-micro': rpm((version) => `SUSE:Linux Enterprise Micro ${version}`),
  'sl-micro': rpm((version) => `SUSE:Linux Micro ${version}`),
  'opensuse-leap': rpm((version) => `openSUSE:Leap ${version}`),
  'opensuse-leap-micro': rpm((version) => `openSUSE:Leap Micro ${version}`),
  'opensuse-tumbleweed': { type: 'rpm', ecosystem: () => 'openSUSE:Tumbleweed' },
  arch: { type: 'alpm', ecosystem: () => 'Arch Linux' },
  gentoo: { type: 'portage', ecosystem: () => 'Gentoo' },
};

/** `15.4` is called 15 SP4; from 16 on the minor number is one. */
const servicePack = (version: string): string => Number(major(version)) > 15 ? version : version.replace(/\.(\d+)$/, (_, pack: string) => pack === '0' ? '' : ` SP${pack}`);

/** Testing and unstable have no number in os-release, and both call themselves `forky/sid`. */
function debianInTheMaking(codename: string | undefined): string | undefined {
  const numbers: Readonly<Record<string, string>> = { trixie: '13', forky: '14', duke: '15', sid: 'unstable' };
  const name = codename?.split('/')[0];
  return name !== undefined && Object.hasOwn(numbers, name) ? `Debian:${numbers[name]}` : undefined;
}

/** The ecosystem of an operating system's own packages: `Debian:11`, `Alpine:v3.15`, `AlmaLinux:9`; undefined for a system nobody publishes advisories for by a name known here. */
export const ecosystemOf = (os: OperatingSystem | null): string | undefined =>
  os !== null && Object.hasOwn(systems, os.id) ? systems[os.id]?.ecosystem(os.version_id ?? '', os) : undefined;

/** Under which name, ecosystem and version advisories would speak of a package; or why none can. `os` is the inventory's. */
export function coordinatesOf(found: Package, os: OperatingSystem | null): Coordinates | Uncovered {
  const language = languages[found.type];
  // Advisories name `group:artifact`; an artifact alone, of a jar that does not say its group, would be found in none of them.
  if (language === 'Maven' && !found.name.includes(':')) return 'no-ecosystem';
  if (language !== undefined) return { ecosystem: language, name: normaliseName(language, found.name), version: language === 'Go' ? goVersion(found.version) : found.version };
  if (found.type === 'generic' && Object.hasOwn(programs, found.name)) return { ecosystem: programs[found.name]!, name: found.name, version: found.version };
  if (!['deb', 'apk', 'rpm', 'alpm', 'opkg', 'portage'].includes(found.type)) return 'no-ecosystem';
  const ecosystem = ecosystemOf(os), system = os === null ? undefined : systems[os.id];
  if (ecosystem === undefined || system?.type !== found.type) return 'system-unknown';
  if (isThirdParty(found, familyOf(ecosystem))) return 'third-party';
  const plain = (version: string) => system.dropsEpochs ? version.replace(/^\d+:/, '') : version;
  const binary = { name: found.name, version: plain(found.version) };
  const source = found.source === undefined ? binary : { name: found.source.name, version: plain(versionOf(found.source, found)) };
  const named = namesBinaries(ecosystem) ? 'binary' : 'source', own = named === 'binary' ? binary : source;
  return { ecosystem: streamOf(ecosystem, own.version), ...own, ...(source.name === binary.name ? {} : { named, other: named === 'binary' ? source : binary }) };
}

/** The source's, for a built package may have a version of its own (`perl-Errno` 1.30 of `perl` 5.34). The epoch of an rpm is not in SOURCERPM: where the rest is one, so is the epoch. */
const versionOf = (source: { readonly version: string }, found: Package): string =>
  found.type === 'rpm' && source.version === found.version.replace(/^\d+:/, '') ? found.version : source.version;

/** Oracle's builds that can be patched while they run, and those for FIPS 140, have versions that compare with none but each other; so have their advisories. */
const streamOf = (ecosystem: string, version: string): string =>
  !ecosystem.startsWith('Oracle Linux:') ? ecosystem : /\.ksplice\d/.test(version) ? `${ecosystem}:ksplice` : /_fips\b/.test(version) ? `${ecosystem}:fips` : ecosystem;

/** The standard library and toolchain call their versions `go1.22.1`; modules have a `v` that OSV leaves out. */
const goVersion = (version: string): string => version.replace(/^(?:go|v)(?=\d)/, '');
