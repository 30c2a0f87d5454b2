import { parseVersion, Unreadable } from './scheme.ts';
import { schemes, type Scheme } from './schemes.ts';

export type Undetermined = { readonly result: 'undetermined'; readonly reason: string };
export type Comparison = {
  readonly result: -1 | 0 | 1;
  /** Why the manager itself would refuse one of the two, though its order has a place for it (`v1-pre` in Go, a branch of Composer). */
  readonly reason?: string;
} | Undetermined;

const older: Comparison = { result: -1 };
const equal: Comparison = { result: 0 };
const newer: Comparison = { result: 1 };

/** -1 when `a` is older than `b`, 0 when they are the same version, 1 when `a` is newer; `undetermined` when one cannot be read. Never throws. */
export function compareVersions(scheme: Scheme, a: string, b: string): Comparison {
  if (a === b) return equal;
  const definition = schemes[scheme];
  const x = parseVersion(definition, a);
  if (x instanceof Unreadable) return unreadable(a, x.reason);
  const y = parseVersion(definition, b);
  if (y instanceof Unreadable) return unreadable(b, y.reason);
  const compared = (definition.pairwise ?? definition.compare)(x, y);
  const answer = compared < 0 ? older : compared > 0 ? newer : equal;
  const doubt = definition.irregular?.(x), other = doubt === undefined ? definition.irregular?.(y) : undefined;
  if (doubt !== undefined) return { ...answer, reason: refused(a, doubt) };
  return other === undefined ? answer : { ...answer, reason: refused(b, other) };
}

export type KeyAnswer = { readonly key: string } | { readonly undetermined: string };

/**
 * The order-preserving key of a version: one character per byte (latin1), so that `<` on these strings, `bytea` in SQL
 * and `Buffer.compare` in a file all agree with {@link compareVersions}. Undetermined for a version its manager would refuse.
 */
export function versionKey(scheme: Scheme, version: string): KeyAnswer {
  const definition = schemes[scheme];
  const parsed = parseVersion(definition, version);
  if (parsed instanceof Unreadable) return { undetermined: unreadable(version, parsed.reason).reason };
  const irregular = definition.irregular?.(parsed);
  return irregular === undefined ? { key: definition.key(parsed) } : { undetermined: unreadable(version, irregular).reason };
}

/** The bytes of a key, for `bytea` and files. */
export const keyBytes = (key: string): Buffer => Buffer.from(key, 'latin1');

const refused = (version: string, reason: string): string => `its manager refuses version ${quoted(version)}: ${reason}`;

export const unreadable = (version: string, reason: string): Undetermined =>
  ({ result: 'undetermined', reason: `cannot read version ${quoted(version)}: ${reason}` });

const quoted = (version: string): string => JSON.stringify(version.length > 80 ? `${version.slice(0, 80)}…` : version);
