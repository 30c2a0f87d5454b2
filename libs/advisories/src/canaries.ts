/** A package version that must be found vulnerable: when a revision does not find it any more, something is wrong with the revision. */
export interface Canary {
  /** Id of the entry in `sources.ts`; empty for those of an operator, which any source may lose. */
  readonly source: string;
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  /** A name of the vulnerability: its CVE, or the advisory's id. */
  readonly finds: string;
}

const of = (source: string, ecosystem: string, ...birds: readonly (readonly [name: string, version: string, finds: string])[]): Canary[] =>
  birds.map(([name, version, finds]) => ({ source, ecosystem, name, version, finds }));

/** Old and famous: nobody withdraws them. One line a source; what it does not have yet is asked for only once it had it. */
export const canaries: readonly Canary[] = [
  ...of('debian-tracker', 'Debian:12', ['xz-utils', '5.2.5-1', 'CVE-2022-1271'], ['curl', '7.88.1-10', 'CVE-2023-38545'], ['glibc', '2.36-9', 'CVE-2023-4911']),
  ...of('ubuntu-cve-tracker', 'Ubuntu:22.04', ['curl', '7.81.0-1', 'CVE-2023-38545'], ['glibc', '2.35-0ubuntu3', 'CVE-2023-4911']),
  ...of('alpine-v3.17', 'Alpine:v3.17', ['openssl', '3.0.0-r0', 'CVE-2022-3602'], ['curl', '7.80.0-r0', 'CVE-2022-32207']),
  ...of('osv-almalinux', 'AlmaLinux:9', ['openssl', '1:3.0.1-20.el9', 'CVE-2022-3602']),
  ...of('osv-npm', 'npm', ['lodash', '4.17.15', 'CVE-2021-23337'], ['minimist', '1.2.0', 'CVE-2021-44906']),
  ...of('osv-pypi', 'PyPI', ['django', '2.2.0', 'CVE-2019-14234'], ['pyyaml', '5.3', 'CVE-2020-1747']),
  ...of('pypa', 'PyPI', ['django', '2.2.0', 'CVE-2019-14234'], ['pyyaml', '5.3', 'CVE-2020-1747']),
  ...of('osv-go', 'Go', ['golang.org/x/net', '0.10.0', 'CVE-2023-39325'], ['golang.org/x/text', '0.3.0', 'CVE-2020-14040']),
  ...of('osv-crates', 'crates.io', ['time', '0.1.40', 'CVE-2020-26235'], ['smallvec', '0.6.10', 'CVE-2021-25900']),
  ...of('osv-maven', 'Maven', ['org.apache.logging.log4j:log4j-core', '2.14.1', 'CVE-2021-44228'], ['org.springframework:spring-beans', '5.3.17', 'CVE-2022-22965']),
  ...of('osv-rubygems', 'RubyGems', ['rails-html-sanitizer', '1.0.3', 'CVE-2018-3741']),
  ...of('rubysec', 'RubyGems', ['rails-html-sanitizer', '1.0.3', 'CVE-2018-3741']),
  ...of('osv-nuget', 'NuGet', ['Newtonsoft.Json', '12.0.3', 'GHSA-5crp-9r3c-p9vr']),
  ...of('osv-packagist', 'Packagist', ['symfony/http-kernel', '2.3.18', 'CVE-2014-5245']),
];

/** An operator's, written `ecosystem/name@version=CVE`: `Debian:12/curl@7.88.1-10=CVE-2023-38545`. Undefined when it is not. */
export function readCanary(text: string): Canary | undefined {
  const [, ecosystem, name, version, finds] = /^([^/]+)\/(.+)@([^@=]+)=([^=]+)$/.exec(text.trim()) ?? [];
  return ecosystem && name && version && finds ? { source: '', ecosystem, name, version, finds } : undefined;
}
