import type { Answer, Draft, RequestContract } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { context, SpanKind } from '@opentelemetry/api';
import { RequestError, TimeoutError, type NatsConnection } from '@nats-io/transport-node';
import { messaging, spanned, tracedHeaders } from './trace.ts';

/** Asks another service and waits for its answer; its Problem arrives as a Problem. */
export type Ask = <C extends RequestContract>(contract: C, body: Draft<C>, options?: { timeoutMs?: number }) => Promise<Answer<C>>;

export const problemHeader = 'Problem';

export const askOver = (nats: NatsConnection): Ask => (contract, body, { timeoutMs = 10_000 } = {}) =>
  spanned(`ask ${contract.subject}`, SpanKind.CLIENT, messaging(contract.subject, 'request'), context.active(), async () => {
    const draft = contract.body.safeParse(body);
    if (!draft.success) throw new Problem('invalid', `not a ${contract.subject}: ${draft.error.issues[0]?.path.join('.')}: ${draft.error.issues[0]?.message}`, { code: 'request-invalid', cause: draft.error });
    const reply = await nats.request(contract.subject, JSON.stringify(draft.data), { timeout: timeoutMs, headers: tracedHeaders() })
      .catch((error: unknown) => { throw unavailable(contract, error); });
    const problem = reply.headers?.get(problemHeader);
    if (problem) throw Problem.fromJSON(JSON.parse(problem));
    return contract.answer.parse(reply.json()) as Answer<typeof contract>;
  });

const unavailable = (contract: RequestContract, cause: unknown): Problem => {
  if (cause instanceof RequestError && cause.isNoResponders()) return new Problem('unavailable', `${contract.answerer} is not running`, { code: 'service-away', cause });
  if (cause instanceof TimeoutError) return new Problem('unavailable', `${contract.answerer} did not answer in time`, { code: 'service-slow', cause });
  return new Problem('unavailable', `${contract.answerer} cannot be reached`, { code: 'service-away', cause });
};
