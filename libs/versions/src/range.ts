import { type Undetermined, unreadable } from './compare.ts';
import { parseVersion, Unreadable } from './scheme.ts';
import { schemes, type Scheme } from './schemes.ts';

export type Operator = '<' | '<=' | '=' | '!=' | '>=' | '>';

/** One condition on a version that was read. */
export type Condition = (version: unknown) => boolean;

/** A version is in it when it meets every condition of one of the alternatives; no conditions are met by all. */
export type Alternatives = readonly (readonly Condition[])[];

export interface RangeOptions {
  /**
   * npm and Cargo do not offer `1.3.0-beta` to somebody who asks for `^1.2.0`, though it lies between the bounds. `manager` (the default) says so too;
   * `included` goes by the order alone, which is what an advisory means by a range: a beta of the fixed version has the flaw.
   */
  readonly prereleases?: 'manager' | 'included';
}

/** Longest range expression read, in UTF-16 units, and most versions in it. */
export const maxRangeLength = 65_536;
export const maxRangeTerms = 4_096;

/** Thrown inside the range parsers for an expression nobody could mean; never leaves this library. */
export class UnreadableRange extends Error {
  override readonly name = 'UnreadableRange';
}

/** Reads a version written in a range; one that cannot be read makes the whole range unreadable. */
export function versionIn<V = unknown>(scheme: Scheme, text: string): V {
  const definition = schemes[scheme];
  const parsed = parseVersion(definition, text);
  const reason = parsed instanceof Unreadable ? parsed.reason : definition.irregular?.(parsed);
  if (reason !== undefined) throw new UnreadableRange(unreadable(text, reason).reason);
  return parsed as V;
}

/** `operator version` by the scheme's order alone. */
export function condition(scheme: Scheme, operator: Operator, version: unknown): Condition {
  const { compare } = schemes[scheme];
  switch (operator) {
    case '<': return (v) => compare(v, version) < 0;
    case '<=': return (v) => compare(v, version) <= 0;
    case '=': return (v) => compare(v, version) === 0;
    case '!=': return (v) => compare(v, version) !== 0;
    case '>=': return (v) => compare(v, version) >= 0;
    case '>': return (v) => compare(v, version) > 0;
  }
}

export type RangeAnswer = { readonly result: boolean } | Undetermined;
/** A range read once, to be asked of many versions. */
export type RangeTest = (version: string) => RangeAnswer;

export const inside: RangeAnswer = { result: true };
export const outside: RangeAnswer = { result: false };
export const undetermined = (reason: string): Undetermined => ({ result: 'undetermined', reason });

/** Turns alternatives into a test of versions as written. */
export const testOf = (scheme: Scheme, alternatives: Alternatives): RangeTest => {
  const definition = schemes[scheme];
  return (text) => {
    const version = parseVersion(definition, text);
    const reason = version instanceof Unreadable ? version.reason : definition.irregular?.(version);
    if (reason !== undefined) return unreadable(text, reason);
    return alternatives.some((conditions) => conditions.every((meets) => meets(version))) ? inside : outside;
  };
};
