import { createHash } from 'node:crypto';
import { licenceIds } from './licence-ids.ts';

/** Whether a text is a licence expression of listed licences (SPDX 2.3, annex D); `LicenseRef-` of somewhere else does not count. */
export function isExpression(text: string): boolean {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0, depth = 0, wanted = 'operand';
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (wanted === 'operand') {
      if (token === '(') depth++;
      else if (licenceIds.has(token) || (token.endsWith('+') && licenceIds.has(token.slice(0, -1)))) wanted = 'operator';
      else return false;
    } else if (token === ')') {
      if (--depth < 0) return false;
    } else if (token === 'WITH') {
      if (!licenceIds.has(tokens[++at] ?? '')) return false;
    } else if (token === 'AND' || token === 'OR') wanted = 'operand';
    else return false;
  }
  return depth === 0 && wanted === 'operator';
}

/** The licences of a package as CycloneDX has them: one expression alone, or a list of identifiers and names. */
export function cycloneDxLicences(licences: readonly string[]): unknown[] {
  const [only] = licences;
  if (licences.length === 1 && !licenceIds.has(only!) && isExpression(only!)) return [{ expression: only }];
  return licences.map((text) => ({ license: licenceIds.has(text) ? { id: text } : { name: text } }));
}

/** The licences of a package as one SPDX expression. What is no expression becomes a `LicenseRef-`, whose text is put into `extracted`. */
export function spdxLicence(licences: readonly string[], extracted: Map<string, string>): string {
  const terms = licences.map((text) => {
    if (isExpression(text)) return licences.length > 1 && /\s/.test(text) ? `(${text})` : text;
    const ref = `LicenseRef-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    extracted.set(ref, text);
    return ref;
  });
  return terms.length ? terms.join(' AND ') : 'NOASSERTION';
}
