import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import { askOver, type Ask } from './ask.ts';
import { commitNow, type Work } from './commit.ts';
import { documentsOver, type Documents } from './documents.ts';
import { jetstreamOf } from './nats.ts';
import { Relay } from './relay.ts';

/** What a service needs of the bus outside a delivery. */
export class Bus {
  readonly ask: Ask;
  readonly documents: Documents;
  readonly js: JetStreamClient;
  readonly nats: NatsConnection;
  readonly relay: Relay;
  private readonly db: DataSource;

  constructor(nats: NatsConnection, db: DataSource, onError: (error: unknown) => void) {
    this.nats = nats;
    this.db = db;
    this.js = jetstreamOf(nats);
    this.ask = askOver(nats);
    this.documents = documentsOver(this.js);
    this.relay = new Relay(db, this.js, onError);
  }

  /** One transaction and what it says; for work that a person or a timer caused. */
  commit<T>(work: Work<T>): Promise<T> { return commitNow(this.db, work, this.relay.wake); }

  /** Tells whoever listens right now; not kept, not promised. */
  tell(subject: string, body: unknown): void {
    if (!this.nats.isClosed()) this.nats.publish(subject, JSON.stringify(body));
  }
}
