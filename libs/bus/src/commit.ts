import { randomUUID } from 'node:crypto';
import type { Draft, EventContract } from '@plimsoll/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { keepTrace } from './trace.ts';

/** Queues an event; it leaves only if the transaction commits. Answers the event's id. */
export type Say = <C extends EventContract>(contract: C, body: Draft<C>) => Promise<string>;
export type Work<T = void> = (tx: EntityManager, say: Say) => Promise<T>;

/** The exactly-once part of a handler. Answers undefined when this message was already dealt with. */
export type Commit = <T>(work: Work<T>) => Promise<T | undefined>;

/** Remembers the message, does the work, queues what to say: all of it or nothing. */
export const commitOnce = (db: DataSource, listener: string, messageId: string, wakeRelay: () => void): Commit => async (work) => {
  const result = await db.transaction(async (tx) =>
    await firstTime(tx, listener, messageId) ? work(tx, sayInto(tx)) : undefined);
  wakeRelay();
  return result;
};

/** For work that no message caused: a person's request or a timer. */
export const commitNow = async <T>(db: DataSource, work: Work<T>, wakeRelay: () => void): Promise<T> => {
  const result = await db.transaction((tx) => work(tx, sayInto(tx)));
  wakeRelay();
  return result;
};

const sayInto = (tx: EntityManager): Say => async (contract, body) => {
  const id = randomUUID();
  await tx.query('insert into outbox (id, subject, body, trace) values ($1, $2, $3, $4)',
    [id, contract.subject, contract.body.parse(body), keepTrace()]);
  return id;
};

const firstTime = async (tx: EntityManager, listener: string, id: string): Promise<boolean> => {
  const rows: unknown[] = await tx.query('insert into inbox (id, listener) values ($1, $2) on conflict do nothing returning id', [id, listener]);
  return rows.length === 1;
};
