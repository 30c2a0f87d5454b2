import { Bus } from '@plimsoll/bus';
import { CancelScan, ListPlatforms, operations, type Answer, type Input, type Page, type PushOperation, type Upkeep } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Controller } from '@nestjs/common';
import { ForgetImages } from './forget-images.ts';
import { imageMissing } from './images.ts';
import { Pushes } from './pushes.ts';
import { principalOf, Serves, type Call } from './serves.ts';
import { Upkeeps } from './upkeeps.ts';
import { Wakes } from './wakes.ts';

/** What a person does to pushes and images besides submitting and reading them. */
@Controller()
export class ManageImages {
  constructor(private readonly bus: Bus, private readonly pushes: Pushes, private readonly forgetImages: ForgetImages, private readonly upkeeps: Upkeeps, private readonly wakes: Wakes) {}

  @Serves(operations.listPlatforms)
  platforms({ target }: Input<typeof operations.listPlatforms>): Promise<Answer<typeof ListPlatforms>> { return this.bus.ask(ListPlatforms, { target }, { timeoutMs: operations.listPlatforms.seconds! * 1000 }); }

  @Serves(operations.listOperations)
  list(input: Input<typeof operations.listOperations>): Promise<Page<PushOperation>> { return this.pushes.list(input); }

  /** The scanner decides whether it is too late; its word comes as an event too, which is what the push ends by. */
  @Serves(operations.cancelOperation)
  async cancel({ project, push }: Input<typeof operations.cancelOperation>, call: Call): Promise<PushOperation> {
    const before = await this.pushes.operation(project, push);
    if (before.done && before.state !== 'cancelled') throw new Problem('conflict', `the push has ended: it is ${before.state}`, { code: 'scan-ended' });
    if (before.state !== 'cancelled') await this.bus.ask(CancelScan, { push, project, target: before.target, by: principalOf(call).subject });
    return { ...await this.pushes.operation(project, push), state: 'cancelled', done: true, scan: undefined, progress: undefined };
  }

  @Serves(operations.deleteImage)
  async delete({ project, digest }: Input<typeof operations.deleteImage>, call: Call): Promise<void> {
    const found = await this.bus.commit((tx, say) => this.forgetImages.forget(tx, say, { project, name: digest, why: 'deleted', by: principalOf(call).subject }));
    if (!found) throw imageMissing(project, digest);
    this.wakes.wake(project);
  }

  @Serves(operations.getUpkeep)
  upkeep({ project }: Input<typeof operations.getUpkeep>): Promise<Upkeep> { return this.upkeeps.of(project); }

  @Serves(operations.setUpkeep)
  async setUpkeep({ project, ...upkeep }: Input<typeof operations.setUpkeep>, call: Call): Promise<Upkeep> {
    await this.upkeeps.set(project, upkeep, principalOf(call).subject);
    return this.upkeeps.of(project);
  }
}
