import { Controller } from '@nestjs/common';
import { sources } from '@plimsoll/advisories';
import { Answers, Bus } from '@plimsoll/bus';
import { GetFeedsStatus, GetFindings, IngestSource, type Answer, type Body, type SourceStatus } from '@plimsoll/contracts';
import { pageToken, readPageToken } from '@plimsoll/database';
import { Inventory, type Package } from '@plimsoll/inventory';
import { Problem } from '@plimsoll/problem';
import { DataSource } from 'typeorm';
import { cursorOf, filtered, isAfter, type FindingsCursor } from './findings-page.ts';
import { textsOf } from './finding-texts.ts';
import { notCovered, rowsOf, summaryOf } from './image-findings.ts';
import { imageOf } from './images.ts';
import { Ingest } from './ingest.ts';
import { currentRevision, holdRevision } from './revisions.ts';

/** What others ask of the feeds. */
@Controller()
export class AnswerAboutFeeds {
  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly ingest: Ingest) {}

  @Answers(GetFindings)
  async findings({ project, digest, severity, state, id, package: packageName, limit, page_token }: Body<typeof GetFindings>): Promise<Answer<typeof GetFindings>> {
    const sort = `findings:${project}:${digest}`;
    const after = readPageToken(sort, page_token) as FindingsCursor | undefined;
    const image = await imageOf(this.db.manager, project, digest);
    const places = placesOf(Inventory.parse(await this.bus.documents.get(image.inventory)).packages);
    return this.db.transaction(async (tx) => {
      await holdRevision(tx);   // one revision for summary and page
      const all = await rowsOf(tx, [image.id]);
      const wanted = await filtered(tx, all, { severity, state, id, package: packageName });
      const from = after === undefined ? 0 : wanted.findIndex((row) => isAfter(row, after));
      const page = from < 0 ? [] : wanted.slice(from, from + limit);
      const summary = summaryOf(all, (await notCovered(tx, [image.id])).get(image.id) ?? 0);
      return {
        revision: (await currentRevision(tx)).number, summary, total: { count: wanted.length, relation: 'EXACT' as const },
        items: await textsOf(tx, page, places),
        ...(from >= 0 && from + limit < wanted.length ? { next_page_token: pageToken(sort, cursorOf(page.at(-1)!)) } : {}),
      };
    });
  }

  @Answers(GetFeedsStatus)
  async status(): Promise<Answer<typeof GetFeedsStatus>> {
    const rows = await this.db.query('select source, advisories, kept_aside, revision, state, problem, updated_at, checked_at from sources') as (Omit<SourceStatus, 'title' | 'updated_at' | 'checked_at'> & { updated_at: Date | null; checked_at: Date | null })[];
    const known = new Map(rows.map((row) => [row.source, row]));
    const [count] = await this.db.query('select (select count(*) from advisories)::int as advisories, (select count(*) from images)::int as images') as { advisories: number; images: number }[];
    const revision = await currentRevision(this.db.manager);
    return {
      revision: revision.number, ...(revision.number ? { published_at: revision.published_at } : {}), ...count!,
      sources: sources.map(({ id, title, interval }): SourceStatus => {
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
  async ingestSource({ source, file }: Body<typeof IngestSource>): Promise<Answer<typeof IngestSource>> {
    const done = file === undefined ? await this.ingest.fromPublisher(source, AbortSignal.timeout(1_800_000)) : await this.ingest.fromFile(source, file);
    const { revision, advisories, added, changed, removed, keptAside } = done ?? { revision: (await currentRevision(this.db.manager)).number, advisories: 0, added: 0, changed: 0, removed: 0, keptAside: 0 };
    return { revision, advisories, added, changed, removed, kept_aside: keptAside };
  }
}

const placesOf = (packages: readonly Package[]): Map<string, Package> => new Map(packages.map((one) => [one.purl, one]));
