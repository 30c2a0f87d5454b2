import { createHash, randomUUID } from 'node:crypto';
import { Bus } from '@plimsoll/bus';
import { FindScans, type FoundScan, type ImageIndexed, type ImageMatched, type ImageRejected, type Input, type operations, type Page, type Priority, type PushJudged, type PushOperation, type PushState, type ScanCancelled } from '@plimsoll/contracts';
import { pageToken, readPageToken } from '@plimsoll/database';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { LiveProgress } from './progress.ts';

export interface NewPush {
  readonly id: string; readonly project: string; readonly target: string;
  readonly platform?: string | undefined; readonly digest?: string | undefined;
  readonly priority?: Priority | undefined;
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
  id: string; project: string; target: string; platform: string | null; digest: string | null; trace_id: string | null; priority: Priority;
  created_at: Date; indexed_at: Date | null; matched_at: Date | null; judged_at: Date | null; rejected_at: Date | null; cancelled_at: Date | null; why: string | null;
  created_exactly: string; problem: PushOperation['problem'] | null; decision: PushOperation['decision'] | null; notifications: number;
}

const columns = `id, project, target, platform, digest, trace_id, priority, created_at, indexed_at, matched_at, judged_at, rejected_at, cancelled_at, why, problem, decision, notifications,
  to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_exactly`;
const stateColumn = `case when rejected_at is not null then 'rejected' when judged_at is not null then 'judged' when cancelled_at is not null then 'cancelled'
  when matched_at is not null then 'matched' when indexed_at is not null then 'indexed' else 'pushed' end`;
const isOpen = 'judged_at is null and rejected_at is null and cancelled_at is null';
/** Counting stops here; beyond it a total says AT_LEAST. */
const countedAtMost = 10_000;
/** The scanners may be busy; who asks how far a push is does not wait long for where exactly. */
const findMs = 2_000;

/** The table of pushes: each event marks what it says and nothing else, so their order does not matter. */
@Injectable()
export class Pushes {
  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly progress: LiveProgress) {}

  /** False when this push is there already. */
  async begun(tx: EntityManager, { id, project, target, platform, digest, priority = 'push', submittedBy, traceId }: NewPush): Promise<boolean> {
    const rows: unknown[] = await tx.query(`
      insert into pushes (id, project, target, platform, digest, submitted_by, trace_id, priority) values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (id) do nothing returning id`, [id, project, target, platform ?? null, digest ?? null, submittedBy, traceId ?? null, priority]);
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

  async cancelled(tx: EntityManager, { push, why }: ScanCancelled): Promise<void> {
    await tx.query('update pushes set cancelled_at = coalesce(cancelled_at, now()), why = $2 where id = $1', [push, why]);
  }

  /** Throws `operation-missing` for another project's push too. */
  async operation(project: string, id: string): Promise<PushOperation> {
    const [row] = await this.db.query(`select ${columns} from pushes where id = $1 and project = $2`, [id, project]) as Row[];
    if (!row) throw new Problem('missing', `there is no push ${id} in ${project}`, { code: 'operation-missing' });
    return (await this.shown([row]))[0]!;
  }

  async list({ project, state, open, limit, page_token }: Input<typeof operations.listOperations>): Promise<Page<PushOperation>> {
    const values: unknown[] = [project, state ?? null];
    const where = [`project = $1 and ($2::text[] is null or ${stateColumn} = any($2))`, ...(open ? [isOpen] : [])];
    const [{ count }] = await this.db.query(`select count(*)::int as count from (select from pushes where ${where.join(' and ')} limit ${countedAtMost + 1}) counted`, [...values]) as [{ count: number }];
    const after = readPageToken('pushes', page_token);
    if (after) {
      values.push(after[0], after[1]);
      where.push('(created_at, id) < ($3, $4)');
    }
    const rows = await this.db.query(`select ${columns} from pushes where ${where.join(' and ')} order by created_at desc, id desc limit ${limit + 1}`, values) as Row[];
    const page = rows.slice(0, limit), last = page.at(-1);
    return {
      items: await this.shown(page),
      total: count > countedAtMost ? { count: countedAtMost, relation: 'AT_LEAST' } : { count, relation: 'EXACT' },
      ...(rows.length > limit && last ? { next_page_token: pageToken('pushes', [last.created_exactly, last.id]) } : {}),
    };
  }

  /** With where they are in the queue, as far as the scanners say so in time. */
  private async shown(rows: readonly Row[]): Promise<PushOperation[]> {
    const waiting = rows.filter((row) => stateOf(row, false) === 'pushed').map(({ id }) => id);
    const { scans } = waiting.length === 0 ? { scans: [] } : await this.bus.ask(FindScans, { pushes: waiting }, { timeoutMs: findMs }).catch(() => ({ scans: [] }));
    const found = new Map(scans.map((scan) => [scan.push, scan]));
    return rows.map((row) => this.shownOne(row, found.get(row.id)));
  }

  private shownOne(row: Row, found: FoundScan | undefined): PushOperation {
    const progress = this.progress.of(row.id);
    const state = stateOf(row, found ? found.state === 'running' : progress !== undefined);
    const self = `/v1/projects/${row.project}/operations/${row.id}`;
    const image = row.digest && row.indexed_at ? `/v1/projects/${row.project}/images/${row.digest}` : undefined;
    const updated = Math.max(...[row.created_at, row.indexed_at, row.matched_at, row.judged_at, row.rejected_at, row.cancelled_at].map((at) => at?.getTime() ?? 0));
    return {
      id: row.id, project: row.project, target: row.target, platform: row.platform ?? undefined, digest: row.digest ?? undefined,
      state, done: ended.has(state), priority: row.priority,
      scan: found && scanOf(found),
      progress: state === 'indexing' ? progress : undefined,
      problem: row.problem ?? undefined, why: state === 'cancelled' ? row.why ?? undefined : undefined, decision: row.decision ?? undefined, notifications: row.notifications, trace_id: row.trace_id ?? undefined,
      created_at: row.created_at.toISOString(), updated_at: new Date(updated).toISOString(),
      links: { self, events: `/v1/projects/${row.project}/events?push=${row.id}`, ...(image ? { image, findings: `${image}/findings`, verdict: `${image}/verdict` } : {}) },
    };
  }
}

const ended: ReadonlySet<PushState> = new Set(['judged', 'rejected', 'cancelled']);

const scanOf = ({ push: _push, priority: _priority, ...scan }: FoundScan): PushOperation['scan'] => scan;

const stateOf = (row: Row, isMoving: boolean): PushState =>
  row.rejected_at ? 'rejected' : row.judged_at ? 'judged' : row.cancelled_at ? 'cancelled' : row.matched_at ? 'matched' : row.indexed_at ? 'indexed' : isMoving ? 'indexing' : 'pushed';
