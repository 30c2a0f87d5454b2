import { createHash, randomUUID } from 'node:crypto';
import type { ImageIndexed, ImageMatched, ImageRejected, PushJudged, PushOperation, PushState } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { LiveProgress } from './progress.ts';

export interface NewPush {
  readonly id: string; readonly project: string; readonly target: string;
  readonly platform?: string | undefined; readonly digest?: string | undefined;
  readonly submittedBy: string; readonly traceId: string | undefined;
}

/** The same id for the same parts, so that a repeated submission is the same push; without parts a new one. */
export const pushId = (...parts: readonly string[]): string => {
  if (parts.length === 0) return randomUUID();
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  hash[6] = hash[6]! & 0x0f | 0x80;   // RFC 9562, section 5.8: version 8, variant 10
  hash[8] = hash[8]! & 0x3f | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

interface Row {
  id: string; project: string; target: string; platform: string | null; digest: string | null; trace_id: string | null;
  created_at: Date; indexed_at: Date | null; matched_at: Date | null; judged_at: Date | null; rejected_at: Date | null;
  problem: PushOperation['problem'] | null; decision: PushOperation['decision'] | null; notifications: number;
}

/** The table of pushes: each event marks what it says and nothing else, so their order does not matter. */
@Injectable()
export class Pushes {
  constructor(private readonly db: DataSource, private readonly progress: LiveProgress) {}

  /** False when this push is there already. */
  async begun(tx: EntityManager, { id, project, target, platform, digest, submittedBy, traceId }: NewPush): Promise<boolean> {
    const rows: unknown[] = await tx.query(`
      insert into pushes (id, project, target, platform, digest, submitted_by, trace_id) values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (id) do nothing returning id`, [id, project, target, platform ?? null, digest ?? null, submittedBy, traceId ?? null]);
    return rows.length === 1;
  }

  async indexed(tx: EntityManager, { push, image, platform }: ImageIndexed): Promise<void> {
    await tx.query('update pushes set indexed_at = coalesce(indexed_at, now()), digest = $2, platform = coalesce($3, platform) where id = $1', [push, image.digest, platform ?? null]);
  }

  async rejected(tx: EntityManager, { push, digest, problem }: ImageRejected): Promise<void> {
    await tx.query('update pushes set rejected_at = coalesce(rejected_at, now()), digest = coalesce($2, digest), problem = $3 where id = $1', [push, digest ?? null, JSON.stringify(problem)]);
  }

  async matched(tx: EntityManager, { push, image }: ImageMatched): Promise<void> {
    if (push) await tx.query('update pushes set matched_at = coalesce(matched_at, now()), digest = $2 where id = $1', [push, image.digest]);
  }

  async judged(tx: EntityManager, { push, verdict }: PushJudged): Promise<void> {
    await tx.query('update pushes set judged_at = coalesce(judged_at, now()), decision = $2, digest = coalesce(digest, $3) where id = $1', [push, verdict.decision, verdict.digest ?? null]);
  }

  async notified(tx: EntityManager, push: string): Promise<void> {
    await tx.query('update pushes set notifications = notifications + 1 where id = $1', [push]);
  }

  /** Throws `operation-missing` for another project's push too. */
  async operation(project: string, id: string): Promise<PushOperation> {
    const [row] = await this.db.query(`
      select id, project, target, platform, digest, trace_id, created_at, indexed_at, matched_at, judged_at, rejected_at, problem, decision, notifications
      from pushes where id = $1 and project = $2`, [id, project]) as Row[];
    if (!row) throw new Problem('missing', `there is no push ${id} in ${project}`, { code: 'operation-missing' });
    return this.shown(row);
  }

  private shown(row: Row): PushOperation {
    const progress = this.progress.of(row.id);
    const state = stateOf(row, progress !== undefined);
    const self = `/v1/projects/${row.project}/operations/${row.id}`;
    const image = row.digest && row.indexed_at ? `/v1/projects/${row.project}/images/${row.digest}` : undefined;
    const updated = Math.max(...[row.created_at, row.indexed_at, row.matched_at, row.judged_at, row.rejected_at].map((at) => at?.getTime() ?? 0));
    return {
      id: row.id, project: row.project, target: row.target, platform: row.platform ?? undefined, digest: row.digest ?? undefined,
      state, done: state === 'judged' || state === 'rejected',
      progress: state === 'indexing' ? progress : undefined,
      problem: row.problem ?? undefined, decision: row.decision ?? undefined, notifications: row.notifications, trace_id: row.trace_id ?? undefined,
      created_at: row.created_at.toISOString(), updated_at: new Date(updated).toISOString(),
      links: { self, events: `/v1/projects/${row.project}/events?push=${row.id}`, ...(image ? { image, findings: `${image}/findings`, verdict: `${image}/verdict` } : {}) },
    };
  }
}

const stateOf = (row: Row, isMoving: boolean): PushState =>
  row.rejected_at ? 'rejected' : row.judged_at ? 'judged' : row.matched_at ? 'matched' : row.indexed_at ? 'indexed' : isMoving ? 'indexing' : 'pushed';
