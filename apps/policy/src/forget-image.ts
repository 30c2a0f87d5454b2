import { Controller } from '@nestjs/common';
import { Hears, type Delivery } from '@plimsoll/bus';
import { ImageForgotten } from '@plimsoll/contracts';
import { Verdicts } from './verdicts.ts';

/** An image that its project has no more has no verdict, and none is reached again. Exceptions are people's decisions and stay. */
@Controller()
export class ForgetImage {
  constructor(private readonly verdicts: Verdicts) {}

  @Hears(ImageForgotten)
  async forgotten({ project, digest, reference }: ImageForgotten, { commit, at }: Delivery): Promise<void> {
    await commit((tx) => this.verdicts.forget(tx, project, digest ?? reference, at));
  }
}
