import { canaries, type Canary } from '@plimsoll/advisories';
import { judge } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';
import { indexOfNames } from './advisory-rows.ts';
import type { Feed } from './feed-table.ts';

/** A canary and whether the revision finds it. */
export interface CanaryResult { readonly canary: string; readonly held: boolean }

export const canaryName = ({ ecosystem, name, version, finds }: Canary): string => `${ecosystem}/${name}@${version}=${finds}`;

/**
 * Asks what every canary of a source must find, of the advisories as they are inside this transaction and of the matcher
 * itself. One that was found before and is not any more is Problem `feed-canary-lost`, unless a person says that it is so.
 */
export async function checkCanaries(tx: EntityManager, { id, shelf }: Feed, { canaries: own, acceptLoss }: { readonly canaries: readonly Canary[]; readonly acceptLoss: boolean }): Promise<CanaryResult[]> {
  if (shelf !== 'advisories') return [];
  const asked = [...canaries.filter(({ source }) => source === id), ...own];
  const index = await indexOfNames(tx, asked);
  const results = asked.map((canary): CanaryResult => ({ canary: canaryName(canary), held: isFound(canary, judge(index, canary)) }));
  const before = new Set((await tx.query(`select c->>'canary' as canary from sources s cross join lateral jsonb_array_elements(s.canaries) c where (c->>'held')::boolean`) as { canary: string }[]).map(({ canary }) => canary));
  const lost = results.filter(({ canary, held }) => !held && before.has(canary)).map(({ canary }) => canary);
  if (lost.length > 0 && !acceptLoss) throw new Problem('conflict', `${id} no longer finds ${lost.join(', ')}, which it found before; the last good revision stays`, { code: 'feed-canary-lost' });
  return results;
}

const isFound = ({ finds }: Canary, found: readonly { id: string; aliases: readonly string[]; advisories?: readonly string[] | undefined; state: string }[]): boolean =>
  found.some(({ id, aliases, advisories = [], state }) => state === 'affected' && [id, ...aliases, ...advisories].includes(finds));
