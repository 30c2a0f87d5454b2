import { invalid, Problem } from '@plimsoll/problem';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { Policy, policyLimits } from './policy.ts';

/**
 * Reads a policy from YAML 1.2 or JSON. Expressions are not looked at yet: that is `compilePolicy`.
 * Throws Problem invalid: `policy-too-large`, `policy-unreadable` (not YAML) or `policy-invalid` with one entry per mistake.
 */
export function parsePolicy(text: string): Policy {
  if (text.length > policyLimits.text) {
    throw invalid('policy-too-large', `the policy has ${text.length} characters; at most ${policyLimits.text} are read`);
  }
  const parsed = Policy.safeParse(readYaml(text));
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 50).map((issue) => ({ where: whereIs(issue.path), what: issue.message }));
  throw new Problem('invalid', `the policy has ${errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`}: ${errors[0]?.where}: ${errors[0]?.what}`, { code: 'policy-invalid', errors });
}

function readYaml(text: string): unknown {
  try {
    const document = parseDocument(text, { uniqueKeys: true, stringKeys: true, prettyErrors: true });
    const mistake = document.errors[0];
    if (mistake) throw mistake;
    // No aliases: a policy needs none, and they are how a small YAML becomes a huge one.
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    // RangeError: nesting so deep that the reader ran out of stack; its text says nothing useful.
    const what = error instanceof RangeError ? 'it is nested too deeply' : error instanceof Error ? error.message.split('\n')[0] : 'not YAML';
    throw invalid('policy-unreadable', `the policy is neither YAML nor JSON: ${what}`, error);
  }
}

/** `['rules', 3, 'deny']` as people write it: `rules[3].deny`. */
export const whereIs = (path: z.core.$ZodIssue['path']): string =>
  path.reduce<string>((where, step) => (typeof step === 'number' ? `${where}[${step}]` : where === '' ? String(step) : `${where}.${String(step)}`), '') || 'the document';
