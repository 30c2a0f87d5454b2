import { Injectable } from '@nestjs/common';
import { keepTrace } from '@plimsoll/bus';
import type { FoundScan, ImagePushed, Priority } from '@plimsoll/contracts';
import { parseReference } from '@plimsoll/oci';
import { DataSource, type EntityManager } from 'typeorm';
import { isHeld, newsChannel } from './presence.ts';

/** The best first. */
export const priorities: readonly Priority[] = ['admission', 'push', 'scheduled'];

/** A scan that a worker was given. `attempt` counts from 1; `deaths` are the workers that died with it. */
export interface Scan {
  readonly push: string; readonly project: string; readonly target: string;
  readonly digest: string | undefined; readonly platform: string | undefined; readonly priority: Priority;
  readonly worker: string; readonly attempt: number; readonly deaths: number; readonly queuedAt: Date; readonly pushedAt: Date; readonly trace: Record<string, string>;
}

/** Scans that a dead worker had are tried again within so long for each death but the first. */
const apartSeconds = 10;

/** Who waits behind so many learns no more: counting further would cost more than it tells. */
const countedAhead = 1_000;

/** Ended and cancelled scans are remembered for longer than the stream keeps the pushes that could come again. */
const rememberDays = 8;

/**
 * The queue of scans. A scan is given to one worker, and is that worker's until it ends, is given back, is cancelled, or the
 * worker dies. Among scans of one priority, projects take turns (start-time fair queueing, Goyal, Vin and Cheng 1996, with
 * scans as the unit): a new scan gets the turn after its project's last waiting one, but none before the turn that is on.
 */
@Injectable()
export class Scans {
  constructor(private readonly db: DataSource) {}

  /** Puts a push, which the stream took in `at`, into the queue; one that is known, or cancelled before it came, stays what it is. */
  async add(tx: EntityManager, { push, project, target, digest, platform, priority }: ImagePushed, at: Date): Promise<void> {
    await tx.query(`
      insert into scans (push, project, target, digest, platform, priority, state, trace, pushed_at, registry, turn)
      select $1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, greatest(
        (select max(turn) + 1 from scans where project = $2 and priority = $6 and state = 'queued'),
        (select turn from scans where state = 'queued' and waits_for is null and priority = $6 order by turn limit 1), 0)
      on conflict (push) do nothing`, [push, project, target, digest ?? null, platform ?? null, priorities.indexOf(priority), keepTrace(), at, registryOf(target)]);
    await tell(tx, 'wake');
  }

  /** Gives a worker the next scan whose priority is at least `least`; undefined when there is none. */
  async next(worker: string, least: Priority): Promise<Scan | undefined> {
    const [rows] = await this.db.query(`
      with next as materialized (
        select push from scans where state = 'queued' and waits_for is null and priority <= $2 and not_before <= now()
        order by priority, turn, queued_at limit 1 for update skip locked)
      update scans set state = 'running', worker = $1, attempt = attempt + 1, started_at = now() from next where scans.push = next.push
      returning scans.push, project, target, digest, platform, priority, worker, attempt, deaths, trace, queued_at, pushed_at`, [worker, priorities.indexOf(least)]) as [Row[], number];
    const [row] = rows;
    return row && { ...row, queuedAt: row.queued_at, pushedAt: row.pushed_at, digest: row.digest ?? undefined, platform: row.platform ?? undefined, priority: priorities[row.priority]! };
  }

  /** Ends a scan that is still this worker's; false: it was cancelled, or given to another. */
  async end(tx: EntityManager, { push, worker, attempt }: Scan): Promise<boolean> {
    const [, count] = await tx.query(`update scans set state = 'ended', worker = null, ended_at = now() where push = $1 and state = 'running' and worker = $2 and attempt = $3`, [push, worker, attempt]) as [unknown, number];
    return count === 1;
  }

  /** Tries again after a while; `uncounted` as if it had not been tried, because it is not its fault. */
  async retry(scan: Scan, { afterMs, problem, uncounted = false }: { afterMs: number; problem?: string; uncounted?: boolean }): Promise<void> {
    await this.back(scan, { uncounted, afterMs, waitsFor: null, problem: problem ?? null });
  }

  /** Puts it aside until nobody holds `name`. */
  async waitFor(scan: Scan, name: string): Promise<void> { await this.back(scan, { uncounted: true, afterMs: 0, waitsFor: name, problem: null }); }

  private async back({ push, worker, attempt }: Scan, { uncounted, afterMs, waitsFor, problem }: { uncounted: boolean; afterMs: number; waitsFor: string | null; problem: string | null }): Promise<void> {
    await this.db.query(`
      update scans set state = 'queued', worker = null, started_at = null, attempt = attempt - $4, not_before = now() + $5 * interval '1 ms', waits_for = $6, problem = $7
      where push = $1 and state = 'running' and worker = $2 and attempt = $3`, [push, worker, attempt, uncounted ? 1 : 0, afterMs, waitsFor, problem]);
  }

  /**
   * Holds back what waits to be fetched from the same registry: it is away, or asks for patience. The scan that found out tries
   * first; scans of other registries have the places meanwhile.
   */
  async holdBack({ push }: Scan, afterMs: number, problem: string): Promise<void> {
    await this.db.query(`
      update scans set not_before = greatest(not_before, now() + $2 * interval '1 ms'), problem = $3
      where state = 'queued' and push <> $1 and registry = (select registry from scans where push = $1)`, [push, afterMs, problem]);
  }

