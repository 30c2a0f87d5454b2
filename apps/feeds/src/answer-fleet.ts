import { Answers } from '@plimsoll/bus';
import { GetRevision, WhoHas, type AffectedImage, type Answer, type Body, type SourceChange } from '@plimsoll/contracts';
import { pageToken, readPageToken } from '@plimsoll/database';
import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { blastRadiusOf, struckImages } from './blast-radius.ts';
import { problemsNamed } from './findings-page.ts';
import { currentRevision, holdRevision, revisionAsOf } from './revisions.ts';
import { changeOf } from './summarise-change.ts';

const packagesAtMost = 20;

/** Questions over all images: which have a problem, and what a revision struck. */
@Controller()
export class AnswerAboutFleet {
  constructor(private readonly db: DataSource) {}

  @Answers(WhoHas)
  whoHas({ id, projects, limit, page_token }: Body<typeof WhoHas>): Promise<Answer<typeof WhoHas>> {
    const sort = `who-has:${id}`;
    const [after = '0'] = (readPageToken(sort, page_token) ?? []) as string[];
    return this.db.transaction(async (tx) => {
      await holdRevision(tx);
      const vulnerabilities = await problemsNamed(tx, id);
      const having = `
        with found as (
          select distinct s.image, p.purl, f.subject, f.vulnerability, f.state, f.severity, f.fixed_version, f.first_seen
          from findings f join packages p on p.subject = f.subject join set_packages m on m.package = p.id join image_sets s on s.set = m.set join images i on i.id = s.image
          where f.valid_to is null and not f.rejected and f.vulnerability = any($1::text[]) and ($2::text[] is null or i.project = any($2)))`;
      const [count] = await tx.query(`${having} select count(distinct found.image)::int as images, count(distinct i.project)::int as projects from found join images i on i.id = found.image`, [vulnerabilities, projects ?? null]) as { images: number; projects: number }[];
      const rows = await tx.query(`${having}, page as (select distinct image from found where image > $3 order by image limit $4)
        select i.id, i.project, i.digest, i.reference, greatest(min(found.first_seen), i.indexed_at) as first_seen,
          (jsonb_agg(jsonb_strip_nulls(jsonb_build_object('purl', found.purl, 'state', found.state, 'severity', found.severity, 'fixed_version', found.fixed_version)) order by found.purl)) as packages
        from page join images i on i.id = page.image join found on found.image = page.image group by i.id order by i.id`, [vulnerabilities, projects ?? null, after, limit + 1]) as (Omit<AffectedImage, 'first_seen'> & { id: string; first_seen: Date })[];
      return {
        revision: (await currentRevision(tx)).number, vulnerabilities: vulnerabilities.sort(), projects: count!.projects, total: { count: count!.images, relation: 'EXACT' as const },
        items: rows.slice(0, limit).map(({ project, digest, reference, first_seen, packages }) => ({ project, digest, reference, packages: packages.slice(0, packagesAtMost), first_seen: first_seen.toISOString() })),
        ...(rows.length > limit ? { next_page_token: pageToken(sort, [rows[limit - 1]!.id]) } : {}),
      };
    });
  }

  @Answers(GetRevision)
  async revision({ revision, projects, limit, page_token }: Body<typeof GetRevision>): Promise<Answer<typeof GetRevision>> {
    const sort = `revision:${revision}`;
    const [after = '0'] = (readPageToken(sort, page_token) ?? []) as string[];
    return this.db.transaction(async (tx) => {
      await holdRevision(tx);
      const { published_at } = await revisionAsOf(tx, revision);
      const [row] = await tx.query('select changes from revisions where number = $1', [revision]) as { changes: SourceChange[] }[];
      const blast_radius = await blastRadiusOf(tx, revision, projects);
      const images = await struckImages(tx, revision, projects, after, limit + 1);
      return {
        revision, published_at, changes: row!.changes.map(changeOf), blast_radius, total: { count: blast_radius.images, relation: 'EXACT' as const },
        items: images.slice(0, limit).map(({ project, digest, reference, added, removed }) => ({ project, digest, reference, added, removed })),
        ...(images.length > limit ? { next_page_token: pageToken(sort, [images[limit - 1]!.id]) } : {}),
      };
    });
  }
}
