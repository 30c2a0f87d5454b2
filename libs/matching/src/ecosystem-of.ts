import { familyOf, namesBinaries, normaliseName } from '@plimsoll/advisories';
import type { OperatingSystem, Package, PackageType } from '@plimsoll/inventory';
import { isThirdParty } from './vendors.ts';

/** What is looked up for a package: the version to compare is the source package's where the distribution's advisories speak of source packages. */
export interface Coordinates {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
}

/** Why no advisory source speaks of a package. */
export type Uncovered = 'system-unknown' | 'third-party' | 'no-ecosystem';

const languages: Readonly<Partial<Record<PackageType, string>>> = {
  npm: 'npm', pypi: 'PyPI', golang: 'Go', maven: 'Maven', gem: 'RubyGems', cargo: 'crates.io', composer: 'Packagist', nuget: 'NuGet',
  pub: 'Pub', hex: 'Hex', swift: 'SwiftURL', cran: 'CRAN', hackage: 'Hackage', conan: 'ConanCenter', bitnami: 'Bitnami',
};

const major = (version: string): string => version.split('.', 1)[0]!;
const minor = (version: string): string => version.split('.', 2).join('.');

/** By os-release `ID`: the package type, and the ecosystem of a `VERSION_ID` as its advisories name it. Adding a distribution is one line. */
const systems: Readonly<Record<string, { readonly type: PackageType; readonly ecosystem: (version: string, os: OperatingSystem) => string | undefined }>> = {
  debian: { type: 'deb', ecosystem: (version, os) => version === '' ? debianInTheMaking(os.codename) : `Debian:${major(version)}` },
  ubuntu: { type: 'deb', ecosystem: (version) => version === '' ? undefined : `Ubuntu:${version}` },
  // 3.21.0_alpha20240923 is a snapshot of edge, not of 3.21: https://wiki.alpinelinux.org/wiki/Alpine_Linux:Releases
  alpine: { type: 'apk', ecosystem: (version) => version === '' ? undefined : /_alpha|edge/.test(version) ? 'Alpine:edge' : `Alpine:v${minor(version)}` },
  wolfi: { type: 'apk', ecosystem: () => 'Wolfi' },
  chainguard: { type: 'apk', ecosystem: () => 'Chainguard' },
  almalinux: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `AlmaLinux:${major(version)}` },
  rocky: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Rocky Linux:${major(version)}` },
  rhel: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Red Hat:enterprise_linux:${major(version)}` },
  ol: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Oracle Linux:${major(version)}` },
  amzn: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Amazon Linux:${version}` },
  photon: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Photon OS:${version}` },
  azurelinux: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Azure Linux:${major(version)}` },
  mariner: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Azure Linux:${major(version)}` },
  mageia: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `Mageia:${version}` },
  openEuler: { type: 'rpm', ecosystem: (version, os) => version === '' ? undefined : `openEuler:${os.name.replace(/^openEuler\s*/, '') || version}` },
  sles: { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `SUSE:Linux Enterprise Server ${version.replace(/\.(\d+)$/, ' SP$1')}` },
  'opensuse-leap': { type: 'rpm', ecosystem: (version) => version === '' ? undefined : `openSUSE:Leap ${version}` },
  'opensuse-tumbleweed': { type: 'rpm', ecosystem: () => 'openSUSE:Tumbleweed' },
};

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
  if (language !== undefined) return { ecosystem: language, name: normaliseName(language, found.name), version: language === 'Go' ? goVersion(found.version) : found.version };
  if (!['deb', 'apk', 'rpm', 'alpm', 'opkg', 'portage'].includes(found.type)) return 'no-ecosystem';
  const ecosystem = ecosystemOf(os);
  if (ecosystem === undefined || os === null || systems[os.id]?.type !== found.type) return 'system-unknown';
  if (isThirdParty(found, familyOf(ecosystem))) return 'third-party';
  const source = namesBinaries(ecosystem) || found.source === undefined ? found : found.source;
  // The epoch of an rpm is not in SOURCERPM; source and binary otherwise have one version.
  return { ecosystem, name: source.name, version: found.type === 'rpm' ? found.version : source.version };
}

/** The standard library and toolchain call their versions `go1.22.1`; modules have a `v` that OSV leaves out. */
const goVersion = (version: string): string => version.replace(/^(?:go|v)(?=\d)/, '');
