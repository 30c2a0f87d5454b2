import { invalid } from '@plimsoll/problem';
import type { Advisory, Affected, Scored } from './advisory.ts';
import { scoreCvss } from './cvss.ts';
import type { Reading } from './feed.ts';
import type { Criteria, Criterion, Definition, OvalDocument } from './oval-document.ts';
import { ubuntuEcosystem } from './ubuntu-cve-tracker.ts';
import { firstLine, severityWord } from './words.ts';

/**
 * Advisories of one of Canonical's definitions (https://ubuntu.com/security/oval): of a CVE, of a notice, or of a package
 * with all its CVEs, one advisory each. The criteria's comments name the source package and its release, and the tests
 * the built packages, in a manifest for images or in dpkg's database for systems.
 */
export function* ubuntuReadings(definition: Definition, document: OvalDocument, file: string, source: string): Generator<Reading> {
  if (definition.criteria === undefined) throw invalid('record-malformed', `${definition.id} has no criteria`);
  const series = /^oval:com\.ubuntu\.(\w+):/.exec(definition.id)?.[1] ?? '', title = /^(CVE-\d{4}-\d{4,}|USN-\d+-\d+)\b/.exec(definition.title)?.[1];
  const said = criteriaOf(definition.criteria).flatMap((criterion) => sayingsOf(criterion, document, series));
  const byProblem = Map.groupBy(said, ({ problem }) => problem ?? title ?? '');
  if (byProblem.size === 0) throw invalid('record-no-package', `${definition.id} names no package`);
  for (const [problem, sayings] of byProblem) {
    if (problem === '') throw invalid('record-id-unreadable', `${definition.id} names no problem: ${definition.title.slice(0, 100)}`);
    yield { kind: 'advisory', advisory: advisoryOf(problem, definition, sayings.map(({ affected }) => affected), file, source) };
  }
}

function advisoryOf(id: string, definition: Definition, affected: readonly Affected[], file: string, source: string): Advisory {
  const isNotice = id.startsWith('USN-'), cve = definition.cves.find(({ text }) => text === id), severity = severityWord(definition.severity) ?? severityWord(cve?.priority);
  const day = /^\d{4}-\d\d-\d\d$/;
  return {
    // One definition may stand in the documents of a release and of its streams.
    id, key: `${definition.id}/${id}@${file}`, source, aliases: [], vulnerabilities: isNotice ? definition.cves.map(({ text }) => text) : [],
    ...(definition.title === id || definition.title === '' ? {} : { title: firstLine(definition.title) }),
    ...(day.test(definition.issued) ? { published: `${definition.issued}T00:00:00Z` } : {}),
    severities: cve === undefined || isNotice ? [] : scoreOf(cve.cvss3), ...(severity === undefined ? {} : { severity }),
    references: [`https://ubuntu.com/security/${isNotice ? `notices/${id}` : id}`],
    affected: [...new Map(affected.map((entry) => [JSON.stringify(entry), entry])).values()],
  };
}

const criteriaOf = (criteria: Criteria): readonly Criterion[] => criteria.children.flatMap((child) => 'children' in child ? criteriaOf(child) : [child]);

/** What one criterion says: `(CVE-2023-48795) libssh package in fips-updates/jammy was vulnerable but has been fixed (note: '0.9.6-2').` */
function sayingsOf({ comment, test: id, negate }: Criterion, document: OvalDocument, series: string): { problem: string | undefined; affected: Affected }[] {
  // Whether a system is of the release is asked once, by a definition of its own.
  if (/\bis installed\.?$/.test(comment) || /:def:\d+$/.test(id)) return [];
  const test = document.tests.get(id);
  if (test === undefined) throw invalid('record-test-missing', `the document lacks the test ${id}, '${comment.slice(0, 200)}'`);
  const fields = test.states.flatMap((state) => document.states.get(state) ?? []), [bound] = fields;
  const [, problem, name, label] = /^(?:\((CVE-\d{4}-\d{4,})\) )?([a-z0-9][a-z0-9.+-]*) package in ([\w/-]+)[ ,]/.exec(comment) ?? [];
  const where = label ?? (/\b(?:ESM|Pro)\b/.test(comment) ? `esm-infra/${series}` : series), ecosystem = ubuntuEcosystem(where);
  if (ecosystem === undefined) throw invalid('record-release-unknown', `release '${where}' is not known`);
  const isBound = fields.length === 1 && bound!.operation === 'less than' && /^[\w.+:~-]+$/.test(bound!.value) && !negate;
  const stated: Pick<Affected, 'status' | 'ranges' | 'fix_state' | 'vendor_status'> = isBound ? { status: 'affected', ranges: [{ fixed: bound!.value }], fix_state: 'available' }
    : fields.length > 0 || negate ? { status: 'undetermined', fix_state: 'unknown', vendor_status: comment.slice(0, 200) }
    : { status: 'affected', fix_state: /\bignore/i.test(comment) ? 'wont-fix' : /end of (?:life|.*support)/i.test(comment) ? 'end-of-life' : 'none-yet', vendor_status: comment.slice(0, 200) };
  if (name !== undefined) return [{ problem, affected: { ecosystem, name, names: 'source', ...stated } }];
  return binariesOf(test.object, document).map((binary) => ({ problem, affected: { ecosystem, name: binary, names: 'binary', ...stated } }));
}

/** Names of built packages, in patterns for a line of a manifest: `^libssh-4(?::\w+|)\s+(.*)$`. */
const binariesOf = (object: string, { objects, variables }: OvalDocument): readonly string[] =>
  (objects.get(object) ?? []).flatMap(({ variable }) => variables.get(variable) ?? []).map((value) => value.replace(/^\^/, '').replace(/\(\?:.*$/, '').replaceAll('\\', ''));

function scoreOf(vector: string): Scored[] {
  if (!vector.startsWith('CVSS:3')) return [];
  try { return [{ type: 'CVSS_V3', vector, score: scoreCvss(vector).score }]; } catch { return [{ type: 'CVSS_V3', vector }]; }
}
