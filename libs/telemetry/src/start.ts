/**
 * Loaded with `node --import` before anything else, so that http, pg and grpc are traced from their first import.
 * Spans are made always (their ids go into verdicts and problems) and sent only when OTEL_EXPORTER_OTLP_ENDPOINT says where.
 */
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK } from '@opentelemetry/sdk-node';

const managementPaths = new Set(['/healthz', '/readyz', '/metrics', '/version']);

const sending = Boolean(process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']);
/** Keeps nothing: a provider without any processor would not be registered, and ids would be all zeros. */
const forgetting = { onStart: () => undefined, onEnd: () => undefined, forceFlush: async () => undefined, shutdown: async () => undefined };
process.env['OTEL_METRICS_EXPORTER'] ??= 'none';   // metrics are scraped from /metrics
process.env['OTEL_LOGS_EXPORTER'] ??= 'none';      // logs are JSON lines on standard output

const sdk = new NodeSDK({
  serviceName: process.env['OTEL_SERVICE_NAME'] ?? 'plimsoll',
  ...(sending ? {} : { spanProcessors: [forgetting] }),
  // No resource detectors: they ask the network and the file system about things we do not show.
  autoDetectResources: false,
  instrumentations: [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request) => managementPaths.has(request.url ?? ''),
      requireParentforOutgoingSpans: true,
    }),
    new GrpcInstrumentation(),
    new PgInstrumentation({ requireParentSpan: true }),
  ],
});
sdk.start();

/** Sends what is still held back; called last at shutdown. */
export const flushTelemetry = (): Promise<void> => sdk.shutdown().catch(() => undefined);
(globalThis as { plimsollFlushTelemetry?: () => Promise<void> }).plimsollFlushTelemetry = flushTelemetry;
