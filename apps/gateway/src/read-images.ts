import { Bus } from '@plimsoll/bus';
import { DiffImages, ExplainFinding, GetFindings, GetVerdict, GetWhyNot, operations, type Answer, type ImageEvent, type ImageItem, type Input, type Page, type PushOperation } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { ApprovedBases } from './approved-bases.ts';
import { ImageEvents } from './image-events.ts';
import { Images } from './images.ts';
import { Pushes } from './pushes.ts';
import { Serves, type Call } from './serves.ts';

type Follow = (signal: AbortSignal) => AsyncIterable<ImageEvent>;

/** Reads about images: lists from our own rows, details from their owners, and only for images of the project. */
@Controller()
export class ReadImages {
  constructor(private readonly bus: Bus, private readonly bases: ApprovedBases, private readonly images: Images, private readonly pushes: Pushes, private readonly events: ImageEvents) {}

  @Serves(operations.getOperation)
  operation({ project, push }: Input<typeof operations.getOperation>): Promise<PushOperation> { return this.pushes.operation(project, push); }

  @Serves(operations.listImages)
  list(input: Input<typeof operations.listImages>): Promise<Page<ImageItem>> { return this.images.list(input); }

  @Serves(operations.getImage)
  image({ project, digest }: Input<typeof operations.getImage>): Promise<ImageItem> { return this.images.get(project, digest); }

  @Serves(operations.getInventory)
  async inventory({ project, digest }: Input<typeof operations.getInventory>): Promise<unknown> {
    await this.images.get(project, digest);
    return this.bases.inventory(project, digest);
  }

  @Serves(operations.listFindings)
  async findings(input: Input<typeof operations.listFindings>): Promise<Answer<typeof GetFindings>> {
    await this.images.get(input.project, input.digest);
    return this.bases.marked(input.project, input.digest, await this.bus.ask(GetFindings, input));
  }

  @Serves(operations.explainFinding)
  async explain(input: Input<typeof operations.explainFinding>): Promise<Answer<typeof ExplainFinding>> {
    await this.images.get(input.project, input.digest);
    return this.bus.ask(ExplainFinding, input, { timeoutMs: operations.explainFinding.seconds! * 1000 });
  }

  @Serves(operations.whyNot)
  async whyNot(input: Input<typeof operations.whyNot>): Promise<Answer<typeof GetWhyNot>> {
    await this.images.get(input.project, input.digest);
    return this.bus.ask(GetWhyNot, input, { timeoutMs: operations.whyNot.seconds! * 1000 });
  }

  @Serves(operations.diffImages)
  diff({ project, from, to }: Input<typeof operations.diffImages>): Promise<Answer<typeof DiffImages>> {
    return this.bus.ask(DiffImages, { project, from: asOf(from), to: asOf(to) }, { timeoutMs: operations.diffImages.seconds! * 1000 });
  }

  @Serves(operations.getVerdict)
  async verdict({ project, digest }: Input<typeof operations.getVerdict>): Promise<Answer<typeof GetVerdict>> {
    await this.images.get(project, digest);
    return this.bus.ask(GetVerdict, { project, digest });
  }

  @Serves(operations.getVerdictByReference)
  verdictByReference(input: Input<typeof operations.getVerdictByReference>): Promise<Answer<typeof GetVerdict>> { return this.bus.ask(GetVerdict, input); }

  @Serves(operations.watchImage)
  async watchImage({ project, digest, after }: Input<typeof operations.watchImage>, { lastEventId }: Call): Promise<Follow> {
    await this.images.get(project, digest);
    return (signal) => this.events.follow({ project, digest }, number(lastEventId ?? after) ?? 0, signal);
  }

  @Serves(operations.watchProject)
  async watchProject({ project, push, after }: Input<typeof operations.watchProject>, { lastEventId }: Call): Promise<Follow> {
    if (push) await this.pushes.operation(project, push);
    const from = number(lastEventId ?? after) ?? (push ? 0 : await this.events.latest(project));
    return (signal) => this.events.follow({ project, push }, from, signal);
  }
}

/** A Last-Event-ID that is not ours is no place to resume from. */
const number = (id: string | undefined): number | undefined => id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined;

/** `digest@revision`. */
function asOf(side: string): { digest: string; revision?: number } {
  const [digest, revision] = side.split('@') as [string, string?];
  return revision === undefined ? { digest } : { digest, revision: Number(revision) };
}
