import { Hears, type Delivery } from '@plimsoll/bus';
import { ImageIndexed, ImageMatched, ImageRejected, NotificationDelivered, PushJudged, RevisionPublished, VerdictChanged, type ImageEvent } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FeedRevision } from './feed-revision.ts';
import { ImageEvents } from './image-events.ts';
import { Images } from './images.ts';
import { LiveProgress } from './progress.ts';
import { Pushes } from './pushes.ts';
import { Wakes } from './wakes.ts';

type Happened = Omit<ImageEvent, 'id' | 'at'>;

/** Hears what the other services made of a push and keeps it for lists, operations and streams. Always in the order pushes, images, events: locks never cross. */
@Controller()
export class FollowImages {
  constructor(private readonly pushes: Pushes, private readonly images: Images, private readonly events: ImageEvents, private readonly progress: LiveProgress, private readonly wakes: Wakes, private readonly feedRevision: FeedRevision) {}

  @Hears(ImageIndexed)
  async indexed(body: ImageIndexed, delivery: Delivery): Promise<void> {
    await this.keep(delivery, { type: 'image.indexed', ...body.image, push: body.push, packages: body.packages }, async (tx) => {
      await this.pushes.indexed(tx, body);
      await this.images.indexed(tx, body);
    });
    this.progress.ended(body.push);
  }

  @Hears(ImageRejected)
  async rejected(body: ImageRejected, delivery: Delivery): Promise<void> {
    const { project, push, digest, target, problem } = body;
    await this.keep(delivery, { type: 'image.rejected', project, push, digest, reference: target, problem }, async (tx) => {
      await this.pushes.rejected(tx, body);
      await this.images.rejected(tx, body);
    });
    this.progress.ended(push);
  }

  @Hears(ImageMatched)
  async matched(body: ImageMatched, delivery: Delivery): Promise<void> {
    const { image, push, packages, revision, summary, added, removed } = body;
    await this.keep(delivery, { type: 'image.matched', ...image, push, packages, revision: revision.number, summary, added, removed }, async (tx) => {
      await this.pushes.matched(tx, body);
      await this.images.matched(tx, body);
    });
  }

  @Hears(VerdictChanged)
  async verdictChanged({ push, verdict, previous }: VerdictChanged, delivery: Delivery): Promise<void> {
    await this.keep(delivery, { ...judged('verdict.changed', verdict, push), previous }, (tx) => this.images.judged(tx, verdict, push));
  }

  @Hears(PushJudged)
  async pushJudged(body: PushJudged, delivery: Delivery): Promise<void> {
    await this.keep(delivery, judged('push.judged', body.verdict, body.push), async (tx) => {
      await this.pushes.judged(tx, body);
      await this.images.judged(tx, body.verdict, body.push);
    });
  }

  @Hears(NotificationDelivered)
  async notified({ project, push, digest, channel }: NotificationDelivered, delivery: Delivery): Promise<void> {
    await this.keep(delivery, { type: 'notification.delivered', project, push, digest, channel }, async (tx) => { if (push) await this.pushes.notified(tx, push); });
  }

  @Hears(RevisionPublished)
  async revisionPublished(body: RevisionPublished, { commit }: Delivery): Promise<void> {
    await commit((tx) => this.feedRevision.published(tx, body));
  }

  private async keep({ commit }: Delivery, happened: Happened, work: (tx: EntityManager) => Promise<void>): Promise<void> {
    await commit(async (tx) => {
      await work(tx);
      await this.events.add(tx, happened);
    });
    this.wakes.wake(happened.project);
  }
}

const judged = (type: 'verdict.changed' | 'push.judged', { project, digest, reference, decision, reasons, revision, trace_id }: PushJudged['verdict'], push: string | undefined): Happened =>
  ({ type, project, push, digest, reference, decision, reasons, revision, trace_id });
