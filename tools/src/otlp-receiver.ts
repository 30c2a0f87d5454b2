import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrived, in the few words that a tree needs. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  readonly kind: number;
  /** Milliseconds since the epoch, and how long it took. */
  readonly start: number;
  readonly duration: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT, with OTEL_EXPORTER_OTLP_PROTOCOL=http/json. */
  readonly endpoint: string;
  spans(traceId: string): ReceivedSpan[];
  close(): Promise<void>;
}

interface OtlpValue { stringValue?: string; intValue?: string | number; boolValue?: boolean; doubleValue?: number }
interface OtlpAttribute { key: string; value: OtlpValue }
interface OtlpSpan { traceId: string; spanId: string; parentSpanId?: string; name: string; kind: number; startTimeUnixNano: string; endTimeUnixNano: string; status?: { code?: number }; attributes?: OtlpAttribute[] }
interface OtlpBody { resourceSpans?: { resource?: { attributes?: OtlpAttribute[] }; scopeSpans?: { spans?: OtlpSpan[] }[] }[] }

const maxBytes = 16 * 2 ** 20;

/** A small OTLP/HTTP receiver (opentelemetry-proto, JSON encoding) that keeps spans in memory; forwards them too when told where. */
export async function receiveOtlp({ forwardTo }: { forwardTo?: string | undefined } = {}): Promise<OtlpReceiver> {
  const byTrace = new Map<string, ReceivedSpan[]>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => { size += chunk.length; if (size > maxBytes) request.destroy(); else chunks.push(chunk); });
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      try {
        if (request.url?.endsWith('/v1/traces')) for (const span of spansOf(JSON.parse(bytes.toString('utf8')) as OtlpBody)) {
          if (!byTrace.has(span.traceId)) byTrace.set(span.traceId, []);
          byTrace.get(span.traceId)!.push(span);
        }
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        if (forwardTo) void fetch(`${forwardTo.replace(/\/$/, '')}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: bytes }).catch(() => undefined);
      } catch {
        response.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: (traceId) => [...byTrace.get(traceId) ?? []].sort((a, b) => a.start - b.start),
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); }),
  };
}

const spansOf = ({ resourceSpans = [] }: OtlpBody): ReceivedSpan[] => resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
  const service = String(attributesOf(resource?.attributes)['service.name'] ?? 'unknown');
  return scopeSpans.flatMap(({ spans = [] }) => spans.map((span): ReceivedSpan => {
    const start = Number(BigInt(span.startTimeUnixNano) / 1000n) / 1000;
    return {
      traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId || undefined, name: span.name, service, kind: span.kind,
      start, duration: Number(BigInt(span.endTimeUnixNano) / 1000n) / 1000 - start, failed: span.status?.code === 2, attributes: attributesOf(span.attributes),
    };
  }));
});

const attributesOf = (attributes: OtlpAttribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.boolValue ?? value.doubleValue]));

/** The spans of one trace as an indented tree: service, name, milliseconds. `keep` leaves out noise; children of what is left out move up. */
export function traceTree(spans: readonly ReceivedSpan[], keep: (span: ReceivedSpan) => boolean = () => true): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const children = (parent: string | undefined): ReceivedSpan[] => spans.filter((span) => (span.parentSpanId && known.has(span.parentSpanId) ? span.parentSpanId : undefined) === parent);
  const walk = (span: ReceivedSpan, depth: number): string[] => {
    const shown = keep(span);
    const line = `${'  '.repeat(depth)}${span.service.padEnd(9)} ${span.name}  ${span.duration.toFixed(1)} ms${span.failed ? '  FAILED' : ''}`;
    return [...(shown ? [line] : []), ...children(span.spanId).flatMap((child) => walk(child, depth + (shown ? 1 : 0)))];
  };
  return children(undefined).flatMap((root) => walk(root, 0));
}
