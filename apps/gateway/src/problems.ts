import { STATUS_CODES } from 'node:http';
import { allOperations, type ProblemDocument } from '@plimsoll/contracts';
import { Problem, type ProblemKind } from '@plimsoll/problem';
import { currentTraceId, Log } from '@plimsoll/telemetry';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Metadata } from '@grpc/grpc-js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { grpcStatus } from './grpc-status.ts';

/** Problems whose status says more than their kind does (RFC 9110; 422 from draft-ietf-httpapi-idempotency-key-header). */
const statusOfCode: Readonly<Record<string, number>> = {
  'idempotency-key-reused': 422, 'body-too-large': 413, 'url-too-long': 414, 'media-type-unsupported': 415, 'method-not-allowed': 405,
};

/** Every failure of both doors leaves through here: problem+json over HTTP, a status with details over gRPC, untouched to the bus. */
@Catch()
export class Problems implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | void {
    if (host.getType() === 'http') {
      const http = host.switchToHttp();
      return this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
    }
    if (!(host.getArgs()[1] instanceof Metadata)) return throwError(() => error);
    const problem = this.named(error);
    return throwError(() => grpcStatus(problem, currentTraceId()));
  }

  private answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.raw.headersSent || reply.raw.destroyed) return;
    const problem = this.named(error, request);
    const document = problemDocument(problem, request.url.split('?')[0]);
    if (problem.kind === 'unauthenticated') reply.header('www-authenticate', `Bearer realm="plimsoll"${problem.code === 'token-missing' ? '' : ', error="invalid_token"'}`);
    if (problem.code === 'scope-missing') reply.header('www-authenticate', 'Bearer realm="plimsoll", error="insufficient_scope"');
    if (problem.code === 'method-not-allowed') reply.header('allow', methodsAt(request.url).join(', '));
    if (problem.retry && !reply.hasHeader('retry-after')) reply.header('retry-after', problem.kind === 'limited' ? 1 : 5);
    reply.status(document.status).type('application/problem+json').send(JSON.stringify(document));
  }

  /** What is nobody's fault but ours is logged whole and told as nothing but "unexpected failure". */
  private named(error: unknown, request?: FastifyRequest): Problem {
    const problem = error instanceof HttpException && request ? fromHttp(error, request) : Problem.from(error);
    if (problem.kind === 'bug') this.log.error('call failed', { cause: problem.cause instanceof Error ? problem.cause.stack : problem.detail });
    return problem;
  }
}

export function problemDocument(problem: Problem, instance: string | undefined): ProblemDocument {
  const status = statusOfCode[problem.code ?? ''] ?? problem.status;
  const code = problem.code ?? problem.kind;
  return {
    type: `urn:plimsoll:problem:${code}`, title: STATUS_CODES[status] ?? 'Error', status, detail: problem.detail, code,
    ...(problem.errors ? { errors: problem.errors.map(({ where, what }) => where.startsWith('#') ? { detail: what, pointer: where } : { detail: what, where }) } : {}),
    trace_id: currentTraceId(), instance,
  };
}

/** What Nest and Fastify refuse before a handler is reached. */
function fromHttp(error: HttpException, request: FastifyRequest): Problem {
  const cause = error.cause as { code?: string; message?: string } | undefined;
  const named = (kind: ProblemKind, code: string, detail: string): Problem => new Problem(kind, detail, { code, cause: error });
  switch (cause?.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': return named('invalid', 'body-too-large', 'the request body is larger than is taken here');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return named('invalid', 'media-type-unsupported', 'the request body must be JSON');
  }
  switch (error.getStatus()) {
    case 404: {
      const allowed = methodsAt(request.url);
      return allowed.length && !allowed.includes(request.method) ? named('invalid', 'method-not-allowed', `${request.method} is not possible here; ${allowed.join(', ')} is`) : named('missing', 'route-missing', 'there is nothing at this path');
    }
    case 400: return named('invalid', 'request-malformed', cause?.message ?? error.message);
    default: return error.getStatus() < 500 ? named('invalid', 'request-refused', error.message) : Problem.from(error);
  }
}

const routes = allOperations.map(({ method, path }) => ({ method: method as string, shape: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));
const methodsAt = (url: string): string[] => routes.filter(({ shape }) => shape.test(url.split('?')[0]!)).map(({ method }) => method);
