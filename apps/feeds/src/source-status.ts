import type { SourceStatus } from '@plimsoll/contracts';
import type { EntityManager } from 'typeorm';
import { feeds, type Feed } from './feed-table.ts';

interface SourceRow { source: string; advisories: number; kept_aside: number; revision: number | null; state: SourceStatus['state']; problem: string | null; updated_at: Date | null; checked_at: Date | null; good_at: Date | null }

/** How old the last good look may be before what a source says is called stale, in intervals. */
const staleAfter = 3;

/** Every source as it is: what it has, how old it is, what is wrong with it. A source that was never looked at says so. */
export async function sourceStatuses(tx: EntityManager): Promise<SourceStatus[]> {
  const rows = await tx.query('select source, advisories, kept_aside, revision, state, problem, updated_at, checked_at, good_at from sources') as SourceRow[];
  const known = new Map(rows.map((row) => [row.source, row]));
  return feeds.map((feed) => statusOf(feed, known.get(feed.id)));
}

function statusOf({ id, title, interval, floor, shelf, urls }: Feed, row: SourceRow | undefined): SourceStatus {
  const about = { source: id, title, records: shelf, ...(urls.length > 0 ? { floor, interval_seconds: interval } : {}) };
  if (!row) return { ...about, advisories: 0, kept_aside: 0, state: 'never' };
  const age = row.good_at === null ? undefined : Math.max(0, (Date.now() - row.good_at.getTime()) / 1000);
  const isStale = row.state === 'ok' && urls.length > 0 && age !== undefined && age > staleAfter * interval;
  return {
    ...about, advisories: row.advisories, kept_aside: row.kept_aside, state: isStale ? 'stale' : row.state,
    ...(row.revision === null ? {} : { revision: row.revision }), ...(age === undefined ? {} : { age_seconds: Math.round(age) }),
    ...(row.updated_at ? { updated_at: row.updated_at.toISOString() } : {}), ...(row.checked_at ? { checked_at: row.checked_at.toISOString() } : {}), ...(row.problem ? { problem: row.problem } : {}),
  };
}
