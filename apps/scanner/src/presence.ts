import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Log } from '@plimsoll/telemetry';
import type { Notification, PoolClient } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';

/** What scanners tell each other through Postgres: `wake`, or `cancel PUSH`. */
export const newsChannel = 'scanner_scans';

/** SQL: whether some session holds the lock of this name (pg_locks, "advisory": the key's halves are classid and objid). */
export const isHeld = (name: string): string => `exists (
  select from pg_locks where locktype = 'advisory' and granted and objsubid = 1 and database = (select oid from pg_database where datname = current_database())
  and ((classid::bigint << 32) | objid::bigint) = hashtextextended(${name}, 0))`;

/**
 * One Postgres session by which others see that this process lives, and what it reads right now. Everything it holds is an
 * advisory lock of that session: a killed process lets go the moment its socket closes, without a clock. A session that is
 * lost takes its worker with it: `lost` aborts, and the next session is another worker.
 */
@Injectable()
export class Presence implements OnApplicationShutdown {
  private session: Session | undefined;
  private connecting: Promise<Session> | undefined;
  private ended = false;
  private readonly listeners: ((news: string) => void)[] = [];
  constructor(private readonly db: DataSource, private readonly log: Log) {}

  /** The session of now, made when there is none; waits for a database that is away. */
  async here(): Promise<Session> {
    if (this.session && !this.session.lost.aborted) return this.session;
    this.connecting ??= this.connect().finally(() => { this.connecting = undefined; });
    return this.session = await this.connecting;
  }

  onNews(listener: (news: string) => void): void { this.listeners.push(listener); }

  async onApplicationShutdown(): Promise<void> {
    this.ended = true;
    await this.session?.end();
  }

  private async connect(): Promise<Session> {
    for (;;) {
      try {
        return await Session.open(this.db, (news) => { for (const listener of this.listeners) listener(news); });
      } catch (error) {
        if (this.ended) throw error;
        this.log.warn('no session with the database', { error: (error as Error).message });
        await sleep(1_000);
      }
    }
  }
}

export class Session {
  readonly worker = randomUUID();
  private readonly losing = new AbortController();
  private readonly held = new Set<string>();
  private last: Promise<unknown> = Promise.resolve();
  private hear: (notification: Notification) => void = () => undefined;
  private constructor(private readonly runner: QueryRunner, private readonly client: PoolClient) {}

  static async open(db: DataSource, onNews: (news: string) => void): Promise<Session> {
    const runner = db.createQueryRunner();
    const client = await runner.connect() as PoolClient;
    const session = new Session(runner, client);
    client.on('error', session.lose);
    client.on('end', session.lose);
    client.on('notification', session.hear = ({ payload }: Notification) => onNews(payload ?? ''));
    // A machine that vanished is noticed by the server in half a minute, not in two hours.
    await runner.query('set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3');
    await runner.query('select pg_advisory_lock(hashtextextended($1, 0))', [session.worker]);
    await runner.query(`listen ${newsChannel}`);
    return session;
  }

  /** Aborts when others may think this worker dead. */
  get lost(): AbortSignal { return this.losing.signal; }

  /** Takes what nobody else has, in this process or another; false when somebody has it. */
  async hold(name: string): Promise<boolean> {
    if (this.held.has(name)) return false;
    this.held.add(name);
    try {
      const [{ taken }] = await this.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as taken', name) as [{ taken: boolean }];
      if (!taken) this.held.delete(name);
      return taken;
    } catch (error) {
      this.held.delete(name);
      throw error;
    }
  }

  /** Lets go, and lets those go on who wait for it. */
  async letGo(name: string): Promise<void> {
    this.held.delete(name);
    if (this.lost.aborted) return;
    await this.query('select pg_advisory_unlock(hashtextextended($1, 0))', name);
  }

  /** Lets go of everything and gives the connection back. */
  async end(why: Error = new Error('the session was ended')): Promise<void> {
    if (this.lost.aborted) return;
    this.losing.abort(why);
    await this.runner.query(`select pg_advisory_unlock_all(); unlisten ${newsChannel}`).catch(() => undefined);   // on a dead connection they are gone
    this.client.off('notification', this.hear).off('error', this.lose).off('end', this.lose);
    await this.runner.release().catch(() => undefined);
  }

  private readonly lose = (error?: Error): void => { void this.end(error ?? new Error('the session with the database ended')); };

  /** One after the other, as a session wants it. After a failure nobody knows what is held: the session is given up. */
  private query(sql: string, name: string): Promise<unknown> {
    const asked = this.last.then(() => this.runner.query(sql, [name])).catch((error: Error) => {
      this.lose(error);
      throw error;
    });
    this.last = asked.catch(() => undefined);
    return asked;
  }
}
