import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino } from 'pino';

/** Messages are constants, facts are fields. Every line carries the trace it belongs to. */
export abstract class Log {
  abstract debug(message: string, facts?: object): void;
  abstract info(message: string, facts?: object): void;
  abstract warn(message: string, facts?: object): void;
  abstract error(message: string, facts?: object): void;
}

/** Fields whose value never reaches a log, at any of the depths that occur. */
const secrets = ['password', 'token', 'access_token', 'secret', 'authorization', 'seed', 'private_key', 'cookie'];

export function createLog(service: string, level = process.env['PLIMSOLL_LOG_LEVEL'] ?? 'info'): Log {
  const logger = pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[secret]' },
    mixin: () => {
      const span = trace.getActiveSpan()?.spanContext();
      return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
    },
  }, pino.destination({ dest: 1, sync: true }));
  return {
    debug: (message, facts = {}) => logger.debug(facts, message),
    info: (message, facts = {}) => logger.info(facts, message),
    warn: (message, facts = {}) => logger.warn(facts, message),
    error: (message, facts = {}) => logger.error(facts, message),
  };
}

/** The id of the trace that is under way; absent outside one. */
export function currentTraceId(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  return span && isSpanContextValid(span) ? span.traceId : undefined;
}
