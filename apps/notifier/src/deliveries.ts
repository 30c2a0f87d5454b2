import { randomUUID } from 'node:crypto';
import type { Answer, Body, Channel, DeliveryBody, ListDeliveries } from '@plimsoll/contracts';
import { pageToken } from '@plimsoll/database';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { CloudEvent } from './cloud-event.ts';
import type { Happening } from './happening.ts';
import { countUpTo, readKeyset } from './pages.ts';

/** A delivery this process has taken to send: nobody else will until the lease ends. */
export interface Taken {
  readonly id: string;
  readonly subscription: string;
  readonly project: string;
  readonly receiver: string;
  readonly channel: Channel;
  /** As stored: perhaps sealed. The one in force first. */
  readonly storedSecrets: readonly string[];
  readonly event: CloudEvent;
  readonly trace: Readonly<Record<string, string>>;
  readonly push: string | null;
  readonly digest: string | null;
  /** This one included. */
  readonly attempts: number;
  readonly lease: string;
}

interface Row {
  id: string; subscription: string; event_type: string; state: DeliveryBody['state']; attempts: number; next_attempt_at: Date; delivered_at: Date | null;
  last_answer: string | null; reference: string | null; digest: string | null; created_at: Date;
}
const columns = 'id, subscription, event_type, state, attempts, next_attempt_at, delivered_at, last_answer, reference, digest, created_at';
const sort = 'deliveries by created_at desc, id desc';

/** The table of deliveries. A row is waiting until it is delivered or dead; a lease, not a lock, keeps two workers apart while one talks to the receiver. */
@Injectable()
export class Deliveries {
  constructor(private readonly db: DataSource) {}

  /** One row for each subscription; a row that is there already stays as it is. */
  async add(tx: EntityManager, happening: Happening, event: CloudEvent, trace: Record<string, string>, subscriptions: readonly string[]): Promise<void> {
    await tx.query(
      `insert into deliveries (subscription, project, receiver, event_id, event_type, event, trace, push, reference, digest)
       select id, project, receiver, $2, $3, $4, $5, $6, $7, $8 from subscriptions where id = any($1)
       on conflict (event_id, subscription) do nothing`,
      [subscriptions, happening.id, event.type, JSON.stringify(event), trace, happening.push, happening.image?.reference, happening.image?.digest]);
  }

  /** Takes away what was and is to be sent about an image, as far as it was written down until then. One that is being sent right now leaves no receipt. */
  async forgetImage(tx: EntityManager, project: string, digest: string, until: Date): Promise<void> {
    await tx.query('delete from deliveries where project = $1 and digest = $2 and created_at <= $3', [project, digest, until]);
  }

  /** Takes the delivery that has been due the longest, unless its receiver is among `busy`. The attempt is counted here, so that one which kills its process counts too. */
  async take(busy: readonly string[], leaseMs: number): Promise<Taken | undefined> {
    const lease = randomUUID();
    const [rows] = await this.db.query(
      `with due as (
         select d.id from deliveries d join subscriptions s on s.id = d.subscription
         where d.state = 'waiting' and d.next_attempt_at <= now() and (d.leased_until is null or d.leased_until <= now())
           and not s.paused and d.receiver <> all($1)
         order by d.next_attempt_at limit 1 for update of d skip locked)
       update deliveries d set lease = $2, leased_until = now() + make_interval(secs => $3), attempts = d.attempts + 1
       from due, subscriptions s where d.id = due.id and s.id = d.subscription
       returning d.id, d.subscription, d.project, d.receiver, d.event, d.trace, d.push, d.digest, d.attempts, d.lease, s.channel,
         array_remove(array[s.secret, case when s.previous_secret_until > now() then s.previous_secret end], null) as "storedSecrets"`,
      [busy, lease, leaseMs / 1000]) as [Taken[], number];
    return rows[0];
  }

  /** Keeps the receipt. False when somebody did already: a lease may end while its holder still succeeds. */
  async delivered(tx: EntityManager, id: string, answer: string): Promise<boolean> {
    const [, count] = await tx.query(
      `update deliveries set state = 'delivered', delivered_at = now(), last_answer = $2, lease = null, leased_until = null where id = $1 and state = 'waiting'`, [id, answer]) as [unknown, number];
    return count === 1;
  }

