import { Bus } from '@plimsoll/bus';
import { AddVex, GetFeedsStatus, GetRevision, IngestSource, ListVex, operations, RemoveVex, WhoHas, type Answer, type Input, type Principal } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { visibleProjects } from './permissions.ts';
import { principalOf, Serves, type Call } from './serves.ts';

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

  /** Which images it struck is told only of projects whose images the caller may read. */
  @Serves(operations.getRevision)
  revision(input: Input<typeof operations.getRevision>, call: Call): Promise<Answer<typeof GetRevision>> {
    return this.bus.ask(GetRevision, { ...input, ...bounded(principalOf(call)) }, { timeoutMs: 30_000 });
  }

  @Serves(operations.whoHas)
  whoHas(input: Input<typeof operations.whoHas>, call: Call): Promise<Answer<typeof WhoHas>> {
    return this.bus.ask(WhoHas, { ...input, ...bounded(principalOf(call)) }, { timeoutMs: 30_000 });
  }

  @Serves(operations.addVex)
  addVex(input: Input<typeof operations.addVex>, call: Call): Promise<Answer<typeof AddVex>> {
    return this.bus.ask(AddVex, { ...input, added_by: principalOf(call).subject }, { timeoutMs: 30_000 });
  }

  @Serves(operations.listVex)
  listVex(input: Input<typeof operations.listVex>): Promise<Answer<typeof ListVex>> { return this.bus.ask(ListVex, input); }

  @Serves(operations.removeVex)
  removeVex(input: Input<typeof operations.removeVex>, call: Call): Promise<Answer<typeof RemoveVex>> {
    return this.bus.ask(RemoveVex, { ...input, removed_by: principalOf(call).subject });
  }
}

const bounded = (principal: Principal): { projects?: string[] } => {
  const projects = visibleProjects(principal, 'images:read');
  return projects === 'all' ? {} : { projects };
};
