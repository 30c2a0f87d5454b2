import { createHash } from 'node:crypto';
import type { ImageEvent, Operation } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Log, currentTraceId } from '@plimsoll/telemetry';
import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { concatAll, defer, finalize, from, lastValueFrom, type Observable } from 'rxjs';
import { gatewayConfig, type GatewayConfig } from './gateway.config.ts';
import { answerFile, isFileAnswer } from './file-answer.ts';
import { grpcAnswer } from './grpc-answers.ts';
import { Idempotency } from './idempotency.ts';
import { admittedTo, operationServedBy, wireOf, type Call, type Wire } from './serves.ts';
import { sendEvents } from './server-sent-events.ts';
import { Streams } from './streams.ts';

/** Does an admitted call once and in time, and renders what the handler returned for the door it came through. */
@Injectable()
export class Answer implements NestInterceptor {
  constructor(private readonly idempotency: Idempotency, private readonly streams: Streams, private readonly log: Log, @Inject(gatewayConfig) private readonly config: GatewayConfig) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const operation = operationServedBy(context);
    if (!operation) return next.handle();
    const wire = wireOf(context), { call, input } = admittedTo(wire);
    const handler = (): Promise<unknown> => lastValueFrom(next.handle(), { defaultValue: undefined });
    return operation.streams ? this.stream(wire, call, handler) : defer(() => this.unary(wire, call, input, handler));
  }

  private async unary(wire: Wire, call: Call, input: object, handler: () => Promise<unknown>): Promise<unknown> {
    const { operation, principal, key } = call;
    const work = (): Promise<unknown> => inTime(operation, handler());
    const { answer, replayed } = key !== undefined && principal
      ? await this.idempotency.once({ subject: principal.subject, key, operation: operation.id, input: operation.foreignBody ? { ...input, body: call.foreign?.body } : input }, work)
      : { answer: await work(), replayed: false };
    if (wire.kind === 'grpc') return grpcAnswer(operation, answer);
    if (replayed) wire.reply.header('idempotency-replayed', 'true');
    answerHttp(wire.request, wire.reply, operation, answer);
    return undefined;
  }

  /** The handler returns what to follow; here the following is given a place, and an end. */
  private stream(wire: Wire, call: Call, handler: () => Promise<unknown>): Observable<unknown> {
    return defer(async () => {
      const follow = await handler() as (signal: AbortSignal) => AsyncIterable<ImageEvent>;
      const { signal, end } = this.streams.begin(call.principal?.subject ?? '', call.signal);
      if (wire.kind === 'grpc') return from(follow(signal)).pipe(finalize(end));
      void sendEvents(wire.reply, follow(signal), { signal, heartbeatSeconds: this.config.PLIMSOLL_GATEWAY_HEARTBEAT_SECONDS })
        .catch((error: unknown) => this.log.error('event stream failed', { error: String(error), trace_id: currentTraceId() }))
        .finally(end);
      return from([]);
    }).pipe(concatAll());
  }
}

async function inTime<T>(operation: Operation, work: Promise<T>): Promise<T> {
  const seconds = operation.seconds ?? 30;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Problem('unavailable', `no answer within ${seconds} s`, { code: 'call-timeout' })), seconds * 1000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function answerHttp(request: FastifyRequest, reply: FastifyReply, operation: Operation, answer: unknown): void {
  if (operation.location) reply.header('location', operation.location(answer));
  if (operation.status === 204) {
    reply.status(204).send();
    return;
  }
  if (isFileAnswer(answer)) { answerFile(request, reply, operation, answer); return; }
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  if (operation.method === 'GET') {
    const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
    reply.header('etag', etag);
    if (request.headers['if-none-match']?.split(/\s*,\s*/).some((given) => given.replace(/^W\//, '') === etag)) {
      reply.status(304).send();
      return;
    }
  }
  reply.status(operation.status).type(operation.mediaType ?? 'application/json; charset=utf-8').send(text);
}
