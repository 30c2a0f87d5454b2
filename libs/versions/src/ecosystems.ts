import { isScheme, type Scheme } from './schemes.ts';

/** Ecosystems by their names in OSV, purl, VERS and the tools around them, in lower case and without the release after a colon. */
const orders: Readonly<Record<Scheme, readonly string[]>> = {
  deb: ['debian', 'ubuntu', 'dpkg', 'echo', 'deepin'],
  rpm: [
    'red hat', 'redhat', 'rhel', 'centos', 'fedora', 'almalinux', 'rocky linux', 'rocky', 'oracle linux', 'oracle', 'amazon linux', 'amazon', 'amzn',
    'suse', 'opensuse', 'sles', 'openeuler', 'mageia', 'photon os', 'photon', 'azure linux', 'mariner', 'cbl-mariner', 'opencloudos', 'tencentos', 'anolis', 'rpm-evr',
  ],
  apk: ['alpine', 'wolfi', 'chainguard', 'alpaquita', 'bellsoft hardened containers', 'minimos', 'postmarketos', 'cleanstart'],
  alpm: ['arch', 'arch linux', 'archlinux', 'pacman'],
  gentoo: ['ebuild', 'portage'],
  semver: ['docker hardened images', 'docker', 'github actions', 'githubactions', 'vscode', 'julia', 'ghc', 'bioconductor', 'kubernetes', 'k8s', 'terraform', 'opam', 'nginx', 'github'],
  npm: ['node', 'nodejs', 'node.js', 'yarn', 'pnpm', 'bower'],
  cargo: ['crates.io', 'crates', 'rust'],
  hex: ['erlang', 'elixir'],
  swift: ['swifturl', 'cocoapods'],
  pub: ['dart', 'flutter'],
  nuget: ['.net', 'dotnet'],
  bitnami: [],
  go: ['golang'],
  pep440: ['pypi', 'python', 'pip'],
  maven: ['java', 'gradle', 'sbt'],
  rubygems: ['gem', 'ruby', 'bundler'],
  composer: [],
  php: ['packagist'],
  cran: ['r'],
  hackage: ['haskell', 'intdot'],
  conan: ['conancenter'],
  openssl: [],
  datetime: [],
  lexicographic: [],
  loose: ['javascript', 'generic', 'generic-aqua', 'oss-fuzz', 'linux', 'android', 'unknown'],
};

const byName = new Map<string, Scheme>();
for (const [scheme, names] of Object.entries(orders) as [Scheme, readonly string[]][]) for (const name of [scheme, ...names]) byName.set(name, scheme);

/**
 * The version order of an ecosystem: `Debian:12`, `Rocky Linux:9`, `crates.io`, a purl type or a scheme's own name; undefined for `GIT`, FreeBSD's ports and strangers.
 * `Packagist`, as OSV writes it, is Composer's order; `packagist` is the plain `version_compare` OSV itself sorts by.
 */
export function schemeOf(ecosystem: string): Scheme | undefined {
  const colon = ecosystem.indexOf(':');
  const base = (colon < 0 ? ecosystem : ecosystem.slice(0, colon)).trim();
  if (base === 'Packagist') return 'composer';
  // Root's names are somebody else's with `Root:` before them: `Root:Alpine:3.18`.
  if (base === 'Root' && colon >= 0) return schemeOf(ecosystem.slice(colon + 1));
  if (isScheme(base)) return base;
  const name = base.toLowerCase();
  const known = byName.get(name);
  if (known !== undefined) return known;
  // `Red Hat Enterprise Linux`, `SUSE Linux Enterprise Server 15 SP4`, `openSUSE Leap 15.5`, `Amazon Linux 2023`.
  return vendors.find(([start]) => name.startsWith(start))?.[1];
}

const vendors: readonly (readonly [start: string, scheme: Scheme])[] = [
  ['red hat', 'rpm'], ['suse', 'rpm'], ['opensuse', 'rpm'], ['amazon', 'rpm'], ['oracle', 'rpm'], ['alma', 'rpm'], ['rocky', 'rpm'], ['centos', 'rpm'],
  ['debian', 'deb'], ['ubuntu', 'deb'], ['alpine', 'apk'],
];
