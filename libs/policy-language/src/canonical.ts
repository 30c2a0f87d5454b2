import { hash } from 'node:crypto';
import type { Digest } from '@plimsoll/inventory';

/**
 * One text for one value: JSON with sorted keys and no spaces (RFC 8785, JSON Canonicalization Scheme).
 * `undefined` members are left out, as JSON.stringify does; anything JSON cannot say is a TypeError.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`${typeof value} cannot be written as canonical JSON`);
  const members: string[] = [];
  // RFC 8785 section 3.2.3: sorted by UTF-16 code units, which is what sort() does.
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

/** `sha256:` of the canonical JSON of a value. */
export const digestOf = (value: unknown): Digest => `sha256:${hash('sha256', canonicalJson(value))}`;
