import { Inject, Injectable } from '@nestjs/common';
import type { Say } from '@plimsoll/bus';
import { VerdictChanged, type VerdictCause } from '@plimsoll/contracts';
import type { PolicyInput } from '@plimsoll/policy-language';
import { Metrics } from '@plimsoll/telemetry';
import type { EntityManager } from 'typeorm';
import { isNews, judge, type Judgement } from './judge.ts';
import { policyConfig, type PolicyConfig } from './policy.config.ts';
import type { InForce } from './rulebook.ts';
import { verdictBody } from './verdict-body.ts';
import { Verdicts, type ImageVerdict } from './verdicts.ts';
import type { LookedUp } from './with-exceptions.ts';

/** An image to judge, and what was decided of it before. */
export interface Matter {
  readonly before: ImageVerdict | undefined;
  readonly about: Omit<ImageVerdict, 'decision' | 'input'>;
  readonly facts: PolicyInput;
  readonly found: LookedUp;
  /** The event it is judged because of; absent when it is judged again. */
  readonly heard?: { readonly cause: 'match' | 'rejection'; readonly push: string | undefined };
}

/** How soon findings that could not be looked up are asked for again. */
const lookUpAgainMs = 60_000;

/** The one way to a verdict: judge, keep, and tell what is news, all in the transaction of the caller. */
@Injectable()
export class ReachVerdicts {
  private readonly total; private readonly seconds; private readonly delays;

  constructor(private readonly verdicts: Verdicts, @Inject(policyConfig) config: PolicyConfig, metrics: Metrics) {
    this.total = metrics.counter('plimsoll_policy_verdicts_total', 'Verdicts reached, new or again', ['decision'] as const);
    this.seconds = metrics.histogram('plimsoll_policy_evaluation_seconds', 'Time to judge one image, from its facts to the decision');
    this.delays = { clockMs: config.PLIMSOLL_POLICY_CLOCK_MINUTES * 60_000, lookUpMs: lookUpAgainMs };
  }

  async reach(tx: EntityManager, say: Say, inForce: InForce, matters: readonly Matter[], at: Date): Promise<ImageVerdict[]> {
    const judgements = matters.map((matter) => this.judge(inForce, matter, at));
    const verdicts = matters.map(({ about, before }, index) => ({ ...about, before, decision: judgements[index]!.decision, input: judgements[index]!.input.value, dueAt: judgements[index]!.due }));
    await this.verdicts.keep(tx, verdicts);
    for (const [index, { before, heard }] of matters.entries()) {
      const judgement = judgements[index]!, verdict = verdicts[index]!;
      if (!isNews(before, judgement, inForce.policy)) continue;
      await this.verdicts.remember(tx, verdict, heard?.cause ?? causeOf(before, judgement));
      await say(VerdictChanged, { push: heard?.push, verdict: verdictBody(verdict), previous: before?.decision.decision });
    }
    return verdicts;
  }

  /** For after the commit: what a failed transaction decided was never a verdict. */
  count(verdicts: readonly ImageVerdict[]): void {
    for (const { decision } of verdicts) this.total.inc({ decision: decision.decision });
  }

  private judge(inForce: InForce, { facts, found }: Matter, at: Date): Judgement {
    const done = this.seconds.startTimer();
    const judgement = judge(inForce, facts, found, at, this.delays);
    done();
    return judgement;
  }
}

/** Why an image that nobody spoke of was judged to another end: its facts are the same, so what differs tells. */
function causeOf(before: ImageVerdict | undefined, { decision }: Judgement): VerdictCause {
  if (before?.decision.policy.digest !== decision.policy.digest) return 'policy';
  return before.decision.input_digest === decision.input_digest ? 'time' : 'exceptions';
}
