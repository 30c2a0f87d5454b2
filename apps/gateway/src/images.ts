import type { ImageIndexed, ImageItem, ImageMatched, ImageRejected, Input, operations, Page, Verdict } from '@plimsoll/contracts';
import { pageToken, readPageToken } from '@plimsoll/database';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

interface Row {
  project: string; name: string; digest: string | null; reference: string; platform: string | null; os: ImageItem['os'] | null;
  packages: number | null; problems: number | null; state: ImageItem['state']; problem: ImageItem['problem'] | null;
  revision: string | null; summary: ImageItem['summary'] | null; decision: ImageItem['decision'] | null; decided_at: Date | null; created_at: Date; updated_at: Date;
  /** created_at to the microsecond, which a Date loses and a page token needs. */
  created_exactly: string;
}

const columns = `project, name, digest, reference, platform, os, packages, problems, state, problem, revision, summary, decision, decided_at, created_at, updated_at,
  to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_exactly`;

/** Counting stops here; beyond it a total says AT_LEAST. */
const countedAtMost = 10_000;

const pushedAt = (parameter: string): string => `coalesce((select created_at from pushes where id = ${parameter}), now())`;

/** The table of images: one row each, built from events in any order. Newer is told by push time, revision and decision time, never by arrival. */
@Injectable()
export class Images {
  constructor(private readonly db: DataSource) {}

  async indexed(tx: EntityManager, { push, image, platform, os, packages, problems }: ImageIndexed): Promise<void> {
    const newer = '(images.indexed_push_at is null or excluded.indexed_push_at >= images.indexed_push_at)';
    const latest = (column: string): string => `${column} = case when ${newer} then excluded.${column} else images.${column} end`;
    await tx.query(`
      insert into images (project, name, digest, reference, platform, os, packages, problems, indexed_push_at)
      values ($1, $2, $2, $3, $4, $5, $6, $7, ${pushedAt('$8')})
      on conflict (project, name) do update set
        ${['reference', 'platform', 'os', 'packages', 'problems'].map(latest).join(', ')},
        indexed_push_at = greatest(images.indexed_push_at, excluded.indexed_push_at), updated_at = now()`,
    [image.project, image.digest, image.reference, platform ?? null, os && JSON.stringify(os), packages, problems, push]);
    // The target was rejected before and is readable now: its row without a digest is history.
    await tx.query(`
      delete from images using pushes
      where pushes.id = $1 and images.project = pushes.project and images.name = pushes.target and images.digest is null and images.rejected_push_at <= pushes.created_at`, [push]);
  }

  async rejected(tx: EntityManager, { push, project, target, digest, problem }: ImageRejected): Promise<void> {
    const newer = '(images.rejected_push_at is null or excluded.rejected_push_at >= images.rejected_push_at)';
    await tx.query(`
      insert into images (project, name, digest, reference, rejected_push_at, problem)
      select $1, coalesce($3, $2), $3, $2, ${pushedAt('$4')}, $5
      where $3::text is not null or not exists (
        select from pushes later where later.project = $1 and later.target = $2 and later.indexed_at is not null and later.created_at > ${pushedAt('$4')})
      on conflict (project, name) do update set
        problem = case when ${newer} then excluded.problem else images.problem end,
        rejected_push_at = greatest(images.rejected_push_at, excluded.rejected_push_at), updated_at = now()`,
    [project, target, digest ?? null, push, JSON.stringify(problem)]);
  }

  async matched(tx: EntityManager, { image, platform, os, packages, problems, revision, summary }: ImageMatched): Promise<void> {
    await tx.query(`
      insert into images (project, name, digest, reference, platform, os, packages, problems, revision, summary) values ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict (project, name) do update set revision = excluded.revision, summary = excluded.summary, updated_at = now()
      where images.revision is null or excluded.revision >= images.revision`,
    [image.project, image.digest, image.reference, platform ?? null, os && JSON.stringify(os), packages, problems, revision.number, JSON.stringify(summary)]);
  }

