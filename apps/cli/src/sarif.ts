import type { ScanReport } from '@plimsoll/contracts';
import type { Finding } from '@plimsoll/matching';
import { contentsAsSarif } from './sarif-contents.ts';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note', unknown: 'warning', negligible: 'note' } as const;
/** What code hosts sort by (`security-severity`), where no score is known. */
const assumedScores = { critical: 9.5, high: 8, medium: 5.5, low: 2, unknown: 5.5, negligible: 1 } as const;

/** A scan as SARIF 2.1.0 (OASIS), one rule a problem, one result a package; secrets and problems of the configuration behind them. */
export function sarif(report: ScanReport): object {
  const rules = [...new Map(report.findings.map((finding) => [finding.id, finding])).values()];
  const indexes = new Map(rules.map(({ id }, index) => [id, index])), contents = contentsAsSarif(report, rules.length);
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'Plimsoll', version: '0.1.0', informationUri: 'https://plimsoll.dev', rules: [...rules.map(rule), ...contents.rules] } },
      automationDetails: { id: `plimsoll/${report.target.reference}` },
      invocations: [{ executionSuccessful: !report.partial, toolExecutionNotifications: report.problems.map(({ code, detail, where }) => ({ level: 'error', message: { text: `${where}: ${detail}` }, descriptor: { id: code } })) }],
      results: [...report.findings.map((finding) => ({
        ruleId: finding.id, ruleIndex: indexes.get(finding.id)!, level: finding.state === 'undetermined' ? 'warning' : levels[finding.severity],
        message: { text: resultText(finding) },
        locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(finding.package.path ?? finding.package.name) }, region: { startLine: 1 } }, logicalLocations: [{ fullyQualifiedName: finding.package.purl, kind: 'package' }] }],
        partialFingerprints: { 'plimsoll/v1': `${finding.id}|${finding.package.purl}` },
        properties: { state: finding.state, fix_state: finding.fix_state, ...(finding.fixed_version ? { fixed_version: finding.fixed_version } : {}), ...knowledge(finding) },
        ...(finding.suppressed ? { suppressions: [{ kind: 'external', status: 'accepted', justification: justificationOf(finding) }] } : {}),
      })), ...contents.results],
    }],
  };
}

/** What is known besides the advisory, as a code host's search may ask for it. */
const knowledge = ({ scores, epss, kev, ssvc, disputed, vex, package: { layer, base } }: Finding): object => Object.fromEntries(
  Object.entries({ scores, epss, kev, ssvc, disputed, vex, layer, base }).filter(([, value]) => value !== undefined));

function justificationOf({ id, suppressed, vex }: Finding): string {
  if (suppressed === 'rejected') return `${id} was taken back by the CVE program`;
  const { status, justification, detail, source } = vex![0]!;
  return `${source} says ${status.replaceAll('_', ' ')}${justification ? `: ${justification.replaceAll('_', ' ')}` : ''}${detail ? ` (${detail})` : ''}`;
}

const rule = ({ id, aliases, title, severity, score, advisory, source }: Finding): object => ({
  id, name: 'VulnerablePackage',
  shortDescription: { text: title ?? `${id} in a package` },
  fullDescription: { text: `${id}${aliases.length ? ` (${aliases.join(', ')})` : ''}, advisory ${advisory} of ${source}` },
  defaultConfiguration: { level: levels[severity] },
  properties: { 'security-severity': (score ?? assumedScores[severity]).toFixed(1), tags: ['security', 'vulnerability', severity] },
});

const resultText = ({ id, severity, state, fixed_version, package: { name, version } }: Finding): string =>
  `${name} ${version} ${state === 'undetermined' ? `may have ${id}: it cannot be told` : `has ${id} (${severity})`}. ${fixed_version ? `Fixed in ${fixed_version}.` : 'No fix is known.'}`;
