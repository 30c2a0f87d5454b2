import type { Channel, Filter, Page, Subscription } from '@plimsoll/contracts';
import { pageToken } from '@plimsoll/database';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { countUpTo, readKeyset } from './pages.ts';

interface Row { id: string; project: string; name: string; filter: Filter; channel: Channel; created_at: Date; paused: boolean }
const columns = 'id, project, name, filter, channel, created_at, paused';
const sort = 'subscriptions by created_at, id';

/** The table of subscriptions and the questions asked of it. Whoever asks names the project; what is another project's is missing. */
@Injectable()
export class Subscriptions {
  constructor(private readonly db: DataSource) {}

  /** Throws `conflict` when the project has `most` already. */
  async create(subscription: Omit<Subscription, 'created_at' | 'paused'>, receiver: string, storedSecret: string | null, most: number): Promise<Subscription> {
    const { id, project, name, filter, channel } = subscription;
    const rows: Row[] = await this.db.query(
      `insert into subscriptions (id, project, name, filter, channel, receiver, secret)
       select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from subscriptions where project = $2::text) < $8 returning ${columns}`,
      [id, project, name, filter, channel, receiver, storedSecret, most]);
    if (!rows[0]) throw new Problem('conflict', `${project} has ${most} subscriptions already; delete one first`, { code: 'limit-subscriptions' });
    return read(rows[0]);
  }

  async list(project: string, limit: number, token: string | undefined): Promise<Page<Subscription>> {
    const after = readKeyset(sort, token);
    const rows: Row[] = await this.db.query(
      `select ${columns} from subscriptions where project = $1 and ($2::timestamptz is null or (created_at, id) > ($2, $3::uuid))
       order by created_at, id limit $4`, [project, after?.at, after?.id, limit + 1]);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      items: rows.slice(0, limit).map(read),
      ...(last ? { next_page_token: pageToken(sort, [last.created_at.toISOString(), last.id]) } : {}),
      total: await countUpTo(this.db, 'subscriptions where project = $1', [project]),
    };
  }

  async delete(project: string, id: string): Promise<void> {
    const [, count] = await this.db.query('delete from subscriptions where project = $1 and id = $2', [project, id]) as [unknown, number];
    if (count === 0) throw missing(id);
  }

  async resume(project: string, id: string): Promise<Subscription> {
    const [rows] = await this.db.query(`update subscriptions set paused = false where project = $1 and id = $2 returning ${columns}`, [project, id]) as [Row[], number];
    if (!rows[0]) throw missing(id);
    return read(rows[0]);
  }

  /** Puts a new secret in place of the one in force, which goes on signing for `hours`. */
  async rotate(project: string, id: string, storedSecret: string, hours: number): Promise<Date> {
    const [rows] = await this.db.query(
      `update subscriptions set previous_secret = secret, previous_secret_until = now() + make_interval(secs => $4), secret = $3
       where project = $1 and id = $2 and secret is not null returning previous_secret_until as until`, [project, id, storedSecret, hours * 3600]) as [{ until: Date }[], number];
    if (rows[0]) return rows[0].until;
    const known: unknown[] = await this.db.query('select 1 from subscriptions where project = $1 and id = $2', [project, id]);
    throw known.length ? new Problem('invalid', 'an e-mail subscription has no secret', { code: 'no-secret' }) : missing(id);
  }

  /** Those that may hear of something in `project`; all projects' when it is absent. Held against deletion until the transaction ends. */
  heldCandidates(tx: EntityManager, event: string, project: string | undefined): Promise<{ id: string; filter: Filter }[]> {
    return tx.query(
      `select id, filter from subscriptions where ($2::text is null or project = $2) and not paused and filter -> 'events' ? $1 order by id for key share`, [event, project]);
  }

  /** Whether anybody in the project asks for a severity, so that finding it out is worth while. */
  async anyAsksForSeverity(project: string): Promise<boolean> {
    const rows: unknown[] = await this.db.query(`select 1 from subscriptions where project = $1 and not paused and filter ? 'min_severity' limit 1`, [project]);
    return rows.length > 0;
  }

  async pause(tx: EntityManager, id: string): Promise<void> {
    await tx.query('update subscriptions set paused = true where id = $1', [id]);
  }
}

const read = ({ id, project, name, filter, channel, created_at, paused }: Row): Subscription =>
  ({ id, project, name, filter, channel, created_at: created_at.toISOString(), paused });

const missing = (id: string): Problem => new Problem('missing', `no subscription ${id}`, { code: 'subscription-missing' });
