import type { Operation } from '@plimsoll/contracts';
import { Problem, type ProblemDetail } from '@plimsoll/problem';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { isJetStreamHandler } from './handler-kind.ts';
import { Callers } from './callers.ts';
import { permission } from './permissions.ts';
import { projectMissing, Projects } from './projects.ts';
import type { Allowance } from './rate-limits.ts';
import { admit, operationServedBy, wireOf, type Wire } from './serves.ts';

/**
 * The guard of both doors: who calls, how often, may he, and is what he sent right. A handler that declares no operation is
 * closed. After this returns true, the handler's input is what its operation says.
 */
@Injectable()
export class Admit implements CanActivate {
  constructor(private readonly callers: Callers, private readonly projects: Projects) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (isJetStreamHandler(context.getHandler())) return true;   // events come from our own services
    const operation = operationServedBy(context);
    if (!operation) throw new Problem('denied', 'this route declares no scope, so nobody may use it', { code: 'undeclared' });
    const wire = wireOf(context);

    // 1. who calls, and how often
    // What is open to everybody looks at no token: an expired one must not keep its holder from logging in.
    const authorization = operation.scope === 'public' ? undefined : header(wire, 'authorization');
    const { principal, allowance } = await this.callers.identify(authorization, addressOf(wire));
    if (wire.kind === 'http') tellAllowance(wire.reply, allowance);
    if (!allowance.allowed) throw new Problem('limited', `too many calls; the next is allowed in ${allowance.retryAfter} s`, { code: 'rate-limited' });
    if (operation.scope !== 'public' && !principal) throw new Problem('unauthenticated', 'a token is needed: Authorization: Bearer …', { code: 'token-missing' });

    // 2. may he; the project is read first, because whether one may see it decides what he is told
    const parts = partsOf(wire);
    const params = check(operation.params, parts.params, 'path');
    const project = (params as { project?: string }).project;
    if (principal) {
      const allowed = permission(principal, operation, project);
      if (allowed === 'invisible') throw projectMissing(project!);
      if (allowed === 'denied') throw new Problem('denied', `this needs the scope ${operation.scope}${operation.everywhere ? ' for every project' : ''}`, { code: 'scope-missing' });
      if (project !== undefined) await this.projects.mustExist(principal, project);
    }

    // 3. is what he sent right
    const input = wire.kind === 'grpc' ? check(operation.input, wire.message, '#') : {
      ...check(operation.query, parts.query, 'query'),
      ...(operation.foreignBody ? {} : check(operation.body, parts.body ?? {}, '#')),
      ...params,
    };
    admit(wire, {
      operation, principal, address: addressOf(wire), signal: signalOf(wire), key: keyOf(operation, header(wire, 'idempotency-key')), lastEventId: header(wire, 'last-event-id'),
      ...(operation.foreignBody && wire.kind === 'http' ? { foreign: { headers: wire.request.headers, body: wire.request.body, raw: (wire.request as { rawBody?: Buffer }).rawBody ?? Buffer.alloc(0) } } : {}),
    }, input);
    return true;
  }
}

const header = (wire: Wire, name: string): string | undefined => {
  const value = wire.kind === 'http' ? wire.request.headers[name] : wire.metadata.get(name)[0];
  return value === undefined ? undefined : String(value);
};

const addressOf = (wire: Wire): string =>
  wire.kind === 'http' ? wire.request.ip : wire.call.getPeer().replace(/:\d+$/, '');

const partsOf = (wire: Wire): { params: unknown; query: unknown; body: unknown } =>
  wire.kind === 'http' ? { params: wire.request.params, query: wire.request.query, body: wire.request.body } : { params: wire.message, query: wire.message, body: wire.message };

/** All that is wrong at once, each with a JSON pointer into the body (`#/channel/url`) or a name (`query severity`). */
function check(schema: Operation['input'], value: unknown, part: 'path' | 'query' | '#'): object {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const errors = read.error.issues.map((issue): ProblemDetail => {
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
    return { where: part === '#' ? ['#', ...path.map(escapePointer)].join('/') : `${part} ${path.join('.')}`, what: issue.message };
  });
  throw new Problem('invalid', `${errors[0]!.where}: ${errors[0]!.what}`, { code: 'input-invalid', errors: errors.slice(0, 50) });
}

/** RFC 6901. */
const escapePointer = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

function keyOf(operation: Operation, key: string | undefined): string | undefined {
  if (key === undefined || operation.method !== 'POST') return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new Problem('invalid', 'Idempotency-Key is 1 to 255 visible ASCII characters, best a UUID', { code: 'idempotency-key-invalid' });
  return key;
}

function signalOf(wire: Wire): AbortSignal {
  const gone = new AbortController();
  if (wire.kind === 'http') wire.reply.raw.once('close', () => gone.abort());
  else wire.call.once('cancelled', () => gone.abort());
  return gone.signal;
}

/** RateLimit headers as most clients read them (draft-ietf-httpapi-ratelimit-headers-03). */
function tellAllowance(reply: FastifyReply, { allowed, limit, remaining, reset, retryAfter }: Allowance): void {
  reply.headers({ 'ratelimit-limit': limit, 'ratelimit-remaining': remaining, 'ratelimit-reset': reset, ...(allowed ? {} : { 'retry-after': retryAfter }) });
}
