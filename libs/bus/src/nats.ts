import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';

export interface NatsSettings {
  /** `nats://host:4222`, several separated by commas. */
  readonly url: string;
  /** Service name: the user, the client's name and its private inbox. */
  readonly name: string;
  /** The user's nkey seed (`SU…`); the server knows only its public half. */
  readonly seed?: string | undefined;
}

/** Connects as one service and stays connected: it waits for a server that is not there yet and returns after every cut. */
export const connectNats = ({ url, name, seed }: NatsSettings): Promise<NatsConnection> =>
  connect({
    servers: url.split(','),
    name,
    ...(seed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) }),
    inboxPrefix: inboxOf(name),
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    pingInterval: 20_000,
  });

/** Each service listens for answers under its own prefix, so that none can read another's. */
export const inboxOf = (name: string): string => `_INBOX.${name}`;

export const jetstreamOf = (nats: NatsConnection): JetStreamClient => jetstream(nats, { timeout: 5_000 });
