import type { OperatingSystem } from '../model.ts';

/** Other makers' names of distributions, as os-release `ID`s: purl namespaces, and the families of Trivy (pkg/fanal/types/const.go). */
const ids: Readonly<Record<string, string>> = {
  alma: 'almalinux', amazon: 'amzn', 'amazon linux': 'amzn', amazonlinux: 'amzn', oracle: 'ol', oraclelinux: 'ol', redhat: 'rhel', 'red hat enterprise linux': 'rhel',
  rockylinux: 'rocky', suse: 'sles', 'suse linux enterprise server': 'sles', slem: 'sle-micro', 'suse linux enterprise micro': 'sle-micro',
  'opensuse.leap': 'opensuse-leap', 'opensuse.tumbleweed': 'opensuse-tumbleweed', 'cbl-mariner': 'mariner', 'centos-stream': 'centos',
  'debian gnu/linux': 'debian', 'alpine linux': 'alpine', openeuler: 'openEuler',
};
export const distributionId = (name: string): string => {
  const lower = name.trim().toLowerCase();
  return Object.hasOwn(ids, lower) ? ids[lower]! : lower;
};

/** Releases that purls call by name (purl-spec, types/deb-definition.json: `distro=jessie`). */
const codenames: Readonly<Record<string, readonly [id: string, version: string]>> = {
  jessie: ['debian', '8'], stretch: ['debian', '9'], buster: ['debian', '10'], bullseye: ['debian', '11'], bookworm: ['debian', '12'], trixie: ['debian', '13'],
  trusty: ['ubuntu', '14.04'], xenial: ['ubuntu', '16.04'], bionic: ['ubuntu', '18.04'], focal: ['ubuntu', '20.04'], jammy: ['ubuntu', '22.04'], noble: ['ubuntu', '24.04'],
};

/** An operating system by the name and version another maker gives it. */
export function systemNamed(name: string, version: string | undefined, pretty = name): OperatingSystem {
  const id = distributionId(name);
  const version_id = version && release(id, version);
  return { id, ...(version_id && { version_id }), name: pretty };
}

/** `2 (Karoo)` is Amazon Linux 2, and `2023.6.20241010 (Amazon Linux)` is 2023. */
function release(id: string, version: string): string {
  const first = version.trim().split(/\s/)[0]!;
  return id === 'amzn' ? /^20(?!1)\d\d|^2(?=$|\.)/.exec(first)?.[0] ?? first : first;
}

/** The qualifier `distro` of a purl: `debian-11`, `opensuse-leap-15.5`, `debian-trixie`, `jessie`, and a bare version, whose distribution is the namespace. */
export function systemOfQualifier(distro: string, namespace: string | undefined): OperatingSystem {
  const bare = codenames[distro.toLowerCase()];
  if (bare) return { id: bare[0], version_id: bare[1], name: bare[0], codename: distro.toLowerCase() };
  if (/^\d/.test(distro) && namespace) return systemNamed(namespace, distro);
  const numbered = /^(.*?)-(\d.*)$/s.exec(distro);
  if (numbered) return systemNamed(numbered[1]!, numbered[2]!);
  const [, name, codename = ''] = /^(debian|ubuntu)-(.+)$/i.exec(distro) ?? [];
  if (!name) return systemNamed(distro, undefined);
  const known = codenames[codename.toLowerCase()];
  return { id: name.toLowerCase(), ...(known && { version_id: known[1] }), name: name.toLowerCase(), codename: codename.toLowerCase() };
}

/** Whether two sayings cannot be of one system: another distribution, or another major release of it. Less precision is no contradiction. */
export function contradict(a: OperatingSystem, b: OperatingSystem): boolean {
  const major = (version: string): string => version.split('.', 1)[0]!;
  return a.id !== b.id || (a.version_id !== undefined && b.version_id !== undefined && major(a.version_id) !== major(b.version_id));
}
