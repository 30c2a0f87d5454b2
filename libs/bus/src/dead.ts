import { randomUUID } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { Problem, type ProblemJson } from '@plimsoll/problem';
import { problemHeader } from './ask.ts';
import { deadStream } from './wiring.ts';

/** An event that its listener could not deal with. */
export interface DeadLetter {
  readonly seq: number;
  readonly service: string;
  readonly subject: string;
  readonly problem: ProblemJson;
  readonly buried_at: string;
  readonly body: string;
}

/** Lists dead letters, oldest first; an administrator's connection. */
export async function listDead(admin: NatsConnection, limit = 100): Promise<DeadLetter[]> {
  const manager = await jetstreamManager(admin);
  const { state } = await manager.streams.info(deadStream);
  const found: DeadLetter[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq && found.length < limit; seq++) {
    const message = await manager.streams.getMessage(deadStream, { seq }).catch(() => null);
    if (!message) continue;
    const [, service = '', ...rest] = message.subject.split('.');
    found.push({ seq, service, subject: rest.join('.'), problem: Problem.fromJSON(JSON.parse(message.header.get(problemHeader) || 'null')).toJSON(), buried_at: message.timestamp, body: message.string() });
  }
  return found;
}

/** Sends one dead letter again to everybody who hears its subject; the inbox drops it where it was already dealt with. */
export async function replayDead(admin: NatsConnection, seq: number): Promise<void> {
  const manager = await jetstreamManager(admin);
  const message = await manager.streams.getMessage(deadStream, { seq }).catch(() => null);
  if (!message) throw new Problem('missing', `no dead letter ${seq}`);
  const note = headers();
  for (const key of message.header.keys()) if (!['Nats-Msg-Id', problemHeader].includes(key)) note.set(key, message.header.get(key));
  // The stream would drop the old Nats-Msg-Id as a double; the inbox goes by the event's own id, which stays.
  const subject = message.subject.split('.').slice(2).join('.');
  await jetstream(admin).publish(subject, message.data, { headers: note, msgID: randomUUID() });
  await manager.streams.deleteMessage(deadStream, seq);
}
