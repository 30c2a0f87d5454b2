import { context, propagation, SpanKind, SpanStatusCode, trace, type Attributes, type Context, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

const tracer = trace.getTracer('@plimsoll/bus');
const setter: TextMapSetter<MsgHdrs> = { set: (carrier, key, value) => carrier.set(key, value) };
const getter: TextMapGetter<MsgHdrs | undefined> = { get: (carrier, key) => carrier?.get(key) || undefined, keys: (carrier) => [...carrier?.keys() ?? []] };

/** Headers that carry the active trace (W3C traceparent). */
export const tracedHeaders = (): MsgHdrs => {
  const carrier = headers();
  propagation.inject(context.active(), carrier, setter);
  return carrier;
};

/** The trace a message arrived with. */
export const traceOf = (carrier: MsgHdrs | undefined): Context => propagation.extract(context.active(), carrier, getter);

/** The active trace as plain text, to be kept in a row and taken up again later. */
export const keepTrace = (): Record<string, string> => {
  const kept = {};
  propagation.inject(context.active(), kept);
  return kept;
};

export const keptTrace = (kept: Record<string, string>): Context => propagation.extract(context.active(), kept);

/** Runs work inside a span that ends with it and tells its failure. */
export function spanned<T>(name: string, kind: SpanKind, attributes: Attributes, parent: Context, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { kind, attributes }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

export const messaging = (subject: string, operation: 'publish' | 'process' | 'request'): Attributes =>
  ({ 'messaging.system': 'nats', 'messaging.destination.name': subject, 'messaging.operation.type': operation });
