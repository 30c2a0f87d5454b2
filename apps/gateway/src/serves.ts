import type { IncomingHttpHeaders } from 'node:http';
import type { Operation, Principal } from '@plimsoll/contracts';
import { createParamDecorator, RequestMapping, RequestMethod, Res, type ExecutionContext } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** One call of an operation, whichever door it came through. */
export interface Call {
  readonly operation: Operation;
  /** Undefined only where the operation is public. */
  readonly principal: Principal | undefined;
  /** The caller's IP address. */
  readonly address: string;
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
  /** The caller's Idempotency-Key. */
  readonly key: string | undefined;
  /** The event id to resume after, from Last-Event-ID. */
  readonly lastEventId: string | undefined;
  /** Only of operations with somebody else's body format. */
  readonly foreign?: { readonly headers: IncomingHttpHeaders; readonly body: unknown; readonly raw: Buffer };
}

/** A caller we know; every operation that is not public has one. */
export const principalOf = ({ principal }: Call): Principal => {
  if (principal === undefined) throw new Error('an operation without a principal was not declared public');
  return principal;
};

/** What came over the wire, and where the answer goes. */
export type Wire =
  | { readonly kind: 'http'; readonly request: FastifyRequest; readonly reply: FastifyReply }
  | { readonly kind: 'grpc'; readonly message: object; readonly metadata: Metadata; readonly call: ServerUnaryCall<object, object> };

const operationOf = new WeakMap<object, Operation>();
/** What the guard found out about a call, kept by its request (HTTP) or call (gRPC) object. */
const admitted = new WeakMap<object, { readonly call: Call; readonly input: object }>();

/** The operation that a handler serves; undefined for a handler of events. */
export const operationServedBy = (context: ExecutionContext): Operation | undefined => operationOf.get(context.getHandler());

export function wireOf(context: ExecutionContext): Wire {
  if (context.getType() === 'http') {
    const http = context.switchToHttp();
    return { kind: 'http', request: http.getRequest<FastifyRequest>(), reply: http.getResponse<FastifyReply>() };
  }
  const [message, metadata, call] = context.getArgs<[object, Metadata, ServerUnaryCall<object, object>]>();
  return { kind: 'grpc', message, metadata, call };
}

const holder = (wire: Wire): object => wire.kind === 'http' ? wire.request : wire.call;
export const admit = (wire: Wire, call: Call, input: object): void => { admitted.set(holder(wire), { call, input }); };
export const admittedTo = (wire: Wire): { readonly call: Call; readonly input: object } => {
  const found = admitted.get(holder(wire));
  if (!found) throw new Error('a call reached its handler without being admitted');
  return found;
};

const TheInput = createParamDecorator((_: unknown, context: ExecutionContext) => admittedTo(wireOf(context)).input);
const TheCall = createParamDecorator((_: unknown, context: ExecutionContext) => admittedTo(wireOf(context)).call);

/**
 * `@Serves(operations.getImage) getImage({ project, digest }: Input<typeof operations.getImage>, call: Call)`: the REST route and
 * the gRPC method of an operation. The method gets what came in, checked, and the call; what it returns is the answer.
 */
export const Serves = (operation: Pick<Operation, 'method' | 'path' | 'group' | 'rpc'>): MethodDecorator => (target, key, descriptor) => {
  operationOf.set(descriptor.value as object, operation as Operation);
  TheInput()(target, key, 0);
  TheCall()(target, key, 1);
  Res()(target, key, 2);   // the interceptor answers, for both doors
  RequestMapping({ method: RequestMethod[operation.method], path: operation.path.replaceAll(/\{(\w+)\}/g, ':$1') })(target, key, descriptor as TypedPropertyDescriptor<unknown>);
  if (typeof operation.rpc === 'string') GrpcMethod(operation.group, operation.rpc)(target, key, descriptor as TypedPropertyDescriptor<unknown>);
  return descriptor;
};
