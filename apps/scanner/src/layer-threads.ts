import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LayerPool } from '@plimsoll/inventory';
import { scannerConfig } from './scanner.config.ts';

interface Waiting { readonly urgent: boolean; readonly enter: () => void }

/** The threads that read layers, shared by all images of this process. */
@Injectable()
export class LayerThreads implements OnApplicationShutdown {
  private readonly size = scannerConfig().PLIMSOLL_SCANNER_WORKERS;
  /** One thread more than is used otherwise, for what is urgent: slow registries may hold all the others. */
  readonly pool = new LayerPool(this.size + 1);
  private reading = 0;
  private readonly waiting: Waiting[] = [];

  async onApplicationShutdown(): Promise<void> { await this.pool.close(); }

  /** Does `work` when a thread is free for it. Layers are claimed here and not before, so that other processes may take those that would only wait. */
  async turn<T>(work: () => Promise<T>, { urgent, signal }: { urgent: boolean; signal: AbortSignal | undefined }): Promise<T> {
    signal?.throwIfAborted();
    if (this.isFree(urgent)) this.reading++;
    else await this.wait(urgent, signal);
    try {
      return await work();
    } finally {
      this.reading--;
      this.next();
    }
  }

  private isFree(urgent: boolean): boolean { return this.reading < this.size + (urgent ? 1 : 0); }

  /** The place is taken for who waits before it wakes, so that nobody slips in between. */
  private wait(urgent: boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(one), 1);
        reject(signal!.reason as Error);
      };
      const one: Waiting = { urgent, enter: () => { signal?.removeEventListener('abort', leave); this.reading++; resolve(); } };
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.splice(urgent ? this.waiting.findLastIndex((other) => other.urgent) + 1 : this.waiting.length, 0, one);
    });
  }

  private next(): void {
    if (this.waiting[0] && this.isFree(this.waiting[0].urgent)) this.waiting.shift()!.enter();
  }
}
