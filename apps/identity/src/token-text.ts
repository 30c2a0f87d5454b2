import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { base62, randomBase62 } from './base62.ts';

/**
 * An API token as people hold it: `plt_<id>_<secret>_<crc>` with an id of 12, a secret of 27 (160 bits) and a checksum of
 * 6 base62 characters. The checksum lets secret scanners tell a token from a look-alike without asking anybody.
 */
export interface TokenText { readonly id: string; readonly text: string }

export const newTokenText = (): TokenText => {
  const id = randomBase62(12), body = `plt_${id}_${randomBase62(27)}`;
  return { id, text: `${body}_${checksum(body)}` };
};

/** The id of a well-formed token; undefined for anything else, which no table needs to be asked about. */
export const tokenIdOf = (text: string): string | undefined => {
  const [, body, id, crc] = /^(plt_([0-9A-Za-z]{12})_[0-9A-Za-z]{27})_([0-9A-Za-z]{6})$/.exec(text) ?? [];
  return body !== undefined && checksum(body) === crc ? id : undefined;
};

/** What is kept of a token. 160 random bits need no slow hash: there is nothing to guess. */
export const tokenHash = (text: string): Buffer => createHash('sha256').update(text).digest();

const checksum = (body: string): string => base62(crc32(body), 6);
