import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { bytesOf, type Parser, rejected } from './feed.ts';
import { ubuntuEcosystem } from './ubuntu-cve-tracker.ts';
import { firstLine, isCve } from './words.ts';

const Document = z.object({
  metadata: z.object({ '@id': z.string(), author: z.string(), timestamp: z.string() }),
  statements: z.array(z.object({
    vulnerability: z.object({ name: z.string().min(1), description: z.string().nullish(), aliases: z.array(z.string()).nullish() }),
    products: z.array(z.object({ '@id': z.string().max(2_000) })), status: z.string(), action_statement: z.string().nullish(), status_notes: z.string().nullish(),
  })),
});
type Statement = z.output<typeof Document>['statements'][number];

/**
 * Reads Canonical's OpenVEX documents (https://security-metadata.canonical.com/vex/), one per CVE and one per notice, as
 * advisories: they speak of every package of the distribution, not of somebody's product. Sources are read, whose
 * release is named; what was built from them is not.
 */
export const parseUbuntuVex: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/\.json$/i.test(record.name)) continue;
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      const document = Document.parse(JSON.parse(bytes.toString('utf8')));
      if (!/^Canonical\b/.test(document.metadata.author)) throw invalid('record-other-publisher', `${record.name} is ${document.metadata.author.slice(0, 100)}'s, not Canonical's`);
      if (document.statements.length === 0) throw invalid('record-no-vulnerability', `${record.name} has no statement`);
      yield { kind: 'advisory', advisory: advisoryOf(document, source) };
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
};

function advisoryOf({ metadata, statements }: z.output<typeof Document>, source: string): Advisory {
  const { name: id, description, aliases } = statements[0]!.vulnerability, other = statements.find(({ vulnerability }) => vulnerability.name !== id);
  if (other !== undefined) throw invalid('record-malformed', `statements about ${id} and ${other.vulnerability.name} in one document`);
  const cves = (aliases ?? []).filter(isCve), time = Date.parse(/Z$|[+-]\d\d:\d\d$/.test(metadata.timestamp) ? metadata.timestamp : `${metadata.timestamp}Z`);
  return {
    id, key: id, source, aliases: [], vulnerabilities: isCve(id) ? [] : cves,
    ...(description ? { title: firstLine(description) } : {}), ...(Number.isNaN(time) ? {} : { modified: new Date(time).toISOString() }),
    severities: [], references: [`https://ubuntu.com/security/${isCve(id) ? id : `notices/${id}`}`],
    affected: statements.flatMap((statement) => statement.products.flatMap((product) => affectedOf(product['@id'], statement))),
  };
}

/** `pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.20?arch=source&distro=esm-infra/jammy`; the version is what the release has now. */
function affectedOf(purl: string, statement: Statement): Affected[] {
  const [, encoded, version, query] = /^pkg:deb\/ubuntu\/([^@?]+)(?:@([^?]+))?\?(.+)$/.exec(purl) ?? [];
  const qualifiers = new URLSearchParams(query ?? ''), distro = qualifiers.get('distro');
  if (encoded === undefined) throw invalid('record-malformed', `'${purl.slice(0, 200)}' is no package of Ubuntu`);
  if (qualifiers.get('arch') !== 'source' || distro === null) return [];
  const ecosystem = ubuntuEcosystem(distro);
  if (ecosystem === undefined) throw invalid('record-release-unknown', `release '${distro.slice(0, 100)}' is not known`);
  return [{ ecosystem, name: decodeURIComponent(encoded), ...statusOf(statement, version === undefined ? undefined : decodeURIComponent(version)) }];
}

function statusOf({ status, action_statement: action }: Statement, version: string | undefined): Pick<Affected, 'status' | 'ranges' | 'fix_state' | 'vendor_status'> {
  switch (status) {
    case 'not_affected': return { status: 'not-affected', fix_state: 'available' };
    case 'fixed':
      return version === undefined ? { status: 'undetermined', fix_state: 'available', vendor_status: 'fixed in a version not named' } : { status: 'affected', ranges: [{ fixed: version }], fix_state: 'available' };
    case 'affected': return { status: 'affected', fix_state: /\bignore|will not\b/i.test(action ?? '') ? 'wont-fix' : /end of (?:life|.*support)/i.test(action ?? '') ? 'end-of-life' : 'none-yet', ...(action ? { vendor_status: action.slice(0, 200) } : {}) };
    case 'under_investigation': return { status: 'undetermined', fix_state: 'unknown', vendor_status: status };
    default: throw invalid('record-status-unknown', `status '${status.slice(0, 100)}' is not known`);
  }
}
