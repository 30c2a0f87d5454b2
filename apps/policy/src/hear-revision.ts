import { Controller } from '@nestjs/common';
import { Hears, type Delivery } from '@plimsoll/bus';
import { RevisionPublished } from '@plimsoll/contracts';
import { Revisions } from './revisions.ts';

/** A feed revision makes every image's facts as fresh as it is; those it changes are matched again and heard of separately. */
@Controller()
export class HearRevision {
  constructor(private readonly revisions: Revisions) {}

  @Hears(RevisionPublished)
  async published({ revision, published_at }: RevisionPublished, { commit }: Delivery): Promise<void> {
    await commit((tx) => this.revisions.keep(tx, { number: revision, published_at }));
  }
}
