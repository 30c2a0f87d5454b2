import { Controller } from '@nestjs/common';
import { Answers } from '@plimsoll/bus';
import { GetFeedsStatus, IngestSource, type Answer, type Body, type SourceStatus } from '@plimsoll/contracts';
import { DataSource } from 'typeorm';
import { Ingest } from './ingest.ts';
import { feeds } from './feed-table.ts';
import { currentRevision } from './revisions.ts';

/** What others ask of the feeds. */
@Controller()
export class AnswerAboutFeeds {
  constructor(private readonly db: DataSource, private readonly ingest: Ingest) {}

  @Answers(GetFeedsStatus)
  async status(): Promise<Answer<typeof GetFeedsStatus>> {
    const rows = await this.db.query('select source, advisories, kept_aside, revision, state, problem, updated_at, checked_at from sources') as (Omit<SourceStatus, 'title' | 'updated_at' | 'checked_at'> & { updated_at: Date | null; checked_at: Date | null })[];
    const known = new Map(rows.map((row) => [row.source, row]));
    const [count] = await this.db.query('select (select count(*) from advisories where valid_to is null)::int as advisories, (select count(*) from images)::int as images') as { advisories: number; images: number }[];
    const revision = await currentRevision(this.db.manager);
    return {
      revision: revision.number, ...(revision.number ? { published_at: revision.published_at } : {}), ...count!,
      sources: feeds.map(({ id, title, interval }): SourceStatus => {
        const row = known.get(id);
        if (!row) return { source: id, title, advisories: 0, kept_aside: 0, state: 'never' };
        const stale = row.state === 'ok' && row.checked_at !== null && Date.now() - row.checked_at.getTime() > 3 * interval * 1000;
        return {
          source: id, title, advisories: row.advisories, kept_aside: row.kept_aside, revision: row.revision ?? undefined, state: stale ? 'stale' : row.state,
          updated_at: row.updated_at?.toISOString(), checked_at: row.checked_at?.toISOString(), problem: row.problem ?? undefined,
        };
      }),
    };
  }

  @Answers(IngestSource)
  async ingestSource({ source, file, accept_loss }: Body<typeof IngestSource>): Promise<Answer<typeof IngestSource>> {
    const done = file === undefined ? await this.ingest.fromPublisher(source, AbortSignal.timeout(1_800_000), accept_loss) : await this.ingest.fromFile(source, file, accept_loss);
    const { revision, advisories, added, changed, removed, keptAside } = done ?? { revision: (await currentRevision(this.db.manager)).number, advisories: 0, added: 0, changed: 0, removed: 0, keptAside: 0 };
    return { revision, advisories, added, changed, removed, kept_aside: keptAside };
  }
}
