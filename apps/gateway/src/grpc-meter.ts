import type { Metrics } from '@plimsoll/telemetry';
import { ResponderBuilder, ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js';

/** Counts seconds of every gRPC call by method and code. */
export function grpcMeter(metrics: Metrics): ServerInterceptor {
  const seconds = metrics.histogram('plimsoll_grpc_request_seconds', 'Time to answer a gRPC call', ['method', 'code']);
  return (method, call) => {
    const started = performance.now();
    return new ServerInterceptingCall(call, new ResponderBuilder().withSendStatus((sent, next) => {
      seconds.observe({ method: method.path, code: status[sent.code ?? status.OK] ?? 'UNKNOWN' }, (performance.now() - started) / 1000);
      next(sent);
    }).build());
  };
}
