import type { Upkeep } from '@plimsoll/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Days for which an image stays after an admission asked for it, whatever the rules: it may be running. */
const admittedDays = 30;

/** A repository is a reference without its tag and digest. */
const repository = (reference: string): string => `regexp_replace(regexp_replace(${reference}, '@.*$', ''), ':[^/:]*$', '')`;

/** What each project keeps, and what follows from it now. */
@Injectable()
export class Upkeeps {
  constructor(private readonly db: DataSource) {}

  async of(project: string): Promise<Upkeep> {
    const [row] = await this.db.query('select keep_last, keep_days, rescan_days from upkeep where project = $1', [project]) as { keep_last: number | null; keep_days: number | null; rescan_days: number | null }[];
    return { keep_last: row?.keep_last ?? undefined, keep_days: row?.keep_days ?? undefined, rescan_days: row?.rescan_days ?? undefined };
  }

  async set(project: string, { keep_last, keep_days, rescan_days }: Upkeep, by: string): Promise<void> {
    await this.db.query(`
      insert into upkeep (project, keep_last, keep_days, rescan_days, changed_by) values ($1, $2, $3, $4, $5)
      on conflict (project) do update set keep_last = excluded.keep_last, keep_days = excluded.keep_days, rescan_days = excluded.rescan_days, changed_by = excluded.changed_by, changed_at = now()`,
    [project, keep_last ?? null, keep_days ?? null, rescan_days ?? null, by]);
  }

  /** Images that no rule of their project keeps: each rule that is set keeps some, and none is set where none is to go. */
  async beyond(limit: number): Promise<{ project: string; name: string }[]> {
    return this.db.query(`
      with pushed as (
        select project, name, admitted_at, greatest(indexed_push_at, rejected_push_at, created_at) as pushed_at, ${repository('reference')} as repository
        from images where project in (select project from upkeep where keep_last is not null or keep_days is not null)),
      ranked as (select *, row_number() over (partition by project, repository order by pushed_at desc, name) as rank from pushed)
      select project, name from ranked join upkeep using (project)
      where (keep_last is null or rank > keep_last) and (keep_days is null or pushed_at < now() - keep_days * interval '1 day')
        and (admitted_at is null or admitted_at < now() - interval '${admittedDays} days')
      order by pushed_at limit $1`, [limit]);
  }

  /** Tags that were last looked at longer ago than their project's rule says; what was named by its digest cannot have moved. */
  async due(limit: number): Promise<{ project: string; target: string; platform: string | null; stretch: string }[]> {
    return this.db.query(`
      with tags as (
        select project, reference as target, max(platform) as platform, max(coalesce(indexed_push_at, created_at)) as indexed_at from images
        where reference !~ '@sha256:' and reference !~ '^(oci|oci-archive|docker-archive):' group by project, reference),
      looked as (
        select tags.*, rescan_days, greatest(indexed_at, (select max(created_at) from pushes where pushes.project = tags.project and pushes.target = tags.target)) as last
        from tags join upkeep using (project) where rescan_days is not null)
      select project, target, platform, floor(extract(epoch from now()) / (rescan_days * 86400))::text as stretch
      from looked where last < now() - rescan_days * interval '1 day' order by last limit $1`, [limit]);
  }
}
