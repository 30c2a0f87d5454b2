import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LayerPool } from '@plimsoll/inventory';
import { scannerConfig } from './scanner.config.ts';

/** The threads that read layers, shared by all images of this process. */
@Injectable()
export class LayerThreads implements OnApplicationShutdown {
  private readonly size = scannerConfig().PLIMSOLL_SCANNER_WORKERS;
  readonly pool = new LayerPool(this.size);
  private reading = 0;
  private readonly waiting: (() => void)[] = [];

  async onApplicationShutdown(): Promise<void> { await this.pool.close(); }

  /** Does `work` when a thread is free for it. Layers are claimed here and not before, so that other processes may take those that would only wait. */
  async turn<T>(work: () => Promise<T>): Promise<T> {
    if (this.reading >= this.size) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.reading++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();   // the place is handed on
      else this.reading--;
    }
  }
}
