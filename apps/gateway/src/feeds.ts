import { Bus } from '@plimsoll/bus';
import { GetFeedsStatus, IngestSource, operations, type Answer, type Input } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { Serves } from './serves.ts';

/** Asks the feeds service for people. */
@Controller()
export class Feeds {
  constructor(private readonly bus: Bus) {}

  @Serves(operations.getFeeds)
  status(): Promise<Answer<typeof GetFeedsStatus>> { return this.bus.ask(GetFeedsStatus, {}); }

  @Serves(operations.ingestSource)
  ingest(input: Input<typeof operations.ingestSource>): Promise<Answer<typeof IngestSource>> {
    return this.bus.ask(IngestSource, input, { timeoutMs: operations.ingestSource.seconds! * 1000 });
  }
}
