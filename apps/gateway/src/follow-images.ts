import { Hears, type Delivery, type Say } from '@plimsoll/bus';
import { ImageIndexed, ImageMatched, ImageOutdated, ImageRejected, NotificationDelivered, PushJudged, RevisionPublished, ScanCancelled, VerdictChanged, type ImageEvent } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AcceptPushes } from './accept-pushes.ts';
import { FeedRevision } from './feed-revision.ts';
import { ForgetImages } from './forget-images.ts';
import { ImageEvents } from './image-events.ts';
import { Images } from './images.ts';
import { LiveProgress } from './progress.ts';
import { pushId, Pushes } from './pushes.ts';
import { Wakes } from './wakes.ts';

type Happened = Omit<ImageEvent, 'id' | 'at'>;

/** Hears what the other services made of a push and keeps it for lists, operations and streams. Always in the order pushes, images, events: locks never cross. */
@Controller()
export class FollowImages {
  constructor(
    private readonly pushes: Pushes, private readonly images: Images, private readonly events: ImageEvents, private readonly progress: LiveProgress, private readonly wakes: Wakes,
    private readonly feedRevision: FeedRevision, private readonly forgetImages: ForgetImages, private readonly acceptPushes: AcceptPushes,
  ) {}

  @Hears(ImageIndexed)
  async indexed(body: ImageIndexed, delivery: Delivery): Promise<void> {
    await this.keep(delivery, { type: 'image.indexed', ...body.image, push: body.push, packages: body.packages }, (tx) => this.pushes.indexed(tx, body), async (tx) => {
      await this.images.indexed(tx, body);
      await this.images.admitted(tx, body);
    });
    this.progress.ended(body.push);
  }

  @Hears(ImageRejected)
  async rejected(body: ImageRejected, delivery: Delivery): Promise<void> {
    const { project, push, digest, target, problem } = body;
    await this.keep(delivery, { type: 'image.rejected', project, push, digest, reference: target, problem }, (tx) => this.pushes.rejected(tx, body), (tx) => this.images.rejected(tx, body));
    this.progress.ended(push);
  }

  @Hears(ScanCancelled)
  async cancelled(body: ScanCancelled, { commit }: Delivery): Promise<void> {
    const { project, push, target, why } = body;
    await commit(async (tx) => {
      await this.pushes.cancelled(tx, body);
      await this.events.add(tx, { type: 'scan.cancelled', project, push, reference: target, why });
    });
    this.progress.ended(push);
    this.wakes.wake(project);
  }

  /** Newer catalogers would read it otherwise: it is pushed again, when there is time. Once a day, while that does not help. */
  @Hears(ImageOutdated)
  async outdated({ image: { project, reference, digest }, platform, analyzer }: ImageOutdated, { commit, at }: Delivery): Promise<void> {
    const push = { id: pushId('outdated', project, digest, analyzer, at.toISOString().slice(0, 10)), project, target: reference, digest, platform, priority: 'scheduled', submittedBy: 'scanner', traceId: undefined } as const;
    await commit((tx, say) => this.acceptPushes.acceptIn(tx, say, [push]));
    this.wakes.wake(project);
  }

  @Hears(ImageMatched)
  async matched(body: ImageMatched, delivery: Delivery): Promise<void> {
    const { image, push, packages, revision, summary, added, removed } = body;
    await this.keep(delivery, { type: 'image.matched', ...image, push, packages, revision: revision.number, summary, added, removed }, (tx) => this.pushes.matched(tx, body), (tx) => this.images.matched(tx, body));
  }

  @Hears(VerdictChanged)
  async verdictChanged({ push, verdict, previous }: VerdictChanged, delivery: Delivery): Promise<void> {
    await this.keep(delivery, { ...judged('verdict.changed', verdict, push), previous }, async () => undefined, (tx) => this.images.judged(tx, verdict, push));
  }

  @Hears(PushJudged)
  async pushJudged(body: PushJudged, delivery: Delivery): Promise<void> {
    await this.keep(delivery, judged('push.judged', body.verdict, body.push), (tx) => this.pushes.judged(tx, body), (tx) => this.images.judged(tx, body.verdict, body.push));
  }

  @Hears(NotificationDelivered)
  async notified({ project, push, digest, channel }: NotificationDelivered, { commit }: Delivery): Promise<void> {
    await commit(async (tx) => {
      if (push) await this.pushes.notified(tx, push);
      await this.events.add(tx, { type: 'notification.delivered', project, push, digest, channel });
    });
    this.wakes.wake(project);
  }

  @Hears(RevisionPublished)
  async revisionPublished(body: RevisionPublished, { commit }: Delivery): Promise<void> {
    await commit((tx) => this.feedRevision.published(tx, body));
  }

  /** What happened to an image: to its push always, to itself unless it was forgotten since. */
  private async keep({ commit }: Delivery, happened: Happened & { reference?: string | undefined }, toPush: (tx: EntityManager) => Promise<void>, toImage: (tx: EntityManager) => Promise<void>): Promise<void> {
    const { project, digest, reference = '', push } = happened;
    await commit(async (tx, say: Say) => {
      await toPush(tx);
      const late = await this.forgetImages.isLate(tx, say, { project, digest, reference }, push);
      if (!late) await toImage(tx);
      // Who follows the push learns its end; the image's own history stays forgotten.
      await this.events.add(tx, late ? { ...happened, digest: undefined } : happened);
    });
    this.wakes.wake(project);
  }
}

const judged = (type: 'verdict.changed' | 'push.judged', { project, digest, reference, decision, reasons, revision, trace_id }: PushJudged['verdict'], push: string | undefined): Happened =>
  ({ type, project, push, digest, reference, decision, reasons, revision, trace_id });
