import { Controller } from '@nestjs/common';
import { Answers, Bus, Hears, maxAttempts, type Delivery } from '@plimsoll/bus';
import { FindInventory, ImageIndexed, ImagePushed, ImageRejected, scanProgressSubject, type Answer, type Body, type ScanProgress } from '@plimsoll/contracts';
import { catalogers, indexImage, type Progress } from '@plimsoll/inventory';
import type { ImageSource } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { Log, Metrics } from '@plimsoll/telemetry';
import { analyzerOf } from './analyzer.ts';
import { Images, type KnownImage } from './images.ts';
import { LayerThreads } from './layer-threads.ts';
import { Layers } from './layers.ts';
import { OpenTarget } from './open-target.ts';
import { scannerConfig } from './scanner.config.ts';

const inventoryMediaType = 'application/vnd.plimsoll.inventory.v1+json';

/** A pushed image becomes an inventory of everything inside it, or a rejection that says why. */
@Controller()
export class IndexImage {
  private readonly seconds;

  constructor(
    private readonly bus: Bus, private readonly log: Log, private readonly images: Images, private readonly layers: Layers,
    private readonly openTarget: OpenTarget, private readonly threads: LayerThreads, metrics: Metrics,
  ) {
    this.seconds = metrics.histogram('plimsoll_scan_seconds', 'Time to index one image', ['outcome']);
  }

  @Hears(ImagePushed, { concurrency: scannerConfig().PLIMSOLL_SCANNER_CONCURRENCY })
  async indexImage(pushed: ImagePushed, { commit, signal, attempt }: Delivery): Promise<void> {
    const done = this.seconds.startTimer();
    const timeout = AbortSignal.timeout(scannerConfig().PLIMSOLL_SCANNER_IMAGE_SECONDS * 1000);
    try {
      // A process that died with it every time left no error behind, only the count.
      if (attempt > maxAttempts) throw new Problem('invalid', `reading it ended the scanner ${maxAttempts} times`, { code: 'scanner-died' });
      const { image, analyzer } = await this.index(pushed, AbortSignal.any([signal, timeout]));
      await commit(async (tx, say) => {
        await this.images.indexed(tx, image, analyzer);
        const { digest, ...facts } = image;
        await say(ImageIndexed, { ...facts, push: pushed.push, image: { project: pushed.project, reference: pushed.target, digest } });
      });
      done({ outcome: 'indexed' });
    } catch (error) {
      const problem = timeout.aborted ? new Problem('invalid', `reading took more than ${scannerConfig().PLIMSOLL_SCANNER_IMAGE_SECONDS} s`, { code: 'limit-seconds' }) : Problem.from(error);
      if (signal.aborted || (problem.retry && attempt < maxAttempts)) throw error;
      if (problem.kind === 'bug') this.log.error('image cannot be read', { target: pushed.target, cause: String(problem.cause instanceof Error ? problem.cause.stack : problem.cause) });
      await commit(async (_tx, say) => {
        await say(ImageRejected, { push: pushed.push, project: pushed.project, target: pushed.target, digest: pushed.digest, problem: problem.toJSON() as Body<typeof ImageRejected>['problem'] });
      });
      done({ outcome: 'rejected' });
    }
  }

  @Answers(FindInventory)
  async findInventory({ digest }: Body<typeof FindInventory>): Promise<Answer<typeof FindInventory>> {
    const found = await this.images.find(digest);
    if (!found) throw new Problem('missing', `no image ${digest} was indexed`, { code: 'image-missing' });
    return { inventory: found.inventory, platform: found.platform, packages: found.packages, problems: found.problems, indexed_at: found.indexedAt.toISOString() };
  }

  /** The slow, repeatable part: 1. open, 2. known already? 3. every layer, once for all processes, 4. the inventory's document. */
  private async index(pushed: ImagePushed, signal: AbortSignal): Promise<{ image: KnownImage; analyzer: string }> {
    const source = await this.openTarget.open(pushed, signal);
    try {
      return await this.inventoryOf(source, pushed, signal);
    } finally {
      await source.close();
    }
  }

  private async inventoryOf(source: ImageSource, pushed: ImagePushed, signal: AbortSignal): Promise<{ image: KnownImage; analyzer: string }> {
    const digest = source.digest ?? source.configDigest;
    const analyzer = analyzerOf(catalogers);
    const known = await this.images.known(digest, analyzer);
    if (known) return { image: known, analyzer };

    const inventory = await indexImage(source, {
      signal, strict: true, pool: this.threads.pool, onProgress: this.reporter(pushed),
      alone: (layer, work) => this.layers.alone(layer, work),
      cached: (layer) => this.layers.analyzed(layer),
      analyzed: (analysis) => this.layers.keep(analysis),
    });
    const { user, created, labels } = inventory.configuration;
    return {
      analyzer,
      image: {
        digest, platform: source.platform, os: inventory.os, configuration: { user, created, labels },
        inventory: await this.bus.documents.put(inventory, inventoryMediaType),
        packages: inventory.packages.length, problems: inventory.problems.length,
      },
    };
  }

  /** Tells how far an image is, at most ten times a second. */
  private reporter({ push, project }: ImagePushed): (progress: Progress) => void {
    let told = 0;
    return ({ layersDone, layersTotal, bytesDone, bytesTotal }) => {
      if (layersDone < layersTotal && Date.now() - told < 100) return;
      told = Date.now();
      this.bus.tell(scanProgressSubject, { push, project, layers_done: layersDone, layers_total: layersTotal, bytes_done: bytesDone, bytes_total: bytesTotal } satisfies ScanProgress);
    };
  }
}
