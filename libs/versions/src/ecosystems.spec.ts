import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { schemeOf } from './index.ts';

it.each([
  ['Debian:12', 'deb'], ['Debian', 'deb'], ['Ubuntu:22.04:LTS', 'deb'], ['Ubuntu:Pro:18.04:LTS', 'deb'], ['Echo', 'deb'],
  ['Alpine:v3.18', 'apk'], ['Wolfi', 'apk'], ['Chainguard', 'apk'], ['Alpaquita:stream', 'apk'], ['MinimOS', 'apk'], ['BellSoft Hardened Containers:23', 'apk'],
  ['AlmaLinux:9', 'rpm'], ['Rocky Linux:9', 'rpm'], ['Red Hat:enterprise_linux:9::baseos', 'rpm'], ['Red Hat Enterprise Linux', 'rpm'], ['openSUSE:Leap 15.5', 'rpm'],
  ['SUSE:Linux Enterprise Server 15 SP4', 'rpm'], ['Mageia:9', 'rpm'], ['openEuler:24.03-LTS', 'rpm'], ['Photon OS:3.0', 'rpm'], ['Azure Linux:3', 'rpm'], ['Amazon Linux 2023', 'rpm'], ['Oracle Linux', 'rpm'],
  ['npm', 'npm'], ['PyPI', 'pep440'], ['pypi', 'pep440'], ['Go', 'go'], ['golang', 'go'], ['Maven', 'maven'], ['Maven:https://repo1.example', 'maven'], ['crates.io', 'cargo'], ['cargo', 'cargo'],
  ['RubyGems', 'rubygems'], ['gem', 'rubygems'], ['NuGet', 'nuget'], ['Pub', 'pub'], ['Hex', 'hex'], ['CRAN', 'cran'], ['Bioconductor:3.18', 'semver'], ['Hackage', 'hackage'], ['GHC', 'semver'],
  ['SwiftURL', 'swift'], ['swift', 'swift'], ['Bitnami', 'bitnami'], ['ConanCenter', 'conan'], ['GitHub Actions', 'semver'], ['Julia', 'semver'], ['OSS-Fuzz', 'loose'],
  ['Packagist', 'composer'], ['composer', 'composer'], ['packagist', 'php'], ['rpm-evr', 'rpm'], ['generic-aqua', 'loose'], ['alpm', 'alpm'], ['ebuild', 'gentoo'],
  ['Root:Alpine:3.18', 'apk'], ['Root:Debian:12', 'deb'], ['Root:PyPI', 'pep440'], ['Root', undefined],
  ['GIT', undefined], ['FreeBSD:ports', undefined], ['', undefined], ['Nobody', undefined], ['constructor', undefined], ['__proto__', undefined], ['toString:1', undefined],
] as const)('%s is ordered as %s', (ecosystem, scheme) => {
  expect(schemeOf(ecosystem)).toBe(scheme);
});

const published = new URL('../../../../shared/oracles/feed-ingest/osv-schema/ecosystems.json', import.meta.url);
it.skipIf(!existsSync(published))(`every ecosystem of the OSV schema has an order${existsSync(published) ? '' : ' (skipped: ../shared/oracles has no ecosystems.json)'}`, () => {
  const names = Object.keys(JSON.parse(readFileSync(published, 'utf8')) as object);
  expect(names.filter((name) => schemeOf(name) === undefined && !unordered.has(name))).toEqual([]);
});
/** Root alone says nothing; FreeBSD has an order of its own, not written yet; TuxCare does not say whose packages its are. */
const unordered = new Set(['GIT', 'Root', 'FreeBSD', 'TuxCare']);
