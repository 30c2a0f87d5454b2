import { Problem } from '@plimsoll/problem';

/** Where a page ended: the sort it belongs to and the last row's key values. Opaque to callers. */
export const pageToken = (sort: string, last: readonly unknown[]): string =>
  Buffer.from(JSON.stringify([sort, ...last])).toString('base64url');

/** Reads a token made for the same sort; one made for another is refused, not misread. */
export function readPageToken(sort: string, token: string | undefined): readonly unknown[] | undefined {
  if (token === undefined) return undefined;
  try {
    const [madeFor, ...last] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    if (madeFor === sort) return last;
  } catch { /* falls through to the one answer for every bad token */ }
  throw new Problem('invalid', 'page_token does not belong to this list; start again without it', { code: 'page-token-invalid' });
}
