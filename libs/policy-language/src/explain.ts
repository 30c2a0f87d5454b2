import type { Decision, Reason } from './decision.ts';

const verdicts = {
  allow: 'ALLOW: nothing speaks against this image',
  warn: 'WARN: this image may run, and something should be done',
  deny: 'DENY: this image must not run',
} as const;

/** A decision in plain lines for people: the verdict, each reason with what to do, what was excepted and why, and as of what. */
export function explain(decision: Decision): string[] {
  const lines: string[] = [verdicts[decision.decision]];
  for (const reason of decision.reasons) lines.push(...linesOf(reason, reason.outcome));
  for (const { remediation: _, ...reason } of decision.excepted) lines.push(...linesOf(reason, `excepted (${reason.excepted_by.join(', ')})`));
  for (const use of decision.exceptions) {
    const what = use.finding === undefined ? `rule ${use.rule}` : `${use.finding}${use.packages ? ` in ${shortList(use.packages)}` : ''}`;
    const ending = use.state === 'applied' ? `until ${use.until}` : use.state === 'expired' ? `expired ${use.until}` : `until ${use.until}; not among the listed findings, so the counts may still hold it`;
    lines.push(`  exception ${use.id}: ${what}, ${ending}; ${use.reason} (approved by ${use.approved_by})`);
  }
  lines.push(`  policy ${decision.policy.name} ${decision.policy.digest}, input ${decision.input_digest}, at ${decision.at}`);
  return lines;
}

function linesOf(reason: Reason, label: string): string[] {
  return [
    `  ${label}: ${reason.rule}: ${reason.message}`,
    ...(reason.findings ? [`    findings: ${shortList(reason.findings)}`] : []),
    ...(reason.remediation ? [`    next: ${reason.remediation}`] : []),
  ];
}

const shortList = (names: readonly string[]): string => (names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', '));
