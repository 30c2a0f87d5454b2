import { createHash } from 'node:crypto';
import type { Advisory } from './advisory.ts';

/** What is kept of an advisory to tell later whether it changed. */
export interface Fingerprint {
  readonly source: string;
  readonly key: string;
  /** SHA-256 of the canonical record, base64url. */
  readonly hash: string;
  /** `ecosystem\tname` of every affected entry, each once. */
  readonly names: readonly string[];
}

export interface AdvisoryDiff {
  /** `source\tkey`, in the order met. */
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
  /** `ecosystem\tname` of everything an added, changed or removed advisory spoke or speaks of: what has to be matched again. */
  readonly touched: Set<string>;
}

/** The fingerprint of one advisory. */
export const fingerprintOf = (advisory: Advisory): Fingerprint => ({
  source: advisory.source, key: advisory.key, hash: contentHash(advisory),
  names: [...new Set(advisory.affected.map(({ ecosystem, name }) => `${ecosystem}\t${name}`))],
});

/** SHA-256 over the record with its fields in a fixed order, base64url: equal records have equal hashes, however they were made. */
export const contentHash = (advisory: Advisory): string => createHash('sha256').update(canonical(advisory)).digest('base64url');

/** What changed from one set of advisories to another; memory is one fingerprint per advisory of `before`. */
export async function diffAdvisories(before: Iterable<Fingerprint> | AsyncIterable<Fingerprint>, after: Iterable<Fingerprint> | AsyncIterable<Fingerprint>): Promise<AdvisoryDiff> {
  const diff: AdvisoryDiff = { added: [], changed: [], removed: [], touched: new Set() };
  const touch = ({ names }: Fingerprint) => { for (const name of names) diff.touched.add(name); };
  const old = new Map<string, Fingerprint>();
  for await (const fingerprint of before) old.set(`${fingerprint.source}\t${fingerprint.key}`, fingerprint);
  for await (const fingerprint of after) {
    const name = `${fingerprint.source}\t${fingerprint.key}`, was = old.get(name);
    old.delete(name);
    if (was?.hash === fingerprint.hash) continue;
    (was === undefined ? diff.added : diff.changed).push(name);
    touch(fingerprint);
    if (was !== undefined) touch(was);
  }
  for (const [name, fingerprint] of old) {
    diff.removed.push(name);
    touch(fingerprint);
  }
  return diff;
}

/** JSON with object keys sorted and undefined fields left out (the idea of RFC 8785; texts and integers only). */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}
