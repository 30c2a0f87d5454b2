import type { Advisory, Affected } from '@plimsoll/advisories';
import { schemeOf, versionKey } from '@plimsoll/versions';

/** Numbers that look random and are the same in every run (mulberry32). */
export class Dice {
  #state: number;
  constructor(seed: number) { this.#state = seed; }

  /** A whole number below `n`. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * n);
  }

  /** A whole number below `n` of which the small ones are frequent, as names in advisories are. */
  skewed(n: number): number { return Math.min(n - 1, Math.floor(n * (this.below(1_000_000) / 1_000_000) ** 2.5)); }
}

/** A family: releases that share package names, how many names, how they look, and how often an advisory is about it (per cent). */
interface Family { readonly source: string; readonly ecosystems: readonly string[]; readonly names: number; readonly share: number; name(n: number): string; version(dice: Dice): string }

const debVersion = (dice: Dice): string => `${dice.below(9) ? '' : `${dice.below(3)}:`}${dice.below(12)}.${dice.below(30)}.${dice.below(40)}-${dice.below(9)}${dice.below(2) ? `+deb12u${dice.below(9)}` : ''}`;
const rpmVersion = (dice: Dice): string => `${dice.below(9)}.${dice.below(30)}.${dice.below(40)}-${dice.below(60)}.el9`;
const apkVersion = (dice: Dice): string => `${dice.below(9)}.${dice.below(30)}.${dice.below(40)}-r${dice.below(12)}`;
const threeNumbers = (dice: Dice): string => `${dice.below(12)}.${dice.below(30)}.${dice.below(40)}`;

/** 17 ecosystems. */
export const families = {
  deb: { source: 'debian-tracker', ecosystems: ['Debian:11', 'Debian:12', 'Debian:13', 'Ubuntu:20.04', 'Ubuntu:22.04', 'Ubuntu:24.04'], names: 25_000, share: 22, name: (n) => `deb-package-${n}`, version: debVersion },
  rpm: { source: 'osv-almalinux', ecosystems: ['AlmaLinux:8', 'AlmaLinux:9', 'Rocky Linux:9'], names: 9_000, share: 12, name: (n) => `rpm-package-${n}`, version: rpmVersion },
  apk: { source: 'alpine-v3.21', ecosystems: ['Alpine:v3.19', 'Alpine:v3.20', 'Alpine:v3.21'], names: 7_000, share: 4, name: (n) => `apk-package-${n}`, version: apkVersion },
  npm: { source: 'osv-npm', ecosystems: ['npm'], names: 90_000, share: 47, name: (n) => n % 3 ? `npm-package-${n}` : `@scope${n % 97}/package-${n}`, version: threeNumbers },
  pypi: { source: 'osv-pypi', ecosystems: ['PyPI'], names: 20_000, share: 6, name: (n) => `pypi-project-${n}`, version: threeNumbers },
  maven: { source: 'osv-maven', ecosystems: ['Maven'], names: 15_000, share: 5, name: (n) => `org.example.group${n % 400}:artifact-${n}`, version: threeNumbers },
  golang: { source: 'osv-go', ecosystems: ['Go'], names: 6_000, share: 3, name: (n) => `github.com/org${n % 900}/module-${n}`, version: threeNumbers },
  cargo: { source: 'osv-crates', ecosystems: ['crates.io'], names: 3_000, share: 1, name: (n) => `crate-${n}`, version: threeNumbers },
} satisfies Record<string, Family>;

const shares = (Object.values(families) as Family[]).flatMap((family) => Array.from({ length: family.share }, () => family));

/** Advisories in the shapes and proportions of the real feeds; one of a distribution is about several of its releases. */
export function* syntheticAdvisories(count: number, seed = 42): Generator<Advisory> {
  const dice = new Dice(seed);
  for (let number = 0; number < count; number++) {
    const family = shares[dice.below(100)]!, first = dice.skewed(family.names), affected: Affected[] = [];
    const isNotice = family === families.rpm;
    for (const ecosystem of family.ecosystems) {
      // A notice repairs a few packages of one source; a tracker's record leaves out releases that never had the problem.
      if (family.ecosystems.length > 1 && dice.below(100) >= 55) continue;
      for (let more = isNotice ? dice.below(4) : 0; more >= 0; more--) affected.push(entry(family, ecosystem, (first + more) % family.names, dice));
    }
    if (affected.length === 0 || (family.ecosystems.length === 1 && dice.below(5) === 0)) affected.push(entry(family, family.ecosystems[0]!, dice.skewed(family.names), dice));
    const id = `CVE-2024-${100_000 + number}`;
    yield {
      id, key: id, source: family.source, aliases: [], vulnerabilities: [], title: 'heap overflow in the parser of a package',
      published: '2024-01-01T00:00:00Z', modified: '2024-02-01T00:00:00Z',
      severities: [{ type: 'CVSS_V3', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 }],
      references: ['https://example.org/a', 'https://example.org/b'], affected,
    };
  }
}

function entry(family: Family, ecosystem: string, name: number, dice: Dice): Affected {
  const fixed = dice.below(10) ? family.version(dice) : undefined;
  const introduced = family.ecosystems.length === 1 && dice.below(2) ? family.version(dice) : undefined;
  const isReversed = introduced !== undefined && fixed !== undefined && key(ecosystem, introduced) >= key(ecosystem, fixed);
  const range = { ...(introduced === undefined || isReversed ? {} : { introduced }), ...(fixed === undefined ? {} : { fixed }) };
  return { ecosystem, name: family.name(name), status: 'affected', fix_state: fixed === undefined ? 'none-yet' : 'available', ...(Object.keys(range).length === 0 ? {} : { ranges: [range] }) };
}

const key = (ecosystem: string, version: string): string => { const answer = versionKey(schemeOf(ecosystem)!, version); return 'key' in answer ? answer.key : ''; };

export interface SyntheticPackage { readonly type: 'deb' | 'npm'; readonly name: string; readonly version: string }

/** Packages of a Debian 12 image with an npm application: at most 400 of them Debian's. */
export function syntheticPackages(count: number, seed: number): SyntheticPackage[] {
  const dice = new Dice(seed), found = new Map<string, SyntheticPackage>();
  const system = count <= 1000 ? count >> 1 : 400;
  while (found.size < count) {
    const type = found.size < system ? 'deb' : 'npm', family = families[type];
    const name = family.name(dice.skewed(family.names));
    if (!found.has(name)) found.set(name, { type, name, version: family.version(dice) });
  }
  return [...found.values()];
}

/** The same packages as a CycloneDX document with what Trivy wants to see in it. */
export function syntheticSbom(packages: readonly SyntheticPackage[]): object {
  const purlOf = ({ type, name, version }: SyntheticPackage): string => type === 'deb' ? `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=amd64&distro=debian-12.5` : `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const properties = (given: Record<string, string>) => Object.entries(given).map(([key, value]) => ({ name: `aquasecurity:trivy:${key}`, value }));
  const components = packages.map((one) => ({
    'bom-ref': purlOf(one), type: 'library', name: one.name, version: one.version, purl: purlOf(one),
    properties: one.type === 'deb' ? properties(debianProperties(one)) : properties({ PkgType: 'node-pkg', FilePath: `node_modules/${one.name}/package.json` }),
  }));
  const ofSystem = components.filter((_, index) => packages[index]!.type === 'deb').map((one) => one['bom-ref']);
  return {
    bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, serialNumber: 'urn:uuid:1ab30cfa-b906-4c1e-86e2-e29f7c295c99',
    metadata: { timestamp: '2026-11-23T19:17:07+00:00', tools: [{ vendor: 'aquasecurity', name: 'trivy', version: 'dev' }], component: { 'bom-ref': 'root', type: 'container', name: 'image', properties: properties({ SchemaVersion: '2' }) } },
    components: [{ 'bom-ref': 'os', type: 'operating-system', name: 'debian', version: '12.5', properties: properties({ Class: 'os-pkgs', Type: 'debian' }) }, ...components],
    dependencies: [{ ref: 'os', dependsOn: ofSystem }, { ref: 'root', dependsOn: ['os', ...components.map((one) => one['bom-ref']).filter((ref) => !ofSystem.includes(ref))] }],
  };
}

function debianProperties({ name, version }: SyntheticPackage): Record<string, string> {
  const [, epoch, upstream, release] = /^(?:(\d+):)?(.*)-([^-]*)$/.exec(version)!;
  return { PkgType: 'debian', PkgID: `${name}@${version}`, SrcName: name, SrcVersion: upstream!, SrcRelease: release!, ...(epoch === undefined ? {} : { SrcEpoch: epoch }) };
}
