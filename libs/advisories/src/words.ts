import type { Severity } from './severity.ts';

const severities: Readonly<Record<string, Severity>> = {
  critical: 'critical', high: 'high', important: 'high', medium: 'medium', moderate: 'medium', low: 'low',
  negligible: 'negligible', unimportant: 'negligible', none: 'negligible', informational: 'negligible', untriaged: 'unknown',
};

/** A publisher's word for severity in the house's; undefined for what says nothing (`not yet assigned`, `unknown`). Debian's `**` marks a guess and is dropped. */
export const severityWord = (word: string | undefined): Severity | undefined => {
  const plain = word?.toLowerCase().replace(/\*+$/, '').trim();
  const severity = plain !== undefined && Object.hasOwn(severities, plain) ? severities[plain] : undefined;
  return severity === 'unknown' ? undefined : severity;
};

/** CVE id syntax, https://www.cve.org/ResourcesSupport/FAQs ("CVE ID Syntax"). */
export const isCve = (id: string): boolean => /^CVE-\d{4}-\d{4,}$/.test(id);

/** The first line of a text, cut at 200 characters, for use as a title. */
export function firstLine(text: string): string {
  const line = text.trimStart().split('\n', 1)[0]!.trim().replace(/^#+\s*/, '');
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
