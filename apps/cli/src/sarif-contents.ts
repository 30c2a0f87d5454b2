import type { ScanReport } from '@plimsoll/contracts';
import type { ConfigurationFinding, Secret } from '@plimsoll/inventory';

type Weight = Secret['severity'];
const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const;
const scores = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' } as const;

/** Secrets and problems of the configuration as rules and results of SARIF 2.1.0; rules are numbered from `first` on. */
export function contentsAsSarif({ secrets, configuration: { findings } }: Pick<ScanReport, 'secrets' | 'configuration'>, first: number): { rules: object[]; results: object[] } {
  const kinds = [...new Map(secrets.map((secret) => [secret.rule, secret])).values()];
  return {
    rules: [...kinds.map(({ rule, title, severity }) => asRule(rule, 'ExposedSecret', title, `${title} where everybody who has the image can read it. Revoke it, and rebuild without it.`, severity, 'secret')), ...findings.map(({ id, title, why, fix, severity }) => asRule(id, 'ImageConfiguration', title, `${why} ${fix}`, severity, 'misconfiguration'))],
    results: [...secrets.map((secret) => resultOfSecret(secret, first + kinds.findIndex(({ rule }) => rule === secret.rule))), ...findings.map((finding, i) => resultOfFinding(finding, first + kinds.length + i))],
  };
}

const asRule = (id: string, name: string, title: string, text: string, severity: Weight, tag: string): object =>
  ({ id, name, shortDescription: { text: title }, fullDescription: { text }, defaultConfiguration: { level: levels[severity] }, properties: { 'security-severity': scores[severity], tags: ['security', tag, severity] } });

function resultOfSecret({ rule, title, severity, place, path, line, match, layer, deleted, base }: Secret, ruleIndex: number): object {
  const where = place === 'file' ? path! : [place, path ?? `step ${line}`].join(' ');
  return {
    ruleId: rule, ruleIndex, level: levels[severity],
    message: { text: `${title} ${match} in ${place === 'file' ? 'the file ' : 'the '}${where}${deleted ? ', which an upper layer removed and the image still holds' : ''}.` },
    locations: [{ physicalLocation: { artifactLocation: { uri: encodeURI(where) }, region: { startLine: place === 'file' ? line ?? 1 : 1 } } }],
    partialFingerprints: { 'plimsoll/v1': `${rule}|${where}|${line ?? ''}|${match}` },
    properties: { place, ...(layer && { layer }), ...(deleted && { deleted }), ...(base !== undefined && { base }) },
  };
}

const resultOfFinding = ({ id, severity, title, evidence, count, base }: ConfigurationFinding, ruleIndex: number): object => ({
  ruleId: id, ruleIndex, level: levels[severity],
  message: { text: `${title}: ${evidence.map(({ what }) => what).slice(0, 5).join('; ')}${count > 5 ? `; ${count} in all` : ''}.` },
  locations: [{ physicalLocation: { artifactLocation: { uri: 'image-configuration' }, region: { startLine: 1 } } }],
  partialFingerprints: { 'plimsoll/v1': id },
  properties: { count, ...(base !== undefined && { base }) },
});
