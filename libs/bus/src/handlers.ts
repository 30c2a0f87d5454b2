import type { EventContract, RequestContract } from '@plimsoll/contracts';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { Commit } from './commit.ts';

/** Marks handlers for our JetStream transport, so that a gateway's gRPC server does not take them. */
export const jetstreamTransport = Symbol.for('plimsoll.jetstream');

/** What a listener gets beside the body. */
export interface Delivery {
  /** The event's id: the same at every redelivery. */
  readonly id: string;
  /** 1 at the first delivery. */
  readonly attempt: number;
  /** When the stream took it in: the same at every redelivery, so it orders events that carry no number of their own. */
  readonly at: Date;
  /** Aborts when the service stops. */
  readonly signal: AbortSignal;
  /** The exactly-once part: inbox, work and outbox in one transaction. */
  readonly commit: Commit;
}

/** How many events of this kind one process works on at the same time. */
export interface HearOptions { readonly concurrency?: number }

/** `@Hears(ImagePushed) async indexImage({ image }: ImagePushed, { commit, signal }: Delivery)` */
export const Hears = (contract: EventContract, options: HearOptions = {}): MethodDecorator =>
  handler(EventPattern(contract.subject, jetstreamTransport as never, { contract, ...options }) as MethodDecorator);

/** `@Answers(GetVerdict) async verdict({ project, digest }: Body<typeof GetVerdict>)`; what it returns is the answer. */
export const Answers = (contract: RequestContract): MethodDecorator =>
  handler(MessagePattern(contract.subject, jetstreamTransport as never, { contract }) as MethodDecorator);

/** First argument the body, second the delivery, without a decorator on each. */
const handler = (pattern: MethodDecorator): MethodDecorator => (target, key, descriptor) => {
  Payload()(target, key, 0);
  Ctx()(target, key, 1);
  return pattern(target, key, descriptor);
};
