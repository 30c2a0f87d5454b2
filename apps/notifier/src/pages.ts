import { readPageToken } from '@plimsoll/database';
import { Problem } from '@plimsoll/problem';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

const Keyset = z.tuple([z.iso.datetime(), z.uuid()]);

/** Where a page ended, for lists sorted by time and id. A token that was tampered with is refused as one of another list is. */
export function readKeyset(sort: string, token: string | undefined): { at: string; id: string } | undefined {
  const keys = readPageToken(sort, token);
  if (keys === undefined) return undefined;
  const read = Keyset.safeParse(keys);
  if (!read.success) throw new Problem('invalid', 'page_token does not belong to this list; start again without it', { code: 'page-token-invalid' });
  return { at: read.data[0], id: read.data[1] };
}

/** Counting stops here: a total beyond it is told as "at least". */
const countLimit = 10_000;

/** Rows of `table where …`, exact up to a limit that keeps the question cheap. */
export async function countUpTo(db: DataSource, tableWhere: string, parameters: readonly unknown[]): Promise<{ count: number; relation: 'EXACT' | 'AT_LEAST' }> {
  const [{ count }] = await db.query(`select count(*)::int as count from (select 1 from ${tableWhere} limit ${countLimit + 1}) as found`, [...parameters]) as [{ count: number }];
  return count > countLimit ? { count: countLimit, relation: 'AT_LEAST' } : { count, relation: 'EXACT' };
}
