import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { redHatStream } from './csaf-publishers.ts';
import { scoreCvss } from './cvss.ts';
import { bytesOf, type Parser, rejected } from './feed.ts';
import { firstLine, severityWord } from './words.ts';

const Cve = z.object({
  name: z.string().regex(/^CVE-\d{4}-\d{4,}$/), threat_severity: z.string().nullish(), public_date: z.string().nullish(),
  bugzilla: z.object({ description: z.string().nullish(), url: z.string().nullish() }).nullish(),
  cvss3: z.object({ cvss3_scoring_vector: z.string().nullish() }).nullish(),
  package_state: z.array(z.object({ fix_state: z.string(), package_name: z.string(), cpe: z.string() })).nullish(),
  affected_release: z.array(z.object({ advisory: z.string(), cpe: z.string(), package: z.string().nullish() })).nullish(),
});

/**
 * Reads documents of https://access.redhat.com/hydra/rest/securitydata/cve/CVE-….json, one advisory each. They name
 * sources; of a repaired module they name the module alone, and nothing can be said of its packages.
 */
export const parseRedHatCves: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    // Lists of CVEs lie beside the documents and name no package.
    if (!/(?:^|\/)CVE-\d{4}-\d+\.json$/i.test(record.name)) continue;
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      yield { kind: 'advisory', advisory: advisoryOf(Cve.parse(JSON.parse(bytes.toString('utf8'))), source) };
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
};

function advisoryOf(cve: z.output<typeof Cve>, source: string): Advisory {
  const severity = severityWord(cve.threat_severity ?? undefined), vector = cve.cvss3?.cvss3_scoring_vector, title = cve.bugzilla?.description;
  const fixes = (cve.affected_release ?? []).flatMap(({ cpe, package: build }) => fixOf(cpe, build ?? undefined));
  const repaired = new Set(fixes.map(({ ecosystem, name }) => `${ecosystem}\0${name}`));
  return {
    id: cve.name, key: cve.name, source, aliases: [], vulnerabilities: [],
    ...(title ? { title: firstLine(title) } : {}), ...(cve.public_date ? { published: cve.public_date } : {}),
    severities: vector ? [scoreOf(vector)] : [], ...(severity === undefined ? {} : { severity }),
    references: [`https://access.redhat.com/security/cve/${cve.name}`, ...(cve.affected_release ?? []).map(({ advisory }) => `https://access.redhat.com/errata/${advisory}`)].slice(0, 8),
    affected: [...fixes, ...(cve.package_state ?? []).flatMap(({ cpe, package_name: name, fix_state: state }) => stateOf(cpe, name, state)).filter(({ ecosystem, name }) => !repaired.has(`${ecosystem}\0${name}`))],
  };
}

function fixOf(cpe: string, build: string | undefined): Affected[] {
  const ecosystem = redHatStream(cpe), [, name, evr] = /^([^:]+)-(\d+:[^-]+-[^-]+)$/.exec(build ?? '') ?? [];
  return ecosystem === undefined || name === undefined ? [] : [{ ecosystem, name, names: 'source', status: 'affected', ranges: [{ fixed: evr! }], fix_state: 'available' }];
}

/** `nodejs:18/nodejs` is of a module; `rhel8/httpd-24` is a container, and no package. */
function stateOf(cpe: string, component: string, state: string): Affected[] {
  const ecosystem = redHatStream(cpe), [, module, name] = /^(?:([\w.+-]+:[\w.+-]+)\/)?([\w.+~^-]+)$/.exec(component) ?? [];
  if (ecosystem === undefined || name === undefined) return [];
  const common = { ecosystem, name, names: 'source' as const, ...(module === undefined ? {} : { module }) };
  switch (state) {
    case 'Not affected': return [{ ...common, status: 'not-affected', fix_state: 'available' }];
    case 'Affected': case 'Fix deferred': return [{ ...common, status: 'affected', fix_state: 'none-yet', vendor_status: state }];
    case 'Will not fix': return [{ ...common, status: 'affected', fix_state: 'wont-fix', vendor_status: state }];
    case 'Out of support scope': return [{ ...common, status: 'affected', fix_state: 'end-of-life', vendor_status: state }];
    case 'New': case 'Under investigation': return [{ ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: state }];
    default: throw invalid('record-status-unknown', `${component}: state '${state.slice(0, 100)}' is not known`);
  }
}

function scoreOf(vector: string): Advisory['severities'][number] {
  try { return { type: 'CVSS_V3', vector, score: scoreCvss(vector).score }; } catch { return { type: 'CVSS_V3', vector }; }
}
