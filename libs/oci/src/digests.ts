import { createHash } from 'node:crypto';
import { invalid } from '@plimsoll/problem';

/** Content address, OCI image-spec descriptor.md: `sha256:` and 64 lower-case hex digits. No other algorithm is in use by registries. */
export type Digest = string;

const shape = /^sha256:[0-9a-f]{64}$/;

export const isDigest = (text: string): text is Digest => shape.test(text);

/** The digest itself, or Problem `digest-invalid`; `where` says which field held it. */
export function parseDigest(value: unknown, where: string): Digest {
  if (typeof value === 'string' && isDigest(value)) return value;
  throw invalid('digest-invalid', `${where}: ${JSON.stringify(value)?.slice(0, 100) ?? 'nothing'} is not a sha256 digest`);
}

/** The digest of these bytes. */
export const digestOf = (bytes: Uint8Array | string): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
