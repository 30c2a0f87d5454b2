import type { AddressInfo } from 'node:net';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { allOperations } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { gatewayConfig, type GatewayConfig } from './gateway.config.ts';

/** How long calls in hand may take when the service stops; supervisors insist after 10 s. */
const lastCallsMs = 8_000;

/** Opens the HTTP door when everything behind it stands, and closes it when the last call is answered. */
@Injectable()
export class FrontDoor implements OnApplicationBootstrap {
  /** The port it listens on; the one of the settings unless that was 0. */
  port = 0;
  private readonly closing: NodeJS.Timeout[] = [];
  constructor(private readonly adapterHost: HttpAdapterHost<FastifyAdapter>, @Inject(gatewayConfig) private readonly config: GatewayConfig) {}

  async onApplicationBootstrap(): Promise<void> {
    const fastify = this.adapterHost.httpAdapter.getInstance();
    // What is documented is what is there; routes that are not documented are closed by the guard.
    const missing = allOperations.filter(({ method, path }) => !fastify.hasRoute({ method, url: path.replaceAll(/\{(\w+)\}/g, ':$1') }));
    if (missing.length) throw new Problem('bug', `no handler serves ${missing.map(({ id }) => id).join(', ')}`, { code: 'operation-unserved' });
    await fastify.listen({ host: this.config.PLIMSOLL_HTTP_HOST, port: this.config.PLIMSOLL_HTTP_PORT });
    this.port = (fastify.server.address() as AddressInfo).port;
  }

  /** Nobody new comes in; a kept-alive connection is closed once it is idle, all of them when time is up. */
  beforeApplicationShutdown(): void {
    const { server } = this.adapterHost.httpAdapter.getInstance();
    this.closing.push(setInterval(() => server.closeIdleConnections(), 50), setTimeout(() => server.closeAllConnections(), lastCallsMs));
  }

  onApplicationShutdown(): void { this.closing.forEach(clearTimeout); }
}
