import { setImmediate as breathe } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Answers } from '@plimsoll/bus';
import { ReplayPolicy, type Answer, type Body, type VerdictDecision } from '@plimsoll/contracts';
import { canonicalJson, evaluate, loadPolicy, readInput, type CompiledPolicy, type Decision } from '@plimsoll/policy-language';
import { Problem } from '@plimsoll/problem';
import { Verdicts, type ImageVerdict } from './verdicts.ts';

const batch = 100, named = 100, namedRules = 20;

/** What a policy would have said of every image, before anybody enforces it. */
@Controller()
export class ReplayOverImages {
  private underWay = false;

  constructor(private readonly verdicts: Verdicts) {}

  /** One at a time in a process: it takes the processor for as long as there are images, and pushes wait beside it. */
  @Answers(ReplayPolicy)
  async replay({ project, document }: Body<typeof ReplayPolicy>): Promise<Answer<typeof ReplayPolicy>> {
    const policy = loadPolicy(document);
    if (this.underWay) throw new Problem('limited', 'another replay is under way; try again when it is done', { code: 'replay-busy' });
    this.underWay = true;
    try {
      return await this.over(project, policy);
    } finally {
      this.underWay = false;
    }
  }

  private async over(project: string, policy: CompiledPolicy): Promise<Answer<typeof ReplayPolicy>> {
    const answer: Answer<typeof ReplayPolicy> = { policy: { name: policy.policy.name, digest: policy.digest }, images: 0, changed: 0, other_reasons: 0, changes: [], first: [] };
    for (let page = await this.verdicts.after(project, '', batch); page.length > 0; page = await this.verdicts.after(project, page.at(-1)!.image, batch)) {
      for (const verdict of page) {
        tally(answer, verdict, replay(policy, verdict));
        await breathe();
      }
    }
    return answer;
  }
}

/** The decision that a policy comes to from the same input as of the same instant; by the same policy, the same bytes. */
export const replay = (policy: CompiledPolicy, { input, decision }: Pick<ImageVerdict, 'input' | 'decision'>): Decision =>
  evaluate(policy, readInput(input), new Date(decision.at));

function tally(answer: Answer<typeof ReplayPolicy>, { digest, reference, decision: then }: ImageVerdict, now: Decision): void {
  answer.images++;
  if (then.decision === now.decision) {
    if (canonicalJson(then.reasons) !== canonicalJson(now.reasons)) answer.other_reasons++;
    return;
  }
  answer.changed++;
  countChange(answer.changes, then.decision, now.decision);
  if (answer.first.length < named) {
    answer.first.push({ ...(digest !== undefined && { digest }), reference, then: then.decision, now: now.decision, decided_at: then.at, rules: now.reasons.slice(0, namedRules).map(({ rule }) => rule) });
  }
}

function countChange(changes: { then: VerdictDecision; now: VerdictDecision; images: number }[], then: VerdictDecision, now: VerdictDecision): void {
  const known = changes.find((change) => change.then === then && change.now === now);
  if (known) known.images++;
  else changes.push({ then, now, images: 1 });
}
