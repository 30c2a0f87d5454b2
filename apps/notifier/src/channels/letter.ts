import type { CloudEvent } from '../cloud-event.ts';

export interface Letter { readonly subject: string; readonly text: string; readonly html: string }

interface Reason { readonly rule: string; readonly outcome: string; readonly message: string; readonly findings?: readonly string[]; readonly remediation?: string }
interface VerdictData {
  readonly project: string; readonly reference: string; readonly digest?: string; readonly decision: 'allow' | 'warn' | 'deny'; readonly previous?: string; readonly reasons: readonly Reason[];
  readonly policy: { readonly name: string }; readonly revision?: number; readonly decided_at: string; readonly trace_id?: string;
}
interface RevisionData { readonly revision: number; readonly published_at: string; readonly touched_images: number; readonly changes: readonly { readonly source: string; readonly added: number; readonly changed: number; readonly removed: number }[] }

/** One part of a letter: a heading, and lines or rows below it. */
interface Section { readonly title: string; readonly lines: readonly string[] }

/** What a person reads in a mail: which image, what was decided, why, what to do next. */
export function letterOf({ type, data }: CloudEvent): Letter {
  return type.includes('.revision.published.') ? revisionLetter(data as RevisionData) : verdictLetter(data as VerdictData);
}

const verdictLetter = (verdict: VerdictData): Letter => letter(
  `${verdict.decision.toUpperCase()}: ${verdict.reference}${verdict.previous ? ` (was ${verdict.previous})` : ''}`,
  { allow: 'This image may sail.', warn: 'This image may sail, with warnings.', deny: 'This image must not sail.' }[verdict.decision],
  [
    ['Image', verdict.reference],
    ...(verdict.digest ? [['Digest', verdict.digest] as const] : []),
    ['Project', verdict.project],
    ['Decision', verdict.previous ? `${verdict.decision}, before that ${verdict.previous}` : verdict.decision],
    ['Policy', verdict.policy.name],
    ['Decided', `${verdict.decided_at}${verdict.revision === undefined ? '' : `, as of feed revision ${verdict.revision}`}`],
    ...(verdict.trace_id ? [['Trace', verdict.trace_id] as const] : []),
  ],
  [
    { title: 'Why', lines: verdict.reasons.length ? verdict.reasons.map(reasonLine) : ['No rule of the policy objects.'] },
    { title: 'What to do next', lines: nextSteps(verdict) },
  ]);

const reasonLine = ({ rule, outcome, message, findings = [] }: Reason): string =>
  `${outcome} by ${rule}: ${message}${findings.length ? ` (${findings.slice(0, 5).join(', ')}${findings.length > 5 ? `, and ${findings.length - 5} more` : ''})` : ''}`;

function nextSteps({ decision, reasons, digest, reference }: VerdictData): string[] {
  const remedies = [...new Set(reasons.flatMap(({ remediation }) => remediation ?? []))];
  const look = `See every finding and its fix: plimsoll report ${digest ?? reference}`;
  if (decision === 'allow') return ['Nothing.'];
  return [...remedies, ...(digest ? [look] : []), 'Push the mended image: it is judged again by itself.'];
}

const revisionLetter = (revision: RevisionData): Letter => letter(
  `Feed revision ${revision.revision} touches ${count(revision.touched_images, 'image')}`,
  `New advisories are in force; ${count(revision.touched_images, 'image')} of the platform are judged again.`,
  [['Revision', String(revision.revision)], ['Published', revision.published_at], ['Blast radius', count(revision.touched_images, 'image')]],
  [
    { title: 'What changed', lines: revision.changes.length ? revision.changes.map(({ source, added, changed, removed }) => `${source}: ${added} added, ${changed} changed, ${removed} removed`) : ['No source.'] },
    { title: 'What to do next', lines: ['Nothing yet: an image whose verdict changes is told by a message of its own.'] },
  ]);

/** The same content twice: for eyes that like plain text, and for those that do not. */
function letter(subject: string, opening: string, facts: readonly (readonly [string, string])[], sections: readonly Section[]): Letter {
  const width = Math.max(...facts.map(([name]) => name.length));
  const text = [
    opening, '', ...facts.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`),
    ...sections.flatMap(({ title, lines }) => ['', title, ...lines.map((line) => `  - ${oneLine(line)}`)]), '',
  ].join('\n');
  const html = [
    '<!doctype html><meta charset="utf-8"><div style="font:15px/1.5 system-ui,sans-serif;max-width:44em">',
    `<p><strong>${escaped(opening)}</strong></p>`,
    `<table style="border-collapse:collapse">${facts.map(([name, value]) => `<tr><td style="padding:0 1em 0 0;color:#666;vertical-align:top">${escaped(name)}</td><td style="word-break:break-all">${escaped(value)}</td></tr>`).join('')}</table>`,
    ...sections.map(({ title, lines }) => `<h3>${escaped(title)}</h3><ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`),
    '</div>',
  ].join('\n');
  return { subject: `[Plimsoll] ${oneLine(subject)}`, text, html };
}

const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? '' : 's'}`;

/** References, messages and findings come from strangers: they get no line of their own and no markup. */
const oneLine = (value: string): string => value.replace(/[\s\p{Cc}]+/gu, ' ').trim();
const escaped = (value: string): string => oneLine(value).replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
