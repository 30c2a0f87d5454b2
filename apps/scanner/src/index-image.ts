import { Injectable } from '@nestjs/common';
import { Bus } from '@plimsoll/bus';
import { scanProgressSubject, type ScanProgress } from '@plimsoll/contracts';
import { catalogers, indexImage, type Progress } from '@plimsoll/inventory';
import type { ImageSource } from '@plimsoll/oci';
import { Metrics } from '@plimsoll/telemetry';
import { analyzerOf } from './analyzer.ts';
import { Images, type IndexedImage } from './images.ts';
import { LayerThreads } from './layer-threads.ts';
import { Layers } from './layers.ts';
import { scannerConfig } from './scanner.config.ts';
import { OpenTarget } from './open-target.ts';
import type { Session } from './presence.ts';
import { Scans, type Scan } from './scans.ts';
import { Busy, ours } from './trouble.ts';

const inventoryMediaType = 'application/vnd.plimsoll.inventory.v1+json';

/** An image becomes an inventory of everything inside it. Slow and repeatable: nothing here happens only once. */
@Injectable()
export class IndexImage {
  private readonly counted;
  constructor(
    private readonly bus: Bus, private readonly images: Images, private readonly layers: Layers, private readonly scans: Scans,
    private readonly openTarget: OpenTarget, private readonly threads: LayerThreads, metrics: Metrics,
  ) {
    this.counted = metrics.counter('plimsoll_scan_layers_total', 'Layers of scanned images: known before, or read', ['outcome']);
  }

  /**
   * 1. open, 2. known already? 3. every layer, one reader of each among all processes, 4. the inventory's document, 5. `keep`, while
   * nobody else may take the image or its document away. Throws Busy when another reads a part.
   */
  async index<T>(scan: Scan, session: Session, signal: AbortSignal, keep: (indexed: IndexedImage) => Promise<T>): Promise<T> {
    const source = await this.openTarget.open(scan, signal);
    try {
      const known = await this.known(source);
      return await (known ? keep(known) : this.holding(`image:${digestOf(source)}`, session, async () => keep(await this.known(source) ?? await this.read(source, scan, session, signal))));
    } finally {
      await source.close();
    }
  }

  private async known(source: ImageSource): Promise<IndexedImage | undefined> {
    const analyzer = analyzerOf(catalogers);
    const image = await ours(() => this.images.known(digestOf(source), analyzer));
    return image && { image, analyzer, layers: undefined };
  }

  private async read(source: ImageSource, scan: Scan, session: Session, signal: AbortSignal): Promise<IndexedImage> {
    const inventory = await indexImage(source, {
      signal, strict: true, limits: scannerConfig().PLIMSOLL_SCANNER_LIMITS.limits, pool: this.threads.pool, onProgress: this.reporter(scan),
      alone: (layer, work, within) => this.threads.turn(() => this.holding(`layer:${layer}`, session, work), { urgent: scan.priority === 'admission', signal: within }),
      cached: async (layer) => {
        const known = await this.layers.analyzed(layer);
        if (known) this.counted.inc({ outcome: 'known' });
        return known;
      },
      analyzed: async (analysis) => {
        await this.layers.keep(analysis);
        this.counted.inc({ outcome: 'read' });
      },
    });
    const { user, created, labels } = inventory.configuration;
    return {
      analyzer: analyzerOf(catalogers), layers: source.layers.map((layer) => layer.digest),
      image: {
        digest: digestOf(source), platform: source.platform, os: inventory.os, configuration: { user, created, labels },
        inventory: await ours(() => this.bus.documents.put(inventory, inventoryMediaType)),
        packages: inventory.packages.length, problems: inventory.problems.length,
      },
    };
  }

  /** Does `work` if nobody else of all processes is at it; otherwise throws Busy. When it is done, those go on who waited. */
  private async holding<T>(name: string, session: Session, work: () => Promise<T>): Promise<T> {
    if (!await ours(() => session.hold(name))) throw new Busy(name);
    try {
      return await work();
    } finally {
      await ours(async () => {
        await session.letGo(name);
        await this.scans.wake(name);
      });
    }
  }

  /** Tells how far an image is, at most ten times a second. */
  private reporter({ push, project }: Scan): (progress: Progress) => void {
    let told = 0;
    return ({ layersDone, layersTotal, bytesDone, bytesTotal }) => {
      if (layersDone < layersTotal && Date.now() - told < 100) return;
      told = Date.now();
      this.bus.tell(scanProgressSubject, { push, project, layers_done: layersDone, layers_total: layersTotal, bytes_done: bytesDone, bytes_total: bytesTotal } satisfies ScanProgress);
    };
  }
}

/** A docker-archive has no manifest; its configuration stands for it. */
const digestOf = ({ digest, configDigest }: ImageSource): string => digest ?? configDigest;
