import { Bus } from '@plimsoll/bus';
import { AddVex, ExportBundle, GetDatabase, GetFeedsStatus, GetRevision, GetSource, ImportBundle, IngestSource, ListVex, operations, RemoveVex, WhoHas, type Answer, type Input, type Principal } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import type { FileAnswer } from './file-answer.ts';
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

  @Serves(operations.getSource)
  source(input: Input<typeof operations.getSource>): Promise<Answer<typeof GetSource>> { return this.bus.ask(GetSource, input); }

  @Serves(operations.exportBundle)
  async bundle(input: Input<typeof operations.exportBundle>): Promise<FileAnswer> {
    const { name, document } = await this.bus.ask(ExportBundle, input, { timeoutMs: operations.exportBundle.seconds! * 1000 });
    return { name, document, bytes: await this.bus.documents.stream(document) };
  }

  @Serves(operations.importBundle)
  import(input: Input<typeof operations.importBundle>): Promise<Answer<typeof ImportBundle>> {
    return this.bus.ask(ImportBundle, input, { timeoutMs: operations.importBundle.seconds! * 1000 });
  }

  @Serves(operations.getDatabase)
  async database(): Promise<FileAnswer> {
    const { revision, document } = await this.bus.ask(GetDatabase, {}, { timeoutMs: operations.getDatabase.seconds! * 1000 });
    return { name: `plimsoll-advisories-${revision}.db`, document, bytes: await this.bus.documents.stream(document) };
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
