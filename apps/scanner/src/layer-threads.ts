import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LayerPool } from '@plimsoll/inventory';
import { scannerConfig } from './scanner.config.ts';

/** The threads that read layers, shared by all images of this process. */
@Injectable()
export class LayerThreads implements OnApplicationShutdown {
  readonly pool = new LayerPool(scannerConfig().PLIMSOLL_SCANNER_WORKERS);

  async onApplicationShutdown(): Promise<void> { await this.pool.close(); }
}
