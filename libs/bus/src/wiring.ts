import { AckPolicy, jetstreamManager, RetentionPolicy, StorageType, type JetStreamManager } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { durableName, scanProgressSubject, type Manifest } from '@plimsoll/contracts';
import { documentsBucket } from './documents.ts';
import { inboxOf } from './nats.ts';

export const eventsStream = 'EVENTS';
export const deadStream = 'DEAD';
/** The event's own id, when a replay had to give the message a new Nats-Msg-Id; the inbox counts by this one. */
export const eventIdHeader = 'Plimsoll-Event-Id';
/** A handler that says nothing for this long is presumed dead; living ones send `working` three times as often. */
export const ackWaitMs = 30_000;
/** Deliveries of a failing event before it is buried. */
export const maxAttempts = 6;
/** 0.5 s, 1 s, 2 s, 4 s, … 60 s at most. */
export const retryDelayMs = (attempt: number): number => Math.min(60_000, 250 * 2 ** attempt);
export const deadSubject = (service: string, subject: string): string => `dead.${service}.${subject}`;

const nanos = (ms: number): number => ms * 1_000_000;
const day = 24 * 60 * 60 * 1000;

/** Declares streams, consumers and the documents bucket. Only an administrator may; safe to run again and beside running services. */
export async function declareStreams(admin: NatsConnection, manifests: readonly Manifest[], replicas = 1): Promise<void> {
  const manager = await jetstreamManager(admin);
  const kept = { storage: StorageType.File, retention: RetentionPolicy.Limits, num_replicas: replicas };
  await ensureStream(manager, { ...kept, name: eventsStream, subjects: ['evt.>'], max_age: nanos(7 * day), duplicate_window: nanos(10 * 60_000) });
  await ensureStream(manager, { ...kept, name: deadStream, subjects: ['dead.>'], max_age: nanos(30 * day), duplicate_window: nanos(10 * 60_000) });
  await new Objm(jetstream(admin)).create(documentsBucket, { storage: StorageType.File, replicas });
  for (const manifest of manifests) for (const contract of manifest.hears)
    await manager.consumers.add(eventsStream, {
      durable_name: durableName(manifest.name, contract), filter_subject: contract.subject,
      ack_policy: AckPolicy.Explicit, ack_wait: nanos(ackWaitMs), max_deliver: -1, max_ack_pending: 4096,
    });
}

async function ensureStream(manager: JetStreamManager, config: { name: string; subjects: string[]; max_age: number; duplicate_window: number; storage: StorageType; retention: RetentionPolicy; num_replicas: number }): Promise<void> {
  const exists = await manager.streams.info(config.name).then(() => true, () => false);
  if (exists) await manager.streams.update(config.name, config);
  else await manager.streams.add(config);
}

export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** May publish to the reply subject of a request it received, and to no other inbox. */
  readonly responds: boolean;
}

/** Exactly what NATS lets a service do: its own events, its own consumers, the requests it may ask, its share of the documents. */
export const permissionsOf = ({ name, hears, answers, asks, says, documents }: Manifest): Permissions => {
  const store = `OBJ_${documentsBucket}`;
  const reads = ['$JS.API.INFO', `$JS.API.STREAM.INFO.${store}`, `$JS.API.STREAM.MSG.GET.${store}`, `$JS.API.DIRECT.GET.${store}`, `$JS.API.DIRECT.GET.${store}.>`,
    `$JS.API.CONSUMER.CREATE.${store}`, `$JS.API.CONSUMER.CREATE.${store}.>`, `$JS.API.CONSUMER.INFO.${store}.>`, `$JS.API.CONSUMER.MSG.NEXT.${store}.>`, `$JS.API.CONSUMER.DELETE.${store}.>`, `$JS.ACK.${store}.>`, `$JS.FC.${store}.>`];
  const writes = [...reads, `$O.${documentsBucket}.C.>`, `$O.${documentsBucket}.M.>`, `$JS.API.STREAM.PURGE.${store}`];
  const own = hears.map((contract) => durableName(name, contract));
  return {
    publish: [
      ...says.map(({ subject }) => subject),
      ...asks.map(({ subject }) => subject),
      ...(name === 'scanner' ? [scanProgressSubject] : []),
      `dead.${name}.>`,
      ...own.flatMap((durable) => [`$JS.API.CONSUMER.INFO.${eventsStream}.${durable}`, `$JS.API.CONSUMER.MSG.NEXT.${eventsStream}.${durable}`, `$JS.ACK.${eventsStream}.${durable}.>`]),
      ...(documents === 'writes' ? writes : documents === 'reads' ? reads : []),
    ],
    subscribe: [
      `${inboxOf(name)}.>`,
      ...answers.map(({ subject }) => subject),
      ...(name === 'gateway' ? [scanProgressSubject] : []),
    ],
    responds: answers.length > 0,
  };
};

/** One nats-server user per service, known by its public nkey; nothing secret is in the file. */
export const natsUsers = (users: readonly { nkey: string; permissions?: Permissions }[]): string =>
  users.map(({ nkey, permissions }) => permissions === undefined
    ? `    { nkey: ${nkey} }`
    : `    { nkey: ${nkey}, permissions: { publish: { allow: ${JSON.stringify(permissions.publish)} }, subscribe: { allow: ${JSON.stringify(permissions.subscribe)} }${permissions.responds ? ', allow_responses: true' : ''} } }`).join('\n');
