import { invalid } from '@plimsoll/problem';
import { type Digest, parseDigest } from './digests.ts';

/** A name in a registry, complete: `docker.io/library/alpine:latest`. With both, the digest decides and the tag is a remark. */
export interface Reference {
  /** Host, and port when not the default: `docker.io`, `registry.example:5000`, `[::1]:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

// The grammar of github.com/distribution/reference; the tag's length is in the distribution-spec, "Pulling manifests".
const host = /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/;
const component = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const tagShape = /^\w[\w.-]{0,127}$/;

/** Reads a reference as Docker does (`alpine` is `docker.io/library/alpine:latest`), or Problem `reference-invalid` that says which part is wrong. */
export function parseReference(text: string): Reference {
  const fail = (what: string) => invalid('reference-invalid', `${JSON.stringify(text.slice(0, 300))} is not an image reference: ${what}`);
  const [named = '', digestText, ...more] = text.split('@');
  if (more.length > 0) throw fail('more than one @');
  const digest = digestText === undefined ? undefined : parseDigest(digestText, `reference ${text.slice(0, 300)}`);
  const { name, tag } = splitTag(named);
  if (tag !== undefined && !tagShape.test(tag)) throw fail('a tag is up to 128 letters, digits, ".", "_" or "-"');
  const { registry, path } = splitHost(name);
  if (!host.test(registry)) throw fail(`${JSON.stringify(registry)} is not a host`);
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (!repository.split('/').every((part) => component.test(part))) throw fail('a repository is lower-case words joined by ".", "_", "-" and "/"');
  if (registry.length + 1 + repository.length > 255) throw fail('a name has at most 255 characters');
  return { registry, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
}

/** The complete reference as text; `parseReference` reads it back to the same value. */
export const formatReference = ({ registry, repository, tag, digest }: Reference): string =>
  `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;

function splitTag(named: string): { name: string; tag: string | undefined } {
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? { name: named.slice(0, colon), tag: named.slice(colon + 1) } : { name: named, tag: undefined };
}

/** The first part is a host when it looks like one: with a dot or a port, `localhost`, or capitals, which a repository cannot have. */
function splitHost(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (!isHost) return { registry: 'docker.io', path: name };
  return { registry: first === 'index.docker.io' ? 'docker.io' : first, path: name.slice(slash + 1) };
}
