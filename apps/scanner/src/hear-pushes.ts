import { Controller } from '@nestjs/common';
import { Answers, Bus, Hears, type Delivery } from '@plimsoll/bus';
import { CancelScan, FindInventory, FindScans, ImageForgotten, ImagePushed, ListPlatforms, ScanCancelled, type Answer, type Body } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Images } from './images.ts';
import { OpenTarget } from './open-target.ts';
import { Scans } from './scans.ts';

/** Somebody waits for the answer. */
const platformsMs = 20_000;

/** What others want of the scanner: that it queues, finds, cancels and forgets. All of it is quick; the work is done by WorkOnScans. */
@Controller()
export class HearPushes {
  constructor(private readonly bus: Bus, private readonly scans: Scans, private readonly images: Images, private readonly openTarget: OpenTarget) {}

  @Hears(ImagePushed)
  async pushed(pushed: ImagePushed, { commit, at }: Delivery): Promise<void> { await commit((tx) => this.scans.add(tx, pushed, at)); }

  @Hears(ImageForgotten)
  async forgotten({ project, digest }: ImageForgotten, { commit, at }: Delivery): Promise<void> {
    await commit(async (tx) => { if (digest) await this.images.forgotten(tx, project, digest, at); });
  }

  @Answers(FindScans)
  async findScans({ pushes }: Body<typeof FindScans>): Promise<Answer<typeof FindScans>> { return { scans: await this.scans.find(pushes) }; }

  /** A scan that ended is no longer to be cancelled; one that was cancelled is cancelled. */
  @Answers(CancelScan)
  cancelScan({ push, project, target, by }: Body<typeof CancelScan>): Promise<Answer<typeof CancelScan>> {
    return this.bus.commit(async (tx, say) => {
      const was = await this.scans.cancel(tx, push, project);
      if (was === undefined) throw new Problem('missing', `there is no scan ${push} in ${project}`, { code: 'operation-missing' });
      if (was === 'ended') throw new Problem('conflict', 'the scan has ended already', { code: 'scan-ended' });
      if (was !== 'cancelled') await say(ScanCancelled, { push, project, target, by, why: 'somebody cancelled it' });
      return { was };
    });
  }

  @Answers(ListPlatforms)
  async listPlatforms({ target }: Body<typeof ListPlatforms>): Promise<Answer<typeof ListPlatforms>> {
    return { platforms: [...await this.openTarget.platforms(target, AbortSignal.timeout(platformsMs))] };
  }

  @Answers(FindInventory)
  async findInventory({ digest }: Body<typeof FindInventory>): Promise<Answer<typeof FindInventory>> {
    const found = await this.images.find(digest);
    if (!found) throw new Problem('missing', `no image ${digest} was indexed`, { code: 'image-missing' });
    return { inventory: found.inventory, platform: found.platform, packages: found.packages, problems: found.problems, indexed_at: found.indexedAt.toISOString() };
  }
}
