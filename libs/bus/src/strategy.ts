import { setTimeout as sleep } from 'node:timers/promises';
import { durableName, type EventContract, type Manifest, type RequestContract } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { Consumer, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { SpanKind } from '@opentelemetry/api';
import { isObservable, lastValueFrom } from 'rxjs';
import type { DataSource } from 'typeorm';
import { problemHeader } from './ask.ts';
import { commitOnce } from './commit.ts';
import { jetstreamTransport, type Delivery, type HearOptions } from './handlers.ts';
import { messaging, spanned, traceOf, tracedHeaders } from './trace.ts';
import { ackWaitMs, deadSubject, eventIdHeader, eventsStream, retryDelayMs, maxAttempts } from './wiring.ts';

export interface BusParts {
  readonly nats: NatsConnection;
  readonly js: JetStreamClient;
  readonly db: DataSource;
  readonly wakeRelay: () => void;
  readonly log: { info(message: string, facts?: object): void; warn(message: string, facts?: object): void; error(message: string, facts?: object): void };
  /** Called once per handled message, for metrics. */
  readonly observe?: (subject: string, outcome: 'done' | 'retried' | 'dead' | 'answered' | 'refused', seconds: number) => void;
}

/**
 * Nest's transport over JetStream: events come from durable pull consumers that an administrator declared, requests over
 * plain NATS in a queue group. A handler that returns is acknowledged; one that fails is retried with a growing delay
 * when its Problem may pass, else buried in the dead-letter stream, where people see it and can send it again.
 */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = jetstreamTransport;
  /** Without it Nest swallows a failing event handler and the message is acknowledged. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly manifest: Manifest;
  private readonly parts: () => BusParts;
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly subscriptions: Subscription[] = [];

  /** `parts` is called at listen time, when Nest has made the data source. */
  constructor(manifest: Manifest, parts: () => BusParts) {
    super();
    this.manifest = manifest;
    this.parts = parts;
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      this.checkAgainstManifest();
      for (const handler of this.messageHandlers.values()) {
        const { contract, concurrency = 4 } = handler.extras as { contract: EventContract | RequestContract } & HearOptions;
        if ('publisher' in contract) {
          for (let i = 0; i < concurrency; i++) this.loops.push(this.hear(contract, handler));
        } else {
          this.subscriptions.push(this.answer(contract, handler));
        }
      }
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Stops taking messages, lets the ones in hand finish, then returns. */
  async close(): Promise<void> {
    this.stopping.abort();
    for (const subscription of this.subscriptions) await subscription.drain();
    await Promise.allSettled(this.loops);
  }

  on(): never { throw new Error('the bus has no transport events'); }
  unwrap<T>(): T { return this.parts().nats as T; }

  /** What is declared and what is written must be the same set, else permissions and consumers would not fit. */
  private checkAgainstManifest(): void {
    const declared = new Set<string>([...this.manifest.hears, ...this.manifest.answers].map(({ subject }) => subject));
    const written = new Set(this.messageHandlers.keys());
    const missing = [...declared].filter((subject) => !written.has(subject));
    const extra = [...written].filter((subject) => !declared.has(subject));
    if (missing.length || extra.length) throw new Problem('bug', `${this.manifest.name}: no handler for [${missing.join(', ')}]; not in the manifest: [${extra.join(', ')}]`);
  }

  private async hear(contract: EventContract, handler: MessageHandler): Promise<void> {
    const { js, log } = this.parts();
    const durable = durableName(this.manifest.name, contract);
    let consumer: Consumer | undefined;
    while (!this.stopping.signal.aborted) {
      try {
        consumer ??= await js.consumers.get(eventsStream, durable);
        const message = await consumer.next({ expires: 2_500 });
        if (message && !this.stopping.signal.aborted) await this.settle(message, contract, handler);
        else message?.nak();
      } catch (error) {
        consumer = undefined;
        if (this.stopping.signal.aborted) return;
        log.warn('event consumer waits', { durable, error: (error as Error).message });
        await sleep(500, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Acknowledges success, retries what may pass later, buries the rest. */
  private async settle(message: JsMsg, contract: EventContract, handler: MessageHandler): Promise<void> {
    const { log, observe } = this.parts();
    const attempt = message.info.deliveryCount;
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    const heartbeat = setInterval(() => message.working(), ackWaitMs / 3);
    try {
      // A message whose handler kills the process never reaches the catch below: the count alone betrays it.
      if (attempt > maxAttempts + 2) throw new Problem('invalid', `delivered ${attempt} times without an answer`, { code: 'poison-message' });
      await this.deliver(message, contract, handler, attempt);
      message.ack();
      observe?.(message.subject, 'done', seconds());
    } catch (error) {
      const problem = Problem.from(error);
      if (this.stopping.signal.aborted) { message.nak(); return; }
      if (problem.retry && attempt < maxAttempts) {
        message.nak(retryDelayMs(attempt));
        observe?.(message.subject, 'retried', seconds());
        log.warn('event handler failed, will retry', { subject: message.subject, attempt, ...problem.toJSON(), cause: stackOf(problem) });
      } else {
        await this.bury(message, problem);
        observe?.(message.subject, 'dead', seconds());
        log.error('event buried', { subject: message.subject, attempt, ...problem.toJSON(), cause: stackOf(problem) });
      }
    } finally {
      clearInterval(heartbeat);
    }
  }

  private async deliver(message: JsMsg, contract: EventContract, handler: MessageHandler, attempt: number): Promise<void> {
    const { db, wakeRelay } = this.parts();
    const id = message.headers?.get(eventIdHeader) || message.headers?.get('Nats-Msg-Id');
    const body = contract.body.safeParse(jsonOf(message));
    if (!id || !body.success) throw new Problem('invalid', `not a ${contract.subject}: ${id ? body.error?.issues[0]?.message : 'no Nats-Msg-Id'}`, { code: 'message-invalid', cause: body.error });
    const delivery: Delivery = { id, attempt, at: message.time, signal: this.stopping.signal, commit: commitOnce(db, durableName(this.manifest.name, contract), id, wakeRelay) };
    await spanned(`process ${contract.subject}`, SpanKind.CONSUMER, messaging(contract.subject, 'process'), traceOf(message.headers), () => this.run(handler, body.data, delivery));
  }

  private async bury(message: JsMsg, problem: Problem): Promise<void> {
    const note = headers();
    const id = message.headers?.get(eventIdHeader) || message.headers?.get('Nats-Msg-Id') || '';
    for (const key of message.headers?.keys() ?? []) if (key !== 'Nats-Msg-Id') note.set(key, message.headers!.get(key));
    note.set(problemHeader, JSON.stringify(problem));
    note.set(eventIdHeader, id);
    await this.parts().js.publish(deadSubject(this.manifest.name, message.subject), message.data, { headers: note, msgID: `${this.manifest.name}:${message.headers?.get('Nats-Msg-Id') || message.seq}` });
    message.term();
  }

  private answer(contract: RequestContract, handler: MessageHandler): Subscription {
    const { nats } = this.parts();
    return nats.subscribe(contract.subject, {
      queue: this.manifest.name,
      callback: (_error, message) => void this.reply(message, contract, handler),
    });
  }

  private async reply(message: Msg, contract: RequestContract, handler: MessageHandler): Promise<void> {
    const { log, observe } = this.parts();
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    try {
      const body = contract.body.safeParse(jsonOf(message));
      if (!body.success) throw new Problem('invalid', `not a ${contract.subject}: ${body.error.issues[0]?.path.join('.')}: ${body.error.issues[0]?.message}`, { code: 'request-invalid' });
      await spanned(`answer ${contract.subject}`, SpanKind.SERVER, messaging(contract.subject, 'process'), traceOf(message.headers), async () => {
        const answer = await this.run(handler, body.data, undefined);
        message.respond(JSON.stringify(answer ?? {}), { headers: tracedHeaders() });
      });
      observe?.(message.subject, 'answered', seconds());
    } catch (error) {
      const problem = Problem.from(error);
      if (problem.kind === 'bug') log.error('request failed', { subject: message.subject, cause: stackOf(problem) });
      const note = headers();
      note.set(problemHeader, JSON.stringify(problem));
      message.respond('', { headers: note });
      observe?.(message.subject, 'refused', seconds());
    }
  }

  private async run(handler: MessageHandler, body: unknown, delivery: Delivery | undefined): Promise<unknown> {
    const result: unknown = await handler(body, delivery);
    return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
  }
}

const jsonOf = (message: { json(): unknown }): unknown => {
  try {
    return message.json();
  } catch {
    return undefined;   // the schema check that follows names it
  }
};

const stackOf = (problem: Problem): string | undefined =>
  problem.cause instanceof Error ? problem.cause.stack ?? problem.cause.message : undefined;
