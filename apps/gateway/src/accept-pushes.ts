import { Bus, type Say } from '@plimsoll/bus';
import { ImagePushed } from '@plimsoll/contracts';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ImageEvents } from './image-events.ts';
import { Pushes, type NewPush } from './pushes.ts';
import { Wakes } from './wakes.ts';

/** Takes pushes in: the row that people poll and the event that sets everything going, in one commit and one trace. */
@Injectable()
export class AcceptPushes {
  constructor(private readonly bus: Bus, private readonly pushes: Pushes, private readonly events: ImageEvents, private readonly wakes: Wakes) {}

  /** After this returns the pushes of a project are kept and said, each once whatever the number of calls. */
  async accept(pushes: readonly NewPush[]): Promise<void> {
    await this.bus.commit((tx, say) => this.acceptIn(tx, say, pushes));
    this.wake(pushes);
  }

  /** The same inside a transaction of the caller's, who calls `wake` after it. */
  async acceptIn(tx: EntityManager, say: Say, pushes: readonly NewPush[]): Promise<void> {
    const fresh: NewPush[] = [];
    for (const push of pushes) if (await this.pushes.begun(tx, push)) fresh.push(push);
    for (const { id, project, target, platform, digest, priority, traceId } of fresh) {
      await this.events.add(tx, { type: 'image.pushed', project, push: id, reference: target, digest, trace_id: traceId });
      await say(ImagePushed, { push: id, project, target, digest, platform, priority });
    }
  }

  wake(pushes: readonly NewPush[]): void {
    for (const project of new Set(pushes.map((push) => push.project))) this.wakes.wake(project);
  }
}
