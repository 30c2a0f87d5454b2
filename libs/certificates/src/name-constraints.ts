import { element, sequence } from './der.ts';
import { type Element, fieldsOf, malformed, members } from './der-reader.ts';
import { startsWith } from './distinguished-name.ts';
import { type GeneralName, generalNameText, readGeneralName, writeGeneralName } from './general-names.ts';

/** Subtrees a CA's certificates must stay in, or out of (RFC 5280 4.2.1.10). An IP subtree holds address and mask. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

export const writeNameConstraints = ({ permitted, excluded }: NameConstraints): Uint8Array => sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded));

export const readNameConstraints = (value: Element, where: string): NameConstraints => {
  const fields = fieldsOf(value, where);
  const permitted = fields.maybe(0xa0), excluded = fields.maybe(0xa1);
  fields.end();
  if (permitted === undefined && excluded === undefined) throw malformed(where, 'no subtree at all');
  return { permitted: readSubtrees(permitted, where), excluded: readSubtrees(excluded, where) };
};

/**
 * Why a name may not stand under these constraints, or undefined when it may. A name of a form that some
 * constraint speaks of must lie in a permitted subtree of that form, if there are any, and in no excluded one.
 */
export const constraintBrokenBy = (name: GeneralName, { permitted, excluded }: NameConstraints): string | undefined => {
  const sameForm = (base: GeneralName) => base.type === name.type && (base.type !== 'other' || base.tag === (name as { tag: number }).tag);
  const permits = permitted.filter(sameForm), excludes = excluded.filter(sameForm);
  if (permits.length + excludes.length === 0) return undefined;
  if (name.type === 'other') return `${generalNameText(name)} is of a form that is constrained but not understood`;
  if (name.type === 'uri' && hostOf(name.value) === undefined) return `${generalNameText(name)} has no host name to judge`;
  const out = excludes.find((base) => liesIn(name, base, 'excluded'));
  if (out !== undefined) return `${generalNameText(name)} lies in the excluded subtree ${generalNameText(out)}`;
  if (permits.length > 0 && !permits.some((base) => liesIn(name, base, 'permitted'))) return `${generalNameText(name)} lies outside the permitted subtrees ${permits.map(generalNameText).join(', ')}`;
  return undefined;
};

const liesIn = (name: GeneralName, base: GeneralName, side: 'permitted' | 'excluded'): boolean => {
  switch (name.type) {
    case 'dns': return base.type === 'dns' && dnsLiesIn(name.value.toLowerCase(), base.value.toLowerCase(), side);
    case 'uri': return base.type === 'uri' && hostLiesIn(hostOf(name.value)!, base.value.toLowerCase());
    case 'email': return base.type === 'email' && emailLiesIn(name.value, base.value);
    case 'ip': return base.type === 'ip' && base.bytes.length === 2 * name.bytes.length
      && name.bytes.every((byte, at) => ((byte ^ base.bytes[at]!) & base.bytes[name.bytes.length + at]!) === 0);
    case 'directory': return base.type === 'directory' && startsWith(name.name, base.name);
    case 'other': return false;
  }
};

/** `a.b` holds itself and all below; OpenSSL's `.a.b` only what is below. A wildcard is excluded if anything it stands for is. */
const dnsLiesIn = (name: string, base: string, side: 'permitted' | 'excluded'): boolean => {
  if (base === '' || name === base || name.endsWith(base.startsWith('.') ? base : `.${base}`)) return true;
  if (side === 'permitted' || !name.startsWith('*.')) return false;
  const below = name.slice(1);
  return base.endsWith(below) && !base.slice(0, -below.length).replace(/^\./, '').includes('.');
};

/** URI and e-mail hosts: `a.b` is that host alone, `.a.b` everything below it. */
const hostLiesIn = (host: string, base: string): boolean => base === '' || (base.startsWith('.') ? host.endsWith(base) && host !== base : host === base);

const emailLiesIn = (name: string, base: string): boolean => {
  const at = name.lastIndexOf('@'), host = name.slice(at + 1).toLowerCase();
  if (!base.includes('@')) return hostLiesIn(host, base.toLowerCase());
  const baseAt = base.lastIndexOf('@');
  return name.slice(0, at) === base.slice(0, baseAt) && host === base.slice(baseAt + 1).toLowerCase();
};

/** The fully qualified host of a URI; undefined for none and for an IP literal, both of which RFC 5280 wants refused. */
const hostOf = (value: string): string | undefined => {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([a-z0-9._-]+)(?::\d*)?(?:[/?#]|$)/i.exec(value)?.[1]?.toLowerCase();
  return host === undefined || /^[\d.]+$/.test(host) ? undefined : host;
};

/** An absent list, never an empty one (GeneralSubtrees is SIZE (1..MAX)). */
const subtrees = (tag: number, names: readonly GeneralName[]): Uint8Array[] =>
  names.length === 0 ? [] : [element(tag, ...names.map((name) => sequence(writeGeneralName(name))))];

const readSubtrees = (list: Element | undefined, where: string): GeneralName[] => {
  if (list === undefined) return [];
  const names = members(list, where).map((subtree) => {
    const fields = fieldsOf(subtree, where), base = readGeneralName(fields.any('base'), where);
    fields.end();  // RFC 5280 wants minimum absent (0 is its default) and maximum absent
    if (base.type === 'ip' && base.bytes.length !== 8 && base.bytes.length !== 32) throw malformed(where, 'an IP subtree is an address and a mask');
    return base;
  });
  return names.length > 0 ? names : refuse(where);
};

const refuse = (where: string): never => { throw malformed(where, 'an empty list of subtrees'); };
