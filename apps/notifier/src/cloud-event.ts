import type { Happening } from './happening.ts';

/** CloudEvents 1.0 in its JSON format, with the distributed tracing extension. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time?: string;
  readonly datacontenttype: 'application/json';
  /** W3C trace context of the happening, the same in every attempt; the HTTP header carries the attempt's own span. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly data: unknown;
}

/** The CloudEvent of a happening: `(source, id)` names it, whoever receives it and however often. */
export const cloudEvent = (happening: Happening, source: string, trace: Readonly<Record<string, string>>): CloudEvent => ({
  specversion: '1.0',
  id: happening.id,
  source: happening.project === undefined ? `${source}/feeds` : `${source}/projects/${happening.project}`,
  type: `dev.plimsoll.${happening.name}.v1`,
  subject: happening.subject,
  // `time` is RFC 3339 or absent (CloudEvents 1.0, section 3.1).
  ...(Number.isNaN(Date.parse(happening.at)) ? {} : { time: new Date(happening.at).toISOString() }),
  datacontenttype: 'application/json',
  ...(trace['traceparent'] ? { traceparent: trace['traceparent'] } : {}),
  ...(trace['tracestate'] ? { tracestate: trace['tracestate'] } : {}),
  data: happening.data,
});
