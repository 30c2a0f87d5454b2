import type { JetStreamClient } from '@nats-io/jetstream';
import { context, SpanKind } from '@opentelemetry/api';
import type { DataSource } from 'typeorm';
import { keptTrace, messaging, spanned, tracedHeaders } from './trace.ts';

interface Outgoing { seq: string; id: string; subject: string; body: unknown; trace: Record<string, string> }

/** Rows a turn; more acks in flight gain nothing (docs: performance of JetStream). */
const batchSize = 64;
/** How long a row said by a process that died at once may wait for somebody else's relay. */
const pollMs = 1_000;

/** Moves what was said from the outbox to JetStream, at least once. `wake` is called after every commit, so that nobody waits for the poll. */
export class Relay {
  private readonly db: DataSource;
  private readonly js: JetStreamClient;
  private woken = false;
  private wakeUp: () => void = () => undefined;
  private stopped = false;
  private running: Promise<void> | undefined;
  private readonly onError: (error: unknown) => void;

  constructor(db: DataSource, js: JetStreamClient, onError: (error: unknown) => void) {
    this.db = db;
    this.js = js;
    this.onError = onError;
  }

  readonly wake = (): void => { this.woken = true; this.wakeUp(); };

  start(): void { this.running ??= this.run(); }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.woken = false;
      const sent = await this.sendBatch().catch((error: unknown) => { this.onError(error); return 0; });   // NATS or Postgres is away: the rows wait
      if (sent < batchSize && !this.woken) await this.sleep();
    }
    await this.sendBatch().catch(this.onError);   // what the last handlers said
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, pollMs);
      function done(): void { clearTimeout(timer); resolve(); }
      this.wakeUp = done;
    });
  }

  /** Delete and publish in one transaction: if publishing fails, the rows are still there; a double is dropped by its Nats-Msg-Id. */
  private sendBatch(): Promise<number> {
    return this.db.transaction(async (tx) => {
      const [batch] = await tx.query(`
        delete from outbox where seq in (select seq from outbox order by seq limit ${batchSize} for update skip locked)
        returning seq, id, subject, body, trace`) as [Outgoing[], number];
      batch.sort((a, b) => Number(a.seq) - Number(b.seq));
      await Promise.all(batch.map((message) => this.publish(message)));
      return batch.length;
    });
  }

  private publish({ id, subject, body, trace }: Outgoing): Promise<void> {
    return context.with(keptTrace(trace), () =>
      spanned(`publish ${subject}`, SpanKind.PRODUCER, messaging(subject, 'publish'), context.active(), async () => {
        await this.js.publish(subject, JSON.stringify(body), { msgID: id, headers: tracedHeaders() });
      }));
  }
}
