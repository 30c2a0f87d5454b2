import { Bus } from '@plimsoll/bus';
import { every } from '@plimsoll/database';
import { Log } from '@plimsoll/telemetry';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AcceptPushes } from './accept-pushes.ts';
import { ForgetImages } from './forget-images.ts';
import { gatewayConfig, type GatewayConfig } from './gateway.config.ts';
import { pushId } from './pushes.ts';
import { Upkeeps } from './upkeeps.ts';

/** Images and tags taken in one turn; the next turn takes more. */
const atOnce = 500;

/** Does by the clock what the projects' upkeep says: forgets images, and looks at tags again. One gateway of all does it. */
@Injectable()
export class KeepUp implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private turns: Promise<void> | undefined;
  constructor(
    private readonly bus: Bus, private readonly db: DataSource, private readonly log: Log, private readonly upkeeps: Upkeeps,
    private readonly forgetImages: ForgetImages, private readonly acceptPushes: AcceptPushes, @Inject(gatewayConfig) private readonly config: GatewayConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.turns = every(this.db, 'gateway upkeep', this.config.PLIMSOLL_GATEWAY_UPKEEP_SECONDS * 1000, () => this.turn(),
      { signal: this.stopping.signal, onError: (error) => this.log.warn('upkeep is not done', { error: String(error) }) });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.turns;
  }

  private async turn(): Promise<void> {
    await this.forgetImages.forgetOld();
    for (const { project, name } of await this.upkeeps.beyond(atOnce))
      await this.bus.commit((tx, say) => this.forgetImages.forget(tx, say, { project, name, why: 'retention' }));
    const due = await this.upkeeps.due(atOnce);
    // The id comes from the stretch of time, so that two gateways whose clocks meet make one push.
    await this.acceptPushes.accept(due.map(({ project, target, platform, stretch }) =>
      ({ id: pushId('rescan', project, target, stretch), project, target, platform: platform ?? undefined, priority: 'scheduled', submittedBy: 'upkeep', traceId: undefined })));
  }
}
