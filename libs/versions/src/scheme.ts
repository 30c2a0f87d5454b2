/** A version no manager of its scheme would accept, with the reason in words. "Cannot tell" is never "not affected". */
export class Unreadable {
  readonly reason: string;
  constructor(reason: string) { this.reason = reason; }
}

/**
 * One version order. `V` is a version read once.
 * `compare` is written after the manager's own algorithm and `key` after its result, so that each proves the other.
 */
export interface SchemeDefinition<V = unknown> {
  /** Reads a version of at most {@link maxVersionLength} printable characters; never throws. */
  readonly parse: (version: string) => V | Unreadable;
  /** Negative, zero or positive, like a sort function. */
  readonly compare: (a: V, b: V) => number;
  /** Bytes (one per character, 0–255) whose plain order is the version order: `key(a) < key(b)` ⇔ `compare(a, b) < 0`. */
  readonly key: (version: V) => string;
  /** The manager's own answer for two versions, where its rules are not transitive and so no order at all; only `compareVersions` asks. */
  readonly pairwise?: (a: V, b: V) => number;
  /**
   * Why the manager would refuse this version although its comparator gives it a place (`bad` in Go, `1-r` in apk).
   * Such a version can be compared, but has no key and is in no range.
   */
  readonly irregular?: (version: V) => string | undefined;
}

/** Longest version that is read, in UTF-16 units. The longest in all of OSV is under 200; a longer one is an accident or an attack. */
export const maxVersionLength = 1024;

/** Reads a version of a scheme after the checks all schemes share: length, control characters, white space around it. */
export function parseVersion<V>(scheme: SchemeDefinition<V>, version: string): V | Unreadable {
  if (version.length > maxVersionLength) return new Unreadable(`version is ${version.length} characters long, more than ${maxVersionLength}`);
  if (blankOrControlAt(version) < 0) return scheme.parse(version);
  // Blanks around a version are the file's, not the version's.
  const trimmed = version.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  const at = blankOrControlAt(trimmed);
  return at < 0 ? scheme.parse(trimmed) : new Unreadable(`version has a blank or control character at ${at}`);
}

function blankOrControlAt(version: string): number {
  for (let i = 0; i < version.length; i++) {
    const c = version.charCodeAt(i);
    if (c <= 0x20 || c === 0x7f) return i;
  }
  return -1;
}
