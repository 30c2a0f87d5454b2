import type { ImageConfig } from '@plimsoll/oci';
import type { Step } from '../checks/steps.ts';
import type { Secret } from '../model.ts';
import { findSecrets } from './find-secrets.ts';
import { mask, type Place } from './rule.ts';

/** The secrets in the variables, labels and history of an image, and `clean`, which takes them out of any text of it. */
export interface ImageSecrets { readonly secrets: readonly Secret[]; readonly clean: (text: string) => string }

/** Looks through the texts of an image. What a step of the history sets and the configuration keeps is told once. */
export function secretsOfImage({ Env = [], Labels = {} }: Partial<Pick<ImageConfig['config'], 'Env' | 'Labels'>>, steps: readonly Step[]): ImageSecrets {
  const known = new Map<string, string>();
  const look = (text: string, kind: Place['kind'], rest: Pick<Secret, 'place'> & Partial<Secret>): Secret[] =>
    findSecrets(Buffer.from(text), { kind }).flatMap(({ rule, value }) => {
      if (known.has(value)) return [];
      known.set(value, mask(value, rule.edge));
      return [{ rule: rule.rule, title: rule.title, severity: rule.severity === 'medium' ? 'high' as const : rule.severity, ...rest, match: mask(value, rule.edge) }];
    });
  const secrets = [
    ...Env.flatMap((variable) => look(variable, 'configuration', { place: 'environment', path: variable.split('=', 1)[0]! })),
    ...Object.entries(Labels).flatMap(([name, value]) => look(`${name}=${value}`, /password|secret|token|key$/i.test(name) ? 'configuration' : 'settings', { place: 'label', path: name })),
    ...steps.flatMap(({ number, instruction, text, arguments: given, layer }) =>
      [...given, `${instruction} ${text}`].flatMap((words) => look(words, setting.has(instruction) || given.includes(words) ? 'configuration' : 'settings', { place: 'history', line: number, ...(layer && { layer }) }))),
  ];
  // Short ones are words that stand elsewhere with another meaning.
  const long = [...known].filter(([value]) => value.length >= 8);
  return { secrets, clean: (text) => long.reduce((cleaned, [value, shown]) => cleaned.replaceAll(asText(value), shown), withoutSecrets(text)) };
}

const asText = (value: string): string => Buffer.from(value, 'latin1').toString('utf8');

const setting: ReadonlySet<string> = new Set(['ENV', 'ARG', 'LABEL']);

/** The text with every secret in it masked. */
export function withoutSecrets(text: string): string {
  const bytes = Buffer.from(text), found = findSecrets(bytes, { kind: 'configuration' });
  if (found.length === 0) return text;
  const parts: string[] = [];
  let from = 0;
  for (const { rule, start, end, value } of found) {
    parts.push(bytes.toString('utf8', from, start), mask(value, rule.edge));
    from = end;
  }
  // Elsewhere in the text the same value may stand in front of something else.
  const long = found.filter(({ value }) => value.length >= 8);
  return long.reduce((clean, { value, rule }) => clean.replaceAll(asText(value), mask(value, rule.edge)), [...parts, bytes.toString('utf8', from)].join(''));
}
