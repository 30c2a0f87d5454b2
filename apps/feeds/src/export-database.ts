import type { Advisory, Affected, Enrichment, VexStatement } from '@plimsoll/advisories';
import { buildDatabase, type AdvisoryHead, type Content, type DatabaseInfo } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { DataSource } from 'typeorm';
import { feeds } from './feed-table.ts';
import { atOneRevision } from './revisions.ts';
import { recordsNow, storedLines } from './stored-lines.ts';

/** Writes the current revision as the database file of the stand-alone scanner, by the code that `plimsoll db build` uses. Answers the revision. */
export async function exportDatabase(db: DataSource, path: string): Promise<number> {
  return atOneRevision(db, async (tx, { number, published_at }) => {
    if (number === 0) throw new Problem('conflict', 'there is no revision yet', { code: 'database-empty' });
    await tx.query('set local statement_timeout = 0');
    const sources = await tx.query('select source as id, advisories, kept_aside as rejected, updated_at as fetched from sources where revision is not null') as { id: string; advisories: number; rejected: number; fetched: Date | null }[];
    const affected = new Map<string, number>();
    async function* contents(): AsyncGenerator<Content> {
      for (const feed of feeds) {
        if (!sources.some(({ id }) => id === feed.id)) continue;
        for await (const line of storedLines(tx, recordsNow(feed))) {
          const record = JSON.parse(line) as { head: AdvisoryHead; affected: Affected[]; body: unknown };
          if (feed.shelf === 'advisories') {
            affected.set(feed.id, (affected.get(feed.id) ?? 0) + record.affected.length);
            yield { kind: 'advisory', advisory: { ...record.head, affected: record.affected } satisfies Advisory };
          } else if (feed.shelf === 'enrichments') yield { kind: 'enrichment', enrichment: record.body as Enrichment };
          else yield { kind: 'statement', statement: record.body as VexStatement };
        }
      }
    }
    await buildDatabase(contents(), path, (): DatabaseInfo => ({
      revision: String(number), built: published_at,
      sources: sources.map(({ id, advisories, rejected, fetched }) => ({ id, advisories, affected: affected.get(id) ?? 0, rejected, ...(fetched ? { fetched: fetched.toISOString() } : {}) })),
    }));
    return number;
  });
}
