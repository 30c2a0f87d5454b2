import { Controller } from '@nestjs/common';
import { Answers } from '@plimsoll/bus';
import { AddBase, ListBases, RemoveBase, type Answer, type Body } from '@plimsoll/contracts';
import { asBase } from '@plimsoll/inventory';
import { Problem } from '@plimsoll/problem';
import { Bases } from './bases.ts';
import { OpenTarget } from './open-target.ts';

/** Which images others may be built on. Inventories do not change by it: what comes from a base is told when they are read. */
@Controller()
export class ManageBases {
  constructor(private readonly bases: Bases, private readonly openTarget: OpenTarget) {}

  @Answers(AddBase)
  async add({ project, target, platform, name }: Body<typeof AddBase>): Promise<Answer<typeof AddBase>> {
    const image = await this.openTarget.open({ target, digest: undefined, platform }, AbortSignal.timeout(50_000));
    try {
      return await this.bases.add(project, { ...asBase(image), ...(name && { name }) });
    } finally {
      await image.close();
    }
  }

  @Answers(ListBases)
  async list({ project }: Body<typeof ListBases>): Promise<Answer<typeof ListBases>> { return { items: await this.bases.list(project) }; }

  @Answers(RemoveBase)
  async remove({ project, id }: Body<typeof RemoveBase>): Promise<Answer<typeof RemoveBase>> {
    if (!await this.bases.remove(project, id)) throw new Problem('missing', `${project} has no base image ${id}`, { code: 'base-missing' });
    return {};
  }
}
