import type { Weight } from '../model.ts';

/** One kind of secret. */
export interface SecretRule {
  /** Stable kebab-case name. */
  readonly rule: string;
  readonly title: string;
  readonly severity: Weight;
  /**
   * What has to stand in the text before the pattern is tried, in any case; from 3 characters on, the rarer the better: every place that holds
   * one costs a try.
   */
  readonly marks: readonly string[];
  /** Sticky, tried where the mark begins; may look 24 characters behind. The secret is its first group, or all of it. Linear on any text. */
  readonly pattern: RegExp;
  /** How many characters from the mark on it may look at; 300 by default. */
  readonly window?: number;
  /** Made of encoded bytes, among which anything may look like a placeholder. */
  readonly opaque?: true;
  /** Further proof: structure, a checksum. */
  readonly accepts?: (secret: string, match: string, place: Place) => boolean;
  /** How many characters of each edge may be shown; 4 by default, fewer of what a person made up. */
  readonly edge?: number;
}

/** Where a text is from. Settings are files of `name = value` lines: there a value needs no quotes. */
export interface Place { readonly kind: 'code' | 'settings' | 'configuration' }

/** Bits per character of a text's beginning, by its own letters (Shannon). */
export function entropy(whole: string): number {
  const text = whole.slice(0, 100);
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** What stands where a secret will be: documentation, templates, defaults nobody can log in with. */
export function isPlaceholder(whole: string): boolean {
  const secret = whole.slice(0, 100);
  return placeholders.test(secret) || /^(.)\1*$/.test(secret) || /(.)\1{5}/.test(secret) || /(?:0123456|1234567|abcdefg|ABCDEFG|qwerty)/.test(secret);
}

const placeholders = /example|change[_-]?(?:me|it|this)|your[_-]|placeholder|dummy|redacted|replace[_-]?me|insert[_-]|todo|fixme|not[_-]?a[_-]?real|fake|foobar|deadbeef|lorem|xxxx|\*\*\*|\.\.\.|\$\{|\$\(|\{\{|\$[A-Za-z_]|%[({]|%[sdv@]|<[\w -]+>|\[[\w -]+\]|\{[\w.-]+\}|__\w+__/i;

/** What is shown of a secret: its edges, where it is so long that they give nothing away. */
export function mask(secret: string, edge = 4): string {
  return secret.length >= 5 * edge && edge > 0 ? `${secret.slice(0, edge)}…${secret.slice(-edge)}` : '…';
}