  /** Lets those go on who wait for it. */
  async wake(name: string): Promise<void> {
    const [, count] = await this.db.query('update scans set waits_for = null where waits_for = $1', [name]) as [unknown, number];
    if (count > 0) await tell(this.db, 'wake');
  }

  /**
   * Takes scans from workers that died, and from this one what it does not know of (an answer that was lost on its way); lets
   * go on who waits for what nobody holds. From the second death on a scan waits a while of its own: whichever of them it is
   * that kills, the others are then not always beside it.
   */
  async rescue(worker: string, running: readonly string[]): Promise<number> {
    const [, freed] = await this.db.query(`
      update scans set state = 'queued', worker = null, started_at = null, attempt = attempt - 1, deaths = deaths + 1,
        not_before = now() + deaths * random() * interval '${apartSeconds} s' where state = 'running' and case
        when worker = $1 then push <> all($2::uuid[]) and started_at < now() - interval '10 s'
        else not ${isHeld('scans.worker::text')} end`, [worker, running]) as [unknown, number];
    const [, woken] = await this.db.query(`update scans set waits_for = null where waits_for is not null and not ${isHeld('scans.waits_for')}`) as [unknown, number];
    if (freed + woken > 0) await tell(this.db, 'wake');
    return freed;
  }

  /** Which of these are not this worker's any more. */
  async lost(worker: string, running: readonly string[]): Promise<string[]> {
    if (running.length === 0) return [];
    const rows = await this.db.query(`select push from scans where push = any($2) and (state <> 'running' or worker is distinct from $1)`, [worker, running]) as { push: string }[];
    return rows.map(({ push }) => push);
  }

  /** Cancels a scan wherever it is; of one nobody heard of yet, it is remembered. Answers what it was, undefined when unknown. */
  async cancel(tx: EntityManager, push: string, project: string): Promise<'queued' | 'running' | 'ended' | 'cancelled' | undefined> {
    const [before] = await tx.query('select state, project from scans where push = $1 for update', [push]) as { state: 'queued' | 'running' | 'ended' | 'cancelled'; project: string }[];
    if (before && before.project !== project) return undefined;
    if (before?.state === 'ended' || before?.state === 'cancelled') return before.state;
    await tx.query(`
      insert into scans (push, project, target, priority, turn, state, trace, ended_at) values ($1, $2, '', 1, 0, 'cancelled', '{}', now())
      on conflict (push) do update set state = 'cancelled', worker = null, waits_for = null, ended_at = now()`, [push, project]);
    await tell(tx, `cancel ${push}`);
    return before?.state ?? 'queued';
  }

  /** Where scans are that wait or run; others are left out. */
  async find(pushes: readonly string[]): Promise<FoundScan[]> {
    const rows = await this.db.query(`
      select push, state, priority, attempt, waits_for, problem, not_before > now() as later, queued_at, started_at, case when state = 'queued' then (
        select count(*)::int from (
          select from scans ahead where ahead.state = 'queued' and ahead.waits_for is null and (ahead.priority, ahead.turn, ahead.queued_at) < (scans.priority, scans.turn, scans.queued_at)
          order by ahead.priority, ahead.turn, ahead.queued_at limit ${countedAhead}) counted) end as ahead
      from scans where push = any($1) and state in ('queued', 'running')`, [pushes]) as FoundRow[];
    return rows.map((row) => ({
      push: row.push, state: row.state, priority: priorities[row.priority]!, attempt: row.attempt, ahead: row.ahead ?? undefined,
      waits_for: row.waits_for !== null ? 'layer' : row.state === 'queued' && row.later ? 'retry' : undefined,
      problem: row.state === 'queued' ? row.problem ?? undefined : undefined, queued_at: row.queued_at.toISOString(), started_at: row.started_at?.toISOString(),
    }));
  }

  /** How many wait by priority, and the seconds the first of them has waited. */
  async waiting(): Promise<{ priority: Priority; count: number; seconds: number }[]> {
    const rows = await this.db.query(`select priority, count(*)::int as count, extract(epoch from now() - min(queued_at))::float8 as seconds from scans where state = 'queued' group by priority`) as { priority: number; count: number; seconds: number }[];
    return priorities.map((priority, i) => ({ count: 0, seconds: 0, ...rows.find((row) => row.priority === i), priority }));
  }

  async forgetOld(): Promise<void> {
    await this.db.query(`delete from scans where ended_at < now() - interval '${rememberDays} days'`);
  }
}

/** The host a target is fetched from; none for what is not in a registry, or no reference at all. */
export function registryOf(target: string): string | undefined {
  if (/^(oci|oci-archive|docker-archive|dir):/.test(target)) return undefined;
  try { return parseReference(target.replace(/^(docker:\/\/|registry:(\/\/)?)/, '')).registry; } catch { return undefined; }
}

const tell = async (db: EntityManager | DataSource, news: string): Promise<void> => { await db.query('select pg_notify($1, $2)', [newsChannel, news]); };

interface Row { push: string; project: string; target: string; digest: string | null; platform: string | null; priority: number; worker: string; attempt: number; deaths: number; trace: Record<string, string>; queued_at: Date; pushed_at: Date }
interface FoundRow { push: string; state: 'queued' | 'running'; priority: number; attempt: number; waits_for: string | null; problem: string | null; later: boolean; queued_at: Date; started_at: Date | null; ahead: number | null }
