import { invalid } from '@plimsoll/problem';

/** The parts of a package URL, decoded (ECMA-427; purl-spec, docs/specification). `namespace` joins its segments with `/`. */
export interface PurlParts {
  readonly type: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly version?: string | undefined;
  readonly qualifiers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly subpath?: string | undefined;
}

/** Builds the canonical package URL. Throws Problem `purl-invalid` when type or name are missing or a qualifier key is not allowed. */
export function buildPurl({ type, namespace, name, version, qualifiers, subpath }: PurlParts): string {
  if (!typeShape.test(type)) throw invalid('purl-invalid', `${JSON.stringify(type)} is not a purl type`);
  const kind = type.toLowerCase();
  const path = [...segments(namespace ?? '').map((part) => foldNamespace(kind, part)), foldName(kind, trimSlashes(name))];
  if (path.at(-1) === '') throw invalid('purl-invalid', 'a purl needs a name');
  let purl = `pkg:${kind}/${path.map(encode).join('/')}`;
  if (version) purl += `@${encode(version)}`;
  const pairs = Object.entries(qualifiers ?? {}).filter((pair): pair is [string, string] => Boolean(pair[1]));
  for (const [key] of pairs) if (!keyShape.test(key)) throw invalid('purl-invalid', `${JSON.stringify(key)} is not a qualifier key`);
  if (pairs.length) purl += `?${pairs.map(([key, value]) => `${key.toLowerCase()}=${encode(value)}`).sort().join('&')}`;
  const below = segments(subpath ?? '').filter((part) => part !== '.' && part !== '..');
  if (below.length) purl += `#${below.map(encode).join('/')}`;
  return purl;
}

/** Takes a package URL apart, in any accepted spelling. Throws Problem `purl-invalid`. */
export function parsePurl(text: string): PurlParts {
  const fail = (why: string): never => { throw invalid('purl-invalid', `${JSON.stringify(text.slice(0, 200))}: ${why}`); };
  const scheme = /^pkg:\/*/i.exec(text);
  if (!scheme) return fail('a purl starts with pkg:');
  let rest = text.slice(scheme[0].length);
  const cut = (mark: string): string => {
    const at = rest.lastIndexOf(mark);
    if (at < 0) return '';
    const tail = rest.slice(at + 1);
    rest = rest.slice(0, at);
    return tail;
  };
  const subpath = segments(cut('#')).map(decode).filter((part) => part !== '.' && part !== '..').join('/');
  const query = cut('?');
  const slash = rest.indexOf('/');
  const type = rest.slice(0, Math.max(slash, 0)).toLowerCase();
  if (!typeShape.test(type)) return fail('no valid type');
  rest = rest.slice(slash + 1);
  // An unencoded `@` of an npm scope stands before a slash; the version's stands after the last one.
  const version = rest.lastIndexOf('@') > rest.lastIndexOf('/') ? decode(cut('@')) : '';
  const path = segments(rest).map(decode);
  const name = foldName(type, path.pop() ?? '');
  if (!name) return fail('no name');
  const qualifiers: Record<string, string> = {};
  for (const pair of query.split('&').filter(Boolean)) {
    const [key, ...value] = pair.split('=');
    if (!key || !keyShape.test(key)) return fail(`${JSON.stringify(key ?? '')} is not a qualifier key`);
    const decoded = decode(value.join('='));
    if (decoded) qualifiers[key.toLowerCase()] = decoded;
  }
  return {
    type, name,
    ...(path.length && { namespace: path.map((part) => foldNamespace(type, part)).join('/') }),
    ...(version && { version }),
    ...(Object.keys(qualifiers).length && { qualifiers }),
    ...(subpath && { subpath }),
  };
}

const typeShape = /^[a-z][a-z0-9.-]*$/i;
const keyShape = /^[a-z][a-z0-9._-]*$/i;

/** Types whose names do not tell upper from lower case (purl-spec, types/*-definition.json). */
const caseless = new Set(['alpm', 'apk', 'bitbucket', 'bitnami', 'composer', 'deb', 'github', 'hex', 'luarocks', 'opkg', 'otp', 'pub', 'pypi']);
const foldName = (type: string, name: string): string => {
  const folded = caseless.has(type) ? name.toLowerCase() : name;
  return type === 'pypi' ? folded.replaceAll('_', '-') : folded;
};
const foldNamespace = (type: string, part: string): string => (caseless.has(type) || type === 'rpm' ? part.toLowerCase() : part);

const trimSlashes = (text: string): string => text.replace(/^\/+|\/+$/g, '');
const segments = (path: string): string[] => path.split('/').filter((part) => part !== '');
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%3A', ':');
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('purl-invalid', `${JSON.stringify(text.slice(0, 200))} is not percent-encoded UTF-8`);
  }
};
