import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '@plimsoll/telemetry';

export interface ManagementParts {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  /** Names what is not ready; empty when all is. */
  readonly notReady: () => Promise<string[]>;
  readonly version: () => Promise<object> | object;
}

/** The operator's port: `/healthz` (the process turns), `/readyz` (it can work), `/metrics`, `/version`. */
export async function serveManagement({ host, port, metrics, notReady, version }: ManagementParts): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)); };
    const serve = async (): Promise<void> => {
      switch (request.url) {
        case '/healthz': return answer(200, { status: 'ok' });
        case '/readyz': {
          const waiting = await notReady();
          return answer(waiting.length ? 503 : 200, waiting.length ? { status: 'not ready', waiting_for: waiting } : { status: 'ok' });
        }
        case '/metrics': {
          response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(await metrics.registry.metrics());
          return;
        }
        case '/version': return answer(200, await version());
        default: return answer(404, { status: 'not found' });
      }
    };
    serve().catch(() => answer(500, { status: 'failed' }));
  });
  server.listen(port, host);
  await new Promise<void>((resolve, reject) => { server.once('listening', resolve); server.once('error', reject); });
  return { server, port: (server.address() as AddressInfo).port };
}
