import type { KeyObject } from 'node:crypto';
import { writeBundle, type BundleManifest, type BundleMember } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { feeds, type Feed } from './feed-table.ts';
import { atOneRevision, revisionAsOf } from './revisions.ts';
import { changesSince, recordsNow, storedLines } from './stored-lines.ts';

interface SourceRow { source: string; advisories: number; kept_aside: number; checked_at: Date | null; updated_at: Date | null }

/**
 * Writes the current revision as a signed bundle, whole or as the difference to an earlier one, from one snapshot of the
 * database and with the memory of a few lines. Problems `revision-unknown`, `revision-pruned`, `bundle-nothing-new`.
 */
export async function exportBundle(db: DataSource, path: string, key: KeyObject, { base = null, now = new Date() }: { base?: number | null; now?: Date } = {}): Promise<BundleManifest> {
  return atOneRevision(db, async (tx, { number: revision, published_at }) => {
    await tx.query('set local statement_timeout = 0');
    if (base !== null) await revisionAsOf(tx, base);
    if (revision === 0 || base === revision) throw new Problem('conflict', base === null ? 'there is no revision to export yet' : `revision ${base} is the current one; there is no difference to it`, { code: 'bundle-nothing-new' });
    const [{ id: platform }] = await tx.query('select id from platform') as [{ id: string }];
    const known = new Map((await tx.query('select source, advisories, kept_aside, checked_at, updated_at from sources where revision is not null') as SourceRow[]).map((row) => [row.source, row]));
    async function* members(): AsyncGenerator<BundleMember> {
      for (const feed of feeds) {
        const row = known.get(feed.id);
        if (row) yield await memberOf(tx, feed, row, base);
      }
    }
    return writeBundle(path, { platform, revision, published_at, base, made_at: now.toISOString() }, members(), key);
  });
}

async function memberOf(tx: EntityManager, feed: Feed, { source, kept_aside, checked_at, updated_at }: SourceRow, base: number | null): Promise<BundleMember> {
  const name = pg.escapeLiteral(source);
  const [{ records }] = await tx.query(`select count(*)::int as records from ${feed.shelf} where source = ${name} and valid_to is null`) as [{ records: number }];
  // What a source without history lost is not known any more: it comes whole.
  const complete = base === null || !feed.hasHistory;
  const about = { source, records, kept_aside, complete, ...(checked_at ? { checked_at: checked_at.toISOString() } : {}), ...(updated_at ? { updated_at: updated_at.toISOString() } : {}) };
  if (base === null) return { about, lines: storedLines(tx, recordsNow(feed)) };
  const [{ changed }] = await tx.query(`select exists (select from ${feed.shelf} where source = ${name} and (valid_from > ${base} or valid_to > ${base})) as changed`) as [{ changed: boolean }];
  if (!changed) return { about };
  return { about, lines: storedLines(tx, complete ? recordsNow(feed) : changesSince(feed, base)) };
}
