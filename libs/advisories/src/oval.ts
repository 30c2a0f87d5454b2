import { basename } from 'node:path';
import { invalid } from '@plimsoll/problem';
import type { Advisory, Affected, Scored } from './advisory.ts';
import { suseEcosystem } from './csaf-publishers.ts';
import { scoreCvss } from './cvss.ts';
import { normaliseName } from './ecosystem.ts';
import { type Parser, rejected } from './feed.ts';
import { alternatives, type Condition, mergeConditions } from './oval-criteria.ts';
import { type Definition, type OvalDocument, readOval } from './oval-document.ts';
import { ubuntuReadings } from './ubuntu-oval.ts';
import { firstLine, isCve, severityWord } from './words.ts';
import { xmlOf } from './xml.ts';

/**
 * Reads OVAL 5 definitions of packages: Azure Linux, Photon, Oracle, SUSE, Red Hat, AlmaLinux, Debian, Ubuntu. One advisory per
 * definition. What its criteria ask besides a package's version, architecture, module and release makes the packages
 * `undetermined`, with the criterion as `vendor_status`.
 */
export const parseOval: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    const found = await xmlOf(record);
    if (found === undefined) continue;
    const document = await readOval(found, limits);
    const file = basename(record.name).replace(/\.xml$/i, '');
    for (const definition of document.definitions) {
      // What tells a release is no advisory.
      if (definition.class === 'inventory') continue;
      try {
        if (definition.id.startsWith('oval:com.ubuntu.')) yield* ubuntuReadings(definition, document, file, source);
        else yield { kind: 'advisory', advisory: advisoryOf(definition, document, file, source) };
      } catch (error) {
        yield rejected(definition.id || record.name, error, definition.title);
      }
    }
  }
};

function advisoryOf(definition: Definition, document: OvalDocument, file: string, source: string): Advisory {
  const affected = affectedOf(definition, document), ecosystems = new Set(affected.map(({ ecosystem }) => ecosystem)), [only] = ecosystems;
  const cves = [...new Set([...definition.cves.map(({ text }) => text), ...definition.references.filter((one) => /CVE/i.test(one.source)).map(({ id }) => id), definition.class === 'vulnerability' ? definition.title : '']
    .flatMap((text) => /CVE-\d{4}-\d{4,}/.exec(text)?.[0] ?? []))];
  const notice = definition.references.find(({ id }) => !/CVE/i.test(id) && /^[A-Za-z]+(?:-[A-Za-z]+)?-\d{4}[:-]/.test(id))?.id ?? /^([A-Z]+-\d{4}:\d+)\b/.exec(definition.title)?.[1];
  const id = (definition.class === 'patch' ? notice : undefined) ?? (cves.length === 1 ? cves[0] : notice) ?? definition.id;
  const severity = severityWord(definition.severity);
  const published = timeOf(definition.issued), modified = timeOf(definition.updated);
  return {
    // One id may stand in the documents of several products, about other packages in each.
    id, key: `${definition.id}@${ecosystems.size === 1 ? only : file}`, source,
    aliases: [], vulnerabilities: isCve(id) ? [] : cves,
    ...(definition.title === '' ? {} : { title: firstLine(definition.title) }),
    ...(published === undefined ? {} : { published }), ...(modified === undefined ? {} : { modified }),
    severities: cves.length === 1 ? scoresOf(definition) : [],
    ...(severity === undefined ? {} : { severity }),
    references: [...new Set(definition.references.map(({ url }) => url).filter((url) => url !== ''))].slice(0, 8),
    affected,
  };
}

function affectedOf(definition: Definition, document: OvalDocument): Affected[] {
  if (definition.criteria === undefined) throw invalid('record-malformed', `${definition.id} has no criteria`);
  const found = new Map<string, Affected>();
  for (const { platforms, arches, module, packages, unknown } of alternatives(definition.criteria, document, (product, isCertain) => platformOf(product, isCertain, definition.id))) {
    const names = [...new Set(packages.map(({ name }) => name))];
    if (names.length === 0) throw invalid('record-no-package', `${definition.id} can hold whatever packages there are${unknown.length === 0 ? '' : `: ${unknown.join('; ')}`}`);
    for (const name of names) {
      const condition = mergeConditions(packages.filter((one) => one.name === name).map((one) => one.condition));
      const reason = condition === undefined ? 'several bounds on one package' : names.length > 1 ? `only together with ${names.filter((other) => other !== name).join(', ').slice(0, 200)}` : unknown[0];
      for (const release of platforms ?? releaseOf(condition, definition)) {
        const ecosystem = streamOf(release, condition);
        const entry: Affected = {
          ecosystem, name: normaliseName(ecosystem, name), ...(/^(?:open)?SUSE:/.test(ecosystem) ? { names: 'binary' } : {}), ...statusOf(condition ?? {}, reason, definition),
          ...(module === undefined ? {} : { module: module.split(':').slice(0, 2).join(':') }),
        };
        add(found, entry, arches);
      }
    }
  }
  if (found.size === 0) throw invalid('record-no-package', `${definition.id} can never hold`);
  return [...found.values()];
}