  /** `push` tells the target of an image whose digest nobody knows. */
  async judged(tx: EntityManager, { project, digest, reference, decision, decided_at }: Verdict, push: string | undefined): Promise<void> {
    await tx.query(`
      insert into images (project, name, digest, reference, decision, decided_at, rejected_push_at)
      select $1, named.name, $2, $3, $4, $5, case when $2::text is null then ${pushedAt('$6')} end
      from (select coalesce($2, (select target from pushes where id = $6), $3) as name) named
      where $2::text is not null or not exists (
        select from pushes later where later.project = $1 and later.target = named.name and later.indexed_at is not null and later.created_at > ${pushedAt('$6')})
      on conflict (project, name) do update set decision = excluded.decision, decided_at = excluded.decided_at, updated_at = now()
      where images.decided_at is null or excluded.decided_at >= images.decided_at`,
    [project, digest ?? null, reference, decision, decided_at, push ?? null]);
  }

  /** An admission asked for it by this push: for a while no rule forgets it. */
  async admitted(tx: EntityManager, { push, image }: ImageIndexed): Promise<void> {
    await tx.query(`update images set admitted_at = now() where project = $1 and name = $2 and exists (select from pushes where id = $3 and priority = 'admission')`, [image.project, image.digest, push]);
  }

  /** Throws `image-missing` for another project's image too: a foreign digest is as unknown as none. */
  async get(project: string, digest: string): Promise<ImageItem> {
    const [row] = await this.db.query(`select ${columns} from images where project = $1 and name = $2`, [project, digest]) as Row[];
    if (!row) throw imageMissing(project, digest);
    return shown(row);
  }

  async list({ project, decision, state, severity, search, sort, limit, page_token }: Input<typeof operations.listImages>): Promise<Page<ImageItem>> {
    const values: unknown[] = [project];
    const where = ['project = $1'];
    const given = (value: unknown, condition: (parameter: string) => string): void => {
      if (value === undefined) return;
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    given(decision, (parameter) => `decision = any(${parameter})`);
    given(state, (parameter) => `state = any(${parameter})`);
    given(severity, (parameter) => `exists (select from jsonb_each_text(summary->'by_severity') s where s.key = any(${parameter}) and s.value <> '0')`);
    given(search && `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`, (parameter) => `(reference ilike ${parameter} or digest like ${parameter})`);
    const total = await this.count(where, values);

    const { key, order } = sorts[sort];
    const after = readPageToken(sort, page_token);
    if (after) {
      values.push(after[0], after[1]);
      where.push(`(${key}, name) ${order === 'desc' ? '<' : '>'} ($${values.length - 1}, $${values.length})`);
    }
    const rows = await this.db.query(`select ${columns} from images where ${where.join(' and ')} order by ${key} ${order}, name ${order} limit ${limit + 1}`, values) as Row[];
    const page = rows.slice(0, limit), last = page.at(-1);
    return {
      items: page.map(shown), total,
      ...(rows.length > limit && last ? { next_page_token: pageToken(sort, [sort === 'newest' ? last.created_exactly : last.reference, last.name]) } : {}),
    };
  }

  private async count(where: readonly string[], values: readonly unknown[]): Promise<Page<unknown>['total']> {
    const [{ count }] = await this.db.query(`select count(*)::int as count from (select from images where ${where.join(' and ')} limit ${countedAtMost + 1}) counted`, [...values]) as [{ count: number }];
    return count > countedAtMost ? { count: countedAtMost, relation: 'AT_LEAST' } : { count, relation: 'EXACT' };
  }
}

const sorts = { newest: { key: 'created_at', order: 'desc' }, reference: { key: 'reference', order: 'asc' } } as const;

export const imageMissing = (project: string, digest: string): Problem => new Problem('missing', `there is no image ${digest} in ${project}`, { code: 'image-missing' });

const shown = (row: Row): ImageItem => ({
  project: row.project, digest: row.digest ?? undefined, reference: row.reference, platform: row.platform ?? undefined, os: row.os ?? undefined,
  state: row.state, packages: row.packages ?? undefined, problems: row.problems ?? undefined,
  problem: row.state === 'rejected' ? row.problem ?? undefined : undefined,
  revision: row.revision === null ? undefined : Number(row.revision), summary: row.summary ?? undefined,
  decision: row.decision ?? undefined, decided_at: row.decided_at?.toISOString(), created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString(),
});