  /** The next attempt comes after `waitMs`; only for the holder of the lease. */
  async failed(tx: EntityManager, { id, lease }: Taken, answer: string, waitMs: number): Promise<void> {
    await tx.query(
      `update deliveries set next_attempt_at = now() + make_interval(secs => $4), last_answer = $3, lease = null, leased_until = null where id = $1 and lease = $2 and state = 'waiting'`,
      [id, lease, answer, waitMs / 1000]);
  }

  /** No attempt comes any more, until a person replays it. False when the lease was lost. */
  async died(tx: EntityManager, { id, lease }: Taken, answer: string): Promise<boolean> {
    const [, count] = await tx.query(
      `update deliveries set state = 'dead', last_answer = $3, lease = null, leased_until = null where id = $1 and lease = $2 and state = 'waiting'`, [id, lease, answer]) as [unknown, number];
    return count === 1;
  }

  /** A receiver asked for time: nothing else of this subscription comes sooner. */
  async holdBack(tx: EntityManager, subscription: string, waitMs: number): Promise<void> {
    await tx.query(
      `update deliveries set next_attempt_at = greatest(next_attempt_at, now() + make_interval(secs => $2)) where subscription = $1 and state = 'waiting' and lease is null`, [subscription, waitMs / 1000]);
  }

  /** Gives a delivery back untried: the process stops. */
  async release({ id, lease }: Taken): Promise<void> {
    await this.db.query('update deliveries set lease = null, leased_until = null, attempts = attempts - 1 where id = $1 and lease = $2', [id, lease]);
  }

  async list({ project, subscription, state, digest, limit, page_token: token }: Body<typeof ListDeliveries>): Promise<Answer<typeof ListDeliveries>> {
    const after = readKeyset(sort, token);
    const wanted = 'deliveries where project = $1 and ($2::uuid is null or subscription = $2) and ($3::text is null or state = $3) and ($4::text is null or digest = $4)';
    const rows: Row[] = await this.db.query(
      `select ${columns} from ${wanted} and ($5::timestamptz is null or (created_at, id) < ($5, $6::uuid)) order by created_at desc, id desc limit $7`,
      [project, subscription, state, digest, after?.at, after?.id, limit + 1]);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      items: rows.slice(0, limit).map(read),
      ...(last ? { next_page_token: pageToken(sort, [last.created_at.toISOString(), last.id]) } : {}),
      total: await countUpTo(this.db, wanted, [project, subscription, state, digest]),
    };
  }

  /** Makes it due now, with all its attempts anew unless it is still waiting. */
  async replay(project: string, id: string): Promise<DeliveryBody> {
    const [rows] = await this.db.query(
      `update deliveries d set state = 'waiting', next_attempt_at = now(), attempts = case when d.state = 'waiting' then d.attempts else 0 end, delivered_at = null
       from subscriptions s where s.id = d.subscription and not s.paused and d.project = $1 and d.id = $2
       returning ${columns.split(', ').map((column) => `d.${column}`).join(', ')}`, [project, id]) as [Row[], number];
    if (rows[0]) return read(rows[0]);
    const known: unknown[] = await this.db.query('select 1 from deliveries where project = $1 and id = $2', [project, id]);
    throw known.length ? new Problem('conflict', 'its subscription is paused, because the receiver answered 410 Gone; resume it first', { code: 'subscription-paused' })
      : new Problem('missing', `no delivery ${id}`, { code: 'delivery-missing' });
  }

  async waiting(): Promise<number> {
    const [{ count }] = await this.db.query(`select count(*)::int as count from deliveries where state = 'waiting'`) as [{ count: number }];
    return count;
  }

  async forget(days: number): Promise<void> {
    await this.db.query(`delete from deliveries where state <> 'waiting' and created_at < now() - make_interval(days => $1)`, [days]);
  }
}

const read = (row: Row): DeliveryBody => ({
  id: row.id, subscription: row.subscription, event_type: row.event_type, state: row.state, attempts: row.attempts, created_at: row.created_at.toISOString(),
  ...(row.state === 'waiting' ? { next_attempt_at: row.next_attempt_at.toISOString() } : {}),
  ...(row.delivered_at ? { delivered_at: row.delivered_at.toISOString() } : {}),
  ...(row.last_answer === null ? {} : { last_answer: row.last_answer }),
  ...(row.reference === null ? {} : { image: { reference: row.reference, ...(row.digest === null ? {} : { digest: row.digest }) } }),
});