/** Entries that differ in nothing but the architecture are one. */
function add(found: Map<string, Affected>, entry: Affected, arches: readonly string[] | undefined): void {
  const key = JSON.stringify(entry), same = found.get(key);
  if (same === undefined) found.set(key, arches === undefined ? entry : { ...entry, arches: [...arches] });
  else if (arches === undefined) delete same.arches;
  else if (same.arches !== undefined) same.arches = [...new Set([...same.arches, ...arches])];
}

function statusOf(condition: Condition, reason: string | undefined, definition: Definition): Pick<Affected, 'status' | 'ranges' | 'versions' | 'fix_state' | 'vendor_status'> {
  if (reason !== undefined) return { status: 'undetermined', fix_state: 'unknown', vendor_status: reason };
  if (condition.never === true) return { status: 'not-affected', fix_state: 'available' };
  const word = definition.resolutions.length === 1 ? definition.resolutions[0]! : definition.patchable === 'Not Applicable' ? 'not-applicable' : undefined;
  if (word === 'Under investigation') return { status: 'undetermined', fix_state: 'unknown', vendor_status: word };
  return {
    status: 'affected',
    ...(condition.range === undefined ? {} : { ranges: [condition.range] }), ...(condition.version === undefined ? {} : { versions: [condition.version] }),
    fix_state: condition.range?.fixed !== undefined ? 'available' : definition.resolutions.length > 1 ? 'unknown' : fixStates[word ?? ''] ?? 'none-yet',
    ...(word === undefined ? {} : { vendor_status: word }),
  };
}

/** https://access.redhat.com/security/data, "Red Hat OVAL v2": what is said of components that have no update. */
const fixStates: Readonly<Record<string, Affected['fix_state']>> = { 'Will not fix': 'wont-fix', 'Out of support scope': 'end-of-life' };

/** Names of products as their release packages are described, and what their ecosystem is called. Adding a distribution is one line. */
const platforms: readonly (readonly [RegExp, (version: string) => string])[] = [
  [/^Oracle Linux (\d+)$/, (version) => `Oracle Linux:${version}`],
  [/^Red Hat Enterprise Linux (\d+)$/, (version) => `Red Hat:enterprise_linux:${version}`],
  [/^Red Hat (.+)$/, (version) => `Red Hat:${version}`],
  [/^AlmaLinux (\d+)$/, (version) => `AlmaLinux:${version}`],
  [/^Photon OS (\d+)(?:\.0)?$/, (version) => `Photon OS:${version}.0`],
  [/^Debian(?: GNU\/Linux)? (\d+)$/, (version) => `Debian:${version}`],
  [/^(openSUSE .+|SUSE .+)$/, (product) => suseEcosystem(product)!],
  [/^sles(\d+-sp\d+)$/, (version) => `SUSE:Linux Enterprise Server ${version.replace('-sp', ' SP')}`],
];

function platformOf(product: string, isCertain: boolean, id: string): string | undefined {
  for (const [pattern, ecosystem] of platforms) {
    const version = pattern.exec(product)?.[1];
    if (version !== undefined) return ecosystem(version);
  }
  // Some products of SUSE are called by other names.
  return isCertain && id.startsWith('oval:org.opensuse.security:') ? `SUSE:${product}` : undefined;
}

/** Oracle builds some packages twice more, to be patched while they run and for FIPS 140; their versions say so, and compare with none but each other. */
function streamOf(release: string, condition: Condition | undefined): string {
  const evr = condition?.range?.fixed ?? condition?.version ?? '';
  return !release.startsWith('Oracle Linux:') ? release : /\.ksplice\d/.test(evr) ? `${release}:ksplice` : /_fips\b/.test(evr) ? `${release}:fips` : release;
}

/** Microsoft's definitions name no release; the packages' versions do, `.cm2` and `.azl3`. */
function releaseOf(condition: Condition | undefined, { id }: Definition): readonly string[] {
  const evr = condition?.range?.fixed ?? condition?.range?.last_affected ?? condition?.range?.introduced ?? condition?.version;
  const release = /\.(?:cm|azl)(\d+)$/.exec(evr ?? '')?.[1];
  if (release === undefined || !id.startsWith('oval:com.microsoft.')) throw invalid('record-release-unknown', `${id} does not say of which release it is`);
  return [`Azure Linux:${release}`];
}

/** Dates come without a time. */
const timeOf = (text: string): string | undefined => /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : /^\d{4}-\d\d-\d\dT/.test(text) ? text : undefined;

/** `5.5/CVSS:3.1/AV:L/…`, or the vector alone. */
function scoresOf({ cves }: Definition): Scored[] {
  const vector = cves.map(({ cvss3 }) => /CVSS:3\.[01]\/[A-Z:/]+/.exec(cvss3)?.[0]).find((one) => one !== undefined);
  if (vector === undefined) return [];
  try { return [{ type: 'CVSS_V3', vector, score: scoreCvss(vector).score }]; } catch { return [{ type: 'CVSS_V3', vector }]; }
}
