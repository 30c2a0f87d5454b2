import { Bus, Hears, keepTrace, type Commit, type Delivery } from '@plimsoll/bus';
import { ImageForgotten, RevisionPublished, VerdictChanged, type RevisionPublished as Revision, type VerdictChanged as Changed } from '@plimsoll/contracts';
import { Controller, Inject } from '@nestjs/common';
import { cloudEvent } from './cloud-event.ts';
import { Deliveries } from './deliveries.ts';
import { DeliveryWorker } from './delivery-worker.ts';
import { wants, type Noticed } from './filter.ts';
import { revisionHappening, verdictHappening, type Happening } from './happening.ts';
import { Subscriptions } from './subscriptions.ts';
import { worstFinding } from './worst-finding.ts';

/** The start of CloudEvents `source`. */
export const eventSource = Symbol('event source');

/** Hears what happened and writes down who is to be told of it: one delivery for each event and subscription. The worker sends them. */
@Controller()
export class Notify {
  constructor(
    private readonly bus: Bus, private readonly subscriptions: Subscriptions, private readonly deliveries: Deliveries, private readonly worker: DeliveryWorker,
    @Inject(eventSource) private readonly source: string,
  ) {}

  @Hears(VerdictChanged, { concurrency: 8 })
  async verdictChanged(changed: Changed, { id, commit }: Delivery): Promise<void> {
    const { project, digest, reference, decision } = changed.verdict;
    const worst = await this.subscriptions.anyAsksForSeverity(project) ? await worstFinding(this.bus, project, digest) : 'cannot-tell';
    await this.writeDown(commit, verdictHappening(id, changed), { name: 'verdict.changed', decision, reference, worst });
  }

  @Hears(RevisionPublished)
  async revisionPublished(revision: Revision, { id, commit }: Delivery): Promise<void> {
    await this.writeDown(commit, revisionHappening(id, revision), { name: 'revision.published' });
  }

  /** What was sent about an image goes with it, and what waits to be sent is not sent any more. */
  @Hears(ImageForgotten)
  async forgotten({ project, digest }: ImageForgotten, { commit, at }: Delivery): Promise<void> {
    await commit(async (tx) => { if (digest) await this.deliveries.forgetImage(tx, project, digest, at); });
  }

  private async writeDown(commit: Commit, happening: Happening, noticed: Noticed): Promise<void> {
    const trace = keepTrace();
    const event = cloudEvent(happening, this.source, trace);
    await commit(async (tx) => {
      const candidates = await this.subscriptions.heldCandidates(tx, happening.name, happening.project);
      const wanting = candidates.filter(({ filter }) => wants(filter, noticed)).map(({ id }) => id);
      if (wanting.length) await this.deliveries.add(tx, happening, event, trace, wanting);
    });
    this.worker.wake();
  }
}
