import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Bus } from '@plimsoll/bus';
import { every } from '@plimsoll/database';
import { defaultPolicy } from '@plimsoll/policy-language';
import { Problem } from '@plimsoll/problem';
import { Log, Metrics } from '@plimsoll/telemetry';
import { DataSource } from 'typeorm';
import { Exceptions } from './exceptions.ts';
import { LookUp } from './look-up.ts';
import { policyConfig, type PolicyConfig } from './policy.config.ts';
import { ReachVerdicts, type Matter } from './reach-verdicts.ts';
import { Rulebook } from './rulebook.ts';
import { Verdicts, type ImageVerdict } from './verdicts.ts';
import { idsToLookUp, nothingLookedUp, type LookedUp } from './with-exceptions.ts';

/**
 * Judges images again that are due: the policy or exceptions changed, an exception ended, advisories became stale. In batches,
 * each a transaction of its own, from the input that was kept; one that is killed leaves its images due, so the next goes on there.
 */
@Injectable()
export class JudgeAgain implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly backlog;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, private readonly rulebook: Rulebook, private readonly exceptions: Exceptions,
    private readonly verdicts: Verdicts, private readonly lookUp: LookUp, private readonly reachVerdicts: ReachVerdicts,
    @Inject(policyConfig) private readonly config: PolicyConfig, metrics: Metrics,
  ) {
    this.backlog = metrics.gauge('plimsoll_policy_rejudge_backlog', 'Images that are due to be judged again');
  }

  async onApplicationBootstrap(): Promise<void> {
    // An upgrade may bring another built-in policy.
    await this.verdicts.markDueOfOtherDefault(defaultPolicy().digest, new Date());
    this.loop = every(this.db, 'policy-judge-again', this.config.PLIMSOLL_POLICY_POLL_MS, () => this.turn(), {
      signal: this.stopping.signal,
      onError: (error) => this.log.warn('judging again waits', { error: (error as Error).message }),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async turn(): Promise<void> {
    this.backlog.set(await this.verdicts.backlog(new Date()));
    for (const project of await this.verdicts.projectsDue(new Date())) {
      try {
        while (!this.stopping.signal.aborted && await this.batch(project));
      } catch (error) {
        // One project's trouble is not the others'.
        this.log.error('project not judged again', { project, problem: Problem.from(error).toJSON(), cause: (error as Error).stack });
      }
    }
    this.backlog.set(await this.verdicts.backlog(new Date()));
  }

  /** False when nothing is left for now. */
  private async batch(project: string): Promise<boolean> {
    const limit = this.config.PLIMSOLL_POLICY_BATCH;
    const due = await this.verdicts.due(project, new Date(), limit);
    if (due.length === 0) return false;
    const found = await this.lookUpAll(project, due);
    const reached = await this.bus.commit(async (tx, say) => {
      const inForce = await this.rulebook.hold(tx, project);
      const at = new Date();
      const locked = await this.verdicts.lockDue(tx, project, due, at);
      return this.reachVerdicts.reach(tx, say, inForce, locked.map((before) => again(before, found.get(before))), at);
    });
    this.reachVerdicts.count(reached);
    return due.length === limit && reached.length > 0;
  }

  /** Slow, so before the transaction: what exceptions name that nobody looked up yet. */
  private async lookUpAll(project: string, images: readonly string[]): Promise<Found> {
    const exceptions = await this.exceptions.inForce(this.db.manager, project);
    const found = new Found();
    if (!exceptions.some(({ finding }) => finding !== undefined)) return found;
    for (const verdict of await this.verdicts.findAll(project, images)) {
      const { input } = verdict;
      if (input.kind === 'image') found.set(verdict, await this.lookUp.find(input, idsToLookUp(input, exceptions, new Date())));
    }
    return found;
  }
}

const again = (before: ImageVerdict, found: LookedUp): Matter => {
  const { decision: _, input: facts, ...about } = before;
  return { before, about, facts, found };
};

/** What was looked up, for the very input it was asked for: an image that was matched in between is judged without. */
class Found {
  private readonly found = new Map<string, LookedUp>();
  set({ decision, image }: ImageVerdict, found: LookedUp): void { this.found.set(`${image} ${decision.input_digest}`, found); }
  get({ decision, image }: ImageVerdict): LookedUp { return this.found.get(`${image} ${decision.input_digest}`) ?? nothingLookedUp; }
}
