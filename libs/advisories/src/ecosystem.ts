/** Suffixes and prefixes that name the same set of packages twice over, brought to one spelling. */
export function normaliseEcosystem(ecosystem: string): string {
  // OSV writes Ubuntu:22.04:LTS and Ubuntu:Pro:22.04:LTS; whether a release is long-term is no part of which release it is.
  if (ecosystem.startsWith('Ubuntu:')) return ecosystem.replace(/:LTS$/, '');
  if (ecosystem === 'Debian:sid') return 'Debian:unstable';
  // Releases before 7 had a minor number.
  if (ecosystem.startsWith('Debian:')) return ecosystem.replace(/\.0$/, '');
  // A repository is no part of a stream, what it is built for is (`::el8`); the main stream of a major release is one.
  if (ecosystem.startsWith('Red Hat:')) return ecosystem.replace(/::(?!el\d+$)[^:]*$/, '').replace(/^(Red Hat:enterprise_linux:\d+)\.\d+$/, '$1');
  // Everything that a service pack of SUSE's is sold as, its modules and extensions are built and repaired once for all of them.
  if (ecosystem.startsWith('SUSE:')) return ecosystem.replace(/^SUSE:Linux Enterprise (?:Desktop|High Availability Extension|High Performance Computing|Live Patching|Module for .+|Real Time|Server(?: for SAP Applications| for VMWare| for Raspberry Pi)?|Software Development Kit|Workstation Extension) (\d+(?: SP\d+)?)$/, 'SUSE:Linux Enterprise Server $1');
  return ecosystem;
}

/** The registry or distribution, without the release: `Debian:12` is of family `Debian`. */
export function familyOf(ecosystem: string): string {
  const colon = ecosystem.indexOf(':');
  return colon < 0 ? ecosystem : ecosystem.slice(0, colon);
}

/**
 * A package's name as its registry compares names: two names are one package exactly when these are equal.
 * `ecosystem` may carry a release.
 */
export function normaliseName(ecosystem: string, name: string): string {
  switch (familyOf(ecosystem)) {
    // https://packaging.python.org/en/latest/specifications/name-normalization/
    case 'PyPI': return name.replace(/[-_.]+/g, '-').toLowerCase();
    // NuGet ids and Composer names are case-insensitive: https://learn.microsoft.com/nuget/reference/nuspec, https://getcomposer.org/doc/04-schema.md#name
    case 'NuGet': case 'Packagist': return name.toLowerCase();
    case 'SwiftURL': return name.replace(/^https?:\/\//, '').replace(/\.git$/, '').toLowerCase();
    // crates.io lets no two names differ only by - and _: https://doc.rust-lang.org/cargo/reference/registry-index.html#name-restrictions
    case 'crates.io': return name.replaceAll('_', '-').toLowerCase();
    default: return name;
  }
}

/**
 * Distributions whose advisories list the built packages rather than the source package. (The OSV schema says
 * "source package" of AlmaLinux; the published records list binaries.)
 */
const binaryNamed = new Set(['AlmaLinux', 'Red Hat', 'Oracle Linux', 'Amazon Linux', 'Photon OS', 'Fedora', 'EPEL', 'Arch Linux']);

/** True when a distribution's advisories name binary packages unless they say otherwise (`Affected.names`); false when source packages. */
export const namesBinaries = (ecosystem: string): boolean => binaryNamed.has(familyOf(ecosystem));
