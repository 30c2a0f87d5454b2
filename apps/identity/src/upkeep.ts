import { Bus } from '@plimsoll/bus';
import { every } from '@plimsoll/database';
import { Log, Metrics } from '@plimsoll/telemetry';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { checkpointOf } from './audit.ts';
import { endsOf, publishLists } from './authorities.ts';
import type { IdentityConfig } from './identity.config.ts';
import { kek as kekToken, settings } from './settings.ts';
import { SigningKeys } from './signing-keys.ts';
import { Throttles } from './throttles.ts';

const checkpointEveryMs = 60 * 60_000;

/** What time brings: keys that are due, revocation lists that grow old, failures that no longer count, checkpoints. */
@Injectable()
export class Upkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private checkpointAt = 0;
  private readonly gauges;

  constructor(
    private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, metrics: Metrics, private readonly keys: SigningKeys, private readonly throttles: Throttles,
    @Inject(settings) private readonly config: IdentityConfig, @Inject(kekToken) private readonly kek: Buffer,
  ) {
    this.gauges = {
      notAfter: metrics.gauge('plimsoll_identity_certificate_not_after_seconds', 'When an authority\'s certificate ends, in seconds since 1970', ['authority']),
      nextUpdate: metrics.gauge('plimsoll_identity_crl_next_update_seconds', 'When an authority\'s revocation list must be renewed, in seconds since 1970', ['authority']),
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.measure();
    this.running = every(this.db, 'identity:upkeep', this.config.PLIMSOLL_IDENTITY_UPKEEP_MS, () => this.turn(), {
      signal: this.stopping.signal, onError: (error) => this.log.error('upkeep failed, next turn comes', { error: (error as Error).message }),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async turn(): Promise<void> {
    await this.bus.commit((tx) => this.keys.rotate(tx));
    await this.bus.commit((tx) => publishLists(tx, this.kek, new Date()));
    await this.throttles.forget();
    await this.measure();
    // Logs are kept elsewhere than the database: that is where a cut-off audit log shows.
    if (Date.now() - this.checkpointAt >= checkpointEveryMs) {
      this.log.info('audit checkpoint', await checkpointOf(this.db));
      this.checkpointAt = Date.now();
    }
  }

  private async measure(): Promise<void> {
    for (const { name, notAfter, nextUpdate } of await endsOf(this.db.manager)) {
      this.gauges.notAfter.set({ authority: name }, notAfter.getTime() / 1000);
      if (nextUpdate) this.gauges.nextUpdate.set({ authority: name }, nextUpdate.getTime() / 1000);
    }
  }
}
