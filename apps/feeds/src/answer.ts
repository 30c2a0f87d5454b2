import { Controller } from '@nestjs/common';
import { Answers } from '@plimsoll/bus';
import { GetFeedsStatus, GetSource, IngestSource, type Answer, type Body, type SourceChange } from '@plimsoll/contracts';
import { DataSource } from 'typeorm';
import { feedOf } from './feed-table.ts';
import { Ingest } from './ingest.ts';
import { atOneRevision, currentRevision } from './revisions.ts';
import { sourceStatuses } from './source-status.ts';
import { changeOf } from './summarise-change.ts';

/** What others ask of the feeds. */
@Controller()
export class AnswerAboutFeeds {
  constructor(private readonly db: DataSource, private readonly ingest: Ingest) {}

  @Answers(GetFeedsStatus)
  async status(): Promise<Answer<typeof GetFeedsStatus>> {
    return atOneRevision(this.db, async (tx, { number, published_at }) => {
      const [count] = await tx.query('select (select count(*) from advisories where valid_to is null)::int as advisories, (select count(*) from images)::int as images') as { advisories: number; images: number }[];
      return { revision: number, ...(number ? { published_at } : {}), ...count!, sources: await sourceStatuses(tx) };
    });
  }

  @Answers(GetSource)
  async source({ source: id, limit = 100 }: Body<typeof GetSource>): Promise<Answer<typeof GetSource>> {
    const feed = feedOf(id);
    return atOneRevision(this.db, async (tx) => {
      const status = (await sourceStatuses(tx)).find(({ source }) => source === feed.id)!;
      const [row] = await tx.query('select canaries from sources where source = $1', [id]) as { canaries: { canary: string; held: boolean }[] }[];
      const ecosystems = await tx.query(`
        select e.ecosystem, e.records, exists (select from coverage c where c.source = e.source and c.ecosystem = e.ecosystem and c.valid_to is null) as covered
        from source_ecosystems e where e.source = $1 order by e.ecosystem`, [id]) as { ecosystem: string; records: number; covered: boolean }[];
      const aside = await tx.query('select record, code, detail, excerpt from kept_aside where source = $1 order by record limit $2', [id, limit]) as { record: string; code: string; detail: string; excerpt: string }[];
      const refusals = await tx.query('select refused_at, code, detail, change, kept_aside, files from refusals where source = $1 order by id desc', [id]) as { refused_at: Date; code: string; detail: string; change: SourceChange | null; kept_aside: number; files: string | null }[];
      return {
        ...status, ecosystems, canaries: row?.canaries ?? [], kept_aside_records: aside,
        refusals: refusals.map(({ refused_at, change, files, ...refusal }) => ({ at: refused_at.toISOString(), ...refusal, ...(change ? { change: changeOf(change) } : {}), ...(files ? { files } : {}) })),
      };
    });
  }

  @Answers(IngestSource)
  async ingestSource({ source, file, accept_loss }: Body<typeof IngestSource>): Promise<Answer<typeof IngestSource>> {
    const done = file === undefined ? await this.ingest.fromPublisher(source, AbortSignal.timeout(1_800_000), accept_loss) : await this.ingest.fromFile(source, file, accept_loss);
    const { revision, advisories, added, changed, removed, keptAside } = done ?? { revision: (await currentRevision(this.db.manager)).number, advisories: 0, added: 0, changed: 0, removed: 0, keptAside: 0 };
    return { revision, advisories, added, changed, removed, kept_aside: keptAside };
  }
}
