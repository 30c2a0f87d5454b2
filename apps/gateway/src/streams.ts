import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@plimsoll/problem';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { gatewayConfig, type GatewayConfig } from './gateway.config.ts';

/** How long a stopping service waits for slow readers. */
const lastWordsMs = 2_000;

/** The event streams that are open: counted, limited, and ended when the service stops. */
@Injectable()
export class Streams implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly open = new Map<string, number>();
  private total = 0;
  private allEnded: (() => void) | undefined;
  constructor(@Inject(gatewayConfig) private readonly config: GatewayConfig) {}

  /** A place for one more stream of a caller; the signal aborts when he goes or the service stops. Give the place back with `end`. */
  begin(subject: string, gone: AbortSignal): { signal: AbortSignal; end: () => void } {
    const own = this.open.get(subject) ?? 0;
    if (own >= this.config.PLIMSOLL_GATEWAY_STREAMS_PER_CALLER || this.total >= this.config.PLIMSOLL_GATEWAY_STREAMS)
      throw new Problem('limited', `at most ${this.config.PLIMSOLL_GATEWAY_STREAMS_PER_CALLER} streams of one caller and ${this.config.PLIMSOLL_GATEWAY_STREAMS} in all are open at once`, { code: 'too-many-streams' });
    this.open.set(subject, own + 1);
    this.total++;
    let ended = false;
    return {
      signal: AbortSignal.any([gone, this.stopping.signal]),
      end: () => {
        if (ended) return;
        ended = true;
        this.total--;
        const left = this.open.get(subject)! - 1;
        if (left) this.open.set(subject, left);
        else this.open.delete(subject);
        if (this.total === 0) this.allEnded?.();
      },
    };
  }

  /** Readers get an end, not a cut line, when they let us finish. */
  async onModuleDestroy(): Promise<void> {
    const ended = new Promise<void>((resolve) => { this.allEnded = resolve; });
    this.stopping.abort();
    if (this.total > 0) await Promise.race([ended, sleep(lastWordsMs, undefined, { ref: false })]);
  }
}
