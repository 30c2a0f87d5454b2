import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected, Scored } from './advisory.ts';
import { scoreCvss, severityOf } from './cvss.ts';
import { shaped } from './documents.ts';
import { normaliseEcosystem, normaliseName } from './ecosystem.ts';
import { bytesOf, notJson, type Parser, type Reading, rejected } from './feed.ts';
import { isModular, streamsOf } from './module-streams.ts';
import { rangesOf } from './osv-ranges.ts';
import { osvRecord, type OsvAffected, type OsvRecord } from './osv-record.ts';
import type { Severity } from './severity.ts';
import { firstLine, isCve, severityWord } from './words.ts';
import { parseYaml } from './yaml.ts';

/** Reads OSV records: one a file, JSON or YAML (PyPA), or a list of them, as the API answers (`{"vulns": […]}`). Files of other kinds are passed over. */
export const parseOsv: Parser = async function* (records, { source, limits, isKnown }) {
  for await (const record of records) {
    const isYaml = /\.ya?ml$/i.test(record.name);
    if (!isYaml && !/\.json$/i.test(record.name)) continue;
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      const isList = listStart.test(bytes.toString('latin1', 0, 64));
      // A record that came before is known by its bytes; a file of several is not one record.
      if (!isList && isKnown?.(bytes)) continue;
      const document = decode(record.name, bytes, isYaml);
      if (!isList) yield { kind: 'advisory', advisory: advisoryOfOsv(document, source) };
      else for (const [place, one] of listOf(document).entries()) if (!isIndexLine(one)) yield oneOf(`${record.name}[${place}]`, one, source);
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
};

const listStart = /^(?:\xef\xbb\xbf)?\s*(?:\[|\{\s*"vulns"\s*:)/;
const listOf = (document: unknown): readonly unknown[] => shaped(z.union([z.array(z.unknown()), z.object({ vulns: z.array(z.unknown()) }).transform(({ vulns }) => vulns)]), document, 'record-not-osv', 'not a list of OSV records');

/** SUSE and openEuler list their records' ids beside them. */
const isIndexLine = (one: unknown): boolean => typeof one === 'object' && one !== null && Object.keys(one).every((key) => key === 'id' || key === 'modified');

function oneOf(record: string, document: unknown, source: string): Reading {
  try { return { kind: 'advisory', advisory: advisoryOfOsv(document, source) }; } catch (error) { return rejected(record, error, JSON.stringify(document)); }
}

function decode(name: string, bytes: Buffer, isYaml: boolean): unknown {
  try {
    return isYaml ? parseYaml(bytes.toString('utf8')) : JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const problem = notJson(name, bytes, error);
    throw invalid((problem.code ?? '').replace('feed-', 'record-').replace('record-not-json', 'record-malformed'), problem.detail, error);
  }
}

/** One OSV document as an advisory, or Problem `record-not-osv` saying which fields are wrong. */
export function advisoryOfOsv(document: unknown, source: string): Advisory {
  const osv = osvRecord(document);
  const entries = osv.affected ?? [];
  const affected = entries.flatMap((entry) => affectedOf(entry, osv));
  const severities = scoresOf(osv.severity?.length ? osv.severity : entries.flatMap((entry) => entry.severity ?? []));
  const severity = severityOfRecord(osv);
  const title = osv.summary ? firstLine(osv.summary) : osv.details ? firstLine(osv.details) : undefined;
  return {
    id: osv.id, key: keyOf(osv.id, affected), source, ...namesOf(osv),
    ...(title ? { title } : {}),
    ...(osv.published ? { published: osv.published } : {}),
    ...(osv.modified ? { modified: osv.modified } : {}),
    ...(osv.withdrawn ? { withdrawn: osv.withdrawn } : {}),
    severities,
    ...(severity === undefined ? {} : { severity }),
    references: (osv.references ?? []).slice(0, 8).map(({ url }) => url),
    affected,
  };
}

/** AlmaLinux gives the same id to notices of different releases; the release makes them different records. */
function keyOf(id: string, affected: readonly Affected[]): string {
  const ecosystems = new Set(affected.map(({ ecosystem }) => ecosystem));
  const [only] = ecosystems;
  return ecosystems.size === 1 && only?.includes(':') ? `${id}@${only}` : id;
}

/** Ids of notices: documents about an update that repairs any number of problems, which they list as `upstream` or `related`. */
const notice = /^(DSA|DLA|DTSA|ALSA|ALBA|ALEA|RLSA|RLBA|RXSA|RHSA|RHBA|RHEA|USN|LSN|SUSE-[A-Z]U|openSUSE-[A-Z]U|MGASA|ELSA|ELBA|ALAS\w*|OESA|openEuler-SA|TSSA|CLSA)-/;

/** Tells other names of the problem from the problems a record lists (see `Advisory.vulnerabilities`). */
function namesOf(osv: OsvRecord): Pick<Advisory, 'aliases' | 'vulnerabilities'> {
  const aliases = plainNames(osv.aliases), upstream = plainNames(osv.upstream);
  const isNotice = notice.test(osv.id);
  const cves = unique([...aliases, ...upstream, ...(isNotice ? plainNames(osv.related) : [])].filter(isCve));
  if (isNotice) return { aliases: aliases.filter((alias) => !isCve(alias)), vulnerabilities: cves };
  const names = unique([...aliases, ...upstream]).filter((name) => name !== osv.id);
  // A record that lists several CVEs describes several problems; its other aliases belong to some of them, and no telling which.
  return cves.length > 1 ? { aliases: [], vulnerabilities: cves } : { aliases: names, vulnerabilities: [] };
}

/** `UBUNTU-CVE-2021-3782` is Ubuntu's record of CVE-2021-3782. */
const plainCve = (id: string): string => /^[A-Z]+-(CVE-\d{4}-\d{4,})$/.exec(id)?.[1] ?? id;
const unique = (list: readonly string[]): string[] => list.length < 2 ? [...list] : [...new Set(list)];
const plainNames = (ids: OsvRecord['aliases']): string[] => unique((ids ?? []).map(plainCve));

function affectedOf(entry: OsvAffected, osv: OsvRecord): Affected[] {
  if (!entry.package?.ecosystem || !entry.package.name) return [];   // only source commits are named: nothing a package can be compared with
  const ecosystem = normaliseEcosystem(entry.package.ecosystem);
  const all = entry.ranges ?? [], versions = entry.versions ?? [];
  const comparable = all.filter(({ type }) => type !== 'GIT');
  const ranges = comparable.flatMap(({ events }) => rangesOf(ecosystem, events));
  const says = hints(entry, osv);
  // AlmaLinux and Rocky tell the stream of a module's build in the title; builds of another stream have other versions.
  const modular = says.module === undefined && ranges.some(({ fixed }) => isModular(fixed ?? ''));
  const modules = says.module !== undefined ? [says.module] : modular ? streamsOf(osv.summary ?? '', fixesOf(osv, entry.package.name)) : [];
  const isStreamless = modular && modules.length === 0;
  const canTell = (comparable.length > 0 || versions.length > 0) && !isStreamless;
  const severity = best(scoresOf(entry.severity)) ?? says.severity;
  // Bounds that cancel out leave nothing affected; an entry with no bounds at all would mean every version.
  const isNothing = canTell && ranges.length === 0 && versions.length === 0;
  const vendorStatus = canTell ? says.status : isStreamless ? 'its module stream is not named' : all.length > 0 ? 'git-range-only' : 'no-versions';
  const affected: Affected = {
    ecosystem, name: normaliseName(ecosystem, entry.package.name),
    status: isNothing ? 'not-affected' : canTell ? 'affected' : 'undetermined',
    ...(ranges.length > 0 ? { ranges } : {}),
    ...(versions.length > 0 ? { versions } : {}),
    fix_state: !canTell ? 'unknown' : ranges.some(({ fixed }) => fixed !== undefined) ? 'available' : says.fixState ?? (ranges.some(({ last_affected }) => last_affected !== undefined) ? 'unknown' : 'none-yet'),
    ...(severity === undefined ? {} : { severity }),
    ...(vendorStatus === undefined ? {} : { vendor_status: vendorStatus }),
  };
  return modules.length === 0 ? [affected] : modules.map((module) => ({ ...affected, module }));
}

/** Every version of a package that a record calls repaired. */
const fixesOf = (osv: OsvRecord, name: string): string[] =>
  (osv.affected ?? []).flatMap((one) => one.package?.name === name ? (one.ranges ?? []).flatMap(({ events }) => events.flatMap(({ fixed }) => fixed ?? [])) : []);

/** Publishers put their own word beside the package: Debian its urgency, Ubuntu its priority, AlmaLinux its module, RustSec what is no vulnerability. */
function hints(entry: OsvAffected, osv: OsvRecord): { severity?: Severity; status?: string; fixState?: Affected['fix_state']; module?: string } {
  const places = [entry.ecosystem_specific, osv.ecosystem_specific, entry.database_specific];
  const word = (name: string): string | undefined => {
    const value = places.find((place) => place && Object.hasOwn(place, name))?.[name];
    return typeof value === 'string' ? value : undefined;
  };
  const urgency = word('urgency'), informational = word('informational');
  const said = urgency ?? word('ubuntu_priority') ?? word('severity');
  const severity = said === undefined ? undefined : severityWord(said);
  const module = word('rpm_modularity');
  return {
    ...(severity === undefined ? {} : { severity }),
    ...(informational === 'unmaintained' || informational === 'notice' ? { severity: 'negligible' as const, status: informational } : {}),
    ...(urgency === 'end-of-life' ? { fixState: 'end-of-life' as const } : {}),
    ...(urgency === undefined || urgency === 'not yet assigned' ? {} : { status: urgency }),
    ...(module === undefined ? {} : { module: module.split(':').slice(0, 2).join(':') }),
  };
}

function severityOfRecord(osv: OsvRecord): Severity | undefined {
  const own = osv.database_specific?.['severity'];
  const other = osv.severity?.find(({ type, score: word }) => !type.startsWith('CVSS') && word)?.score;
  // Notices of the Red Hat family begin their title with the rating.
  const lead = notice.test(osv.id) ? /^(Critical|Important|Moderate|Low):/.exec(osv.summary ?? '')?.[1] : undefined;
  return severityWord(typeof own === 'string' ? own : undefined) ?? severityWord(other ?? undefined) ?? severityWord(lead);
}

/** CVSS vectors with their scores; one that cannot be scored keeps its text and has no score. */
function scoresOf(list: OsvAffected['severity']): Scored[] {
  return (list ?? []).flatMap(({ type, score: vector }) => {
    if (!vector || (type !== 'CVSS_V2' && type !== 'CVSS_V3' && type !== 'CVSS_V4')) return [];
    const score = scoreOf(vector);
    return [score === undefined ? { type, vector } : { type, vector, score }];
  });
}

/** Few vectors are on most records. */
const scoreByVector = new Map<string, number | undefined>();

function scoreOf(vector: string): number | undefined {
  if (scoreByVector.has(vector)) return scoreByVector.get(vector);
  if (scoreByVector.size >= 20_000) scoreByVector.clear();
  let score: number | undefined;
  // Some are published with a slash too many at the end.
  try { score = scoreCvss(vector.replace(/\/$/, '')).score; } catch { /* its text is kept */ }
  scoreByVector.set(vector, score);
  return score;
}

const best = (scores: readonly Scored[]): Severity | undefined => {
  const values = scores.flatMap(({ score: value }) => value ?? []);
  return values.length === 0 ? undefined : severityOf(Math.max(...values));
};
