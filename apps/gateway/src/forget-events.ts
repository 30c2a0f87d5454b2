import { every } from '@plimsoll/database';
import { Log } from '@plimsoll/telemetry';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { gatewayConfig, type GatewayConfig } from './gateway.config.ts';

/** Forgets events and pushes that are older than anybody resumes after. Images stay. */
@Injectable()
export class ForgetEvents implements OnApplicationBootstrap {
  private readonly stopping = new AbortController();
  constructor(private readonly db: DataSource, private readonly log: Log, @Inject(gatewayConfig) private readonly config: GatewayConfig) {}

  onApplicationBootstrap(): void {
    const age = [`${this.config.PLIMSOLL_GATEWAY_KEEP_EVENTS_DAYS} days`];
    void every(this.db, 'gateway events', 60 * 60_000, async () => {
      await this.db.query('delete from image_events where at < now() - $1::interval', age);
      await this.db.query('delete from pushes where created_at < now() - $1::interval', age);
    }, { signal: this.stopping.signal, onError: (error) => this.log.warn('old events stay', { error: String(error) }) });
  }

  beforeApplicationShutdown(): void { this.stopping.abort(); }
}
