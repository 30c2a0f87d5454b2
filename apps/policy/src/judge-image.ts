import { Controller } from '@nestjs/common';
import { Hears, type Commit, type Delivery } from '@plimsoll/bus';
import { ImageMatched, ImageRejected, PushJudged } from '@plimsoll/contracts';
import type { PolicyInput } from '@plimsoll/policy-language';
import { currentTraceId } from '@plimsoll/telemetry';
import { DataSource } from 'typeorm';
import { Exceptions } from './exceptions.ts';
import { matchedFacts, rejectedFacts } from './facts.ts';
import { LookUp } from './look-up.ts';
import { ReachVerdicts } from './reach-verdicts.ts';
import { Rulebook } from './rulebook.ts';
import { verdictBody } from './verdict-body.ts';
import { Verdicts, type ImageVerdict } from './verdicts.ts';
import { idsToLookUp, nothingLookedUp, type LookedUp } from './with-exceptions.ts';

/** What an event says of an image, and which event. */
interface Heard {
  readonly image: string;
  readonly facts: PolicyInput;
  readonly found: LookedUp;
  readonly revision: number | undefined;
  readonly at: Date;
  readonly push: string | undefined;
}

/** Every image that was matched, and every image that could not be read, gets a verdict. */
@Controller()
export class JudgeImage {
  constructor(
    private readonly db: DataSource, private readonly rulebook: Rulebook, private readonly exceptions: Exceptions, private readonly verdicts: Verdicts,
    private readonly lookUp: LookUp, private readonly reachVerdicts: ReachVerdicts,
  ) {}

  @Hears(ImageMatched)
  async matched(matched: ImageMatched, { commit, at }: Delivery): Promise<void> {
    const facts = matchedFacts(matched);
    const named = idsToLookUp(facts, await this.exceptions.inForce(this.db.manager, facts.image.project), new Date());
    const found = await this.lookUp.find(facts, named);
    await this.judge({ image: matched.image.digest, facts, found, revision: matched.revision.number, at, push: matched.push }, commit);
  }

  @Hears(ImageRejected)
  async rejected(rejected: ImageRejected, { commit, at }: Delivery): Promise<void> {
    const facts = rejectedFacts(rejected);
    await this.judge({ image: rejected.digest ?? facts.image.reference, facts, found: nothingLookedUp, revision: undefined, at, push: rejected.push }, commit);
  }

  private async judge({ image, facts, found, revision, at, push }: Heard, commit: Commit): Promise<void> {
    const { project, digest, reference } = facts.image;
    const reached = await commit(async (tx, say) => {
      // 1. nobody changes what is in force, and nobody else judges this image
      const inForce = await this.rulebook.hold(tx, project);
      const before = await this.verdicts.lock(tx, project, image);
      // 2. news that is older than the verdict leaves it as it is
      const fresh = before === undefined || !isOlder({ revision, at }, before);
      const traceId = push === undefined && before?.traceId ? before.traceId : currentTraceId();
      const verdicts = fresh
        ? await this.reachVerdicts.reach(tx, say, inForce, [{ before, about: { project, image, digest, reference, revision, saidAt: at, traceId }, facts, found, heard: { cause: facts.kind === 'image' ? 'match' : 'rejection', push } }], new Date())
        : [];
      // 3. whoever pushed is answered in any case
      const present = verdicts[0] ?? before;
      if (push !== undefined && present) await say(PushJudged, { push, verdict: verdictBody(present) });
      return verdicts;
    });
    this.reachVerdicts.count(reached ?? []);
  }
}

/** Matches are ordered by their revision. A rejection has none: between it and a match, the one that was said later holds. */
const isOlder = (heard: Pick<Heard, 'revision' | 'at'>, before: ImageVerdict): boolean =>
  (heard.revision !== undefined && before.revision !== undefined && heard.revision !== before.revision
    ? heard.revision < before.revision
    : heard.at < before.saidAt);
