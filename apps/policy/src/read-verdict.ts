import { Controller } from '@nestjs/common';
import { Answers } from '@plimsoll/bus';
import { GetVerdict, type Answer, type Body } from '@plimsoll/contracts';
import { invalid, Problem } from '@plimsoll/problem';
import { thatFit, verdictBody } from './verdict-body.ts';
import { Verdicts } from './verdicts.ts';

const historyLength = 50;
/** Bytes of excepted reasons and uses, and of the whole answer: the message server takes 1 MiB. */
const sideBytes = 100_000, answerBytes = 1_000_000;

/** The present verdict with what it saw and how it came about. */
@Controller()
export class ReadVerdict {
  constructor(private readonly verdicts: Verdicts) {}

  @Answers(GetVerdict)
  async read({ project, digest, reference }: Body<typeof GetVerdict>): Promise<Answer<typeof GetVerdict>> {
    if ((digest === undefined) === (reference === undefined)) throw invalid('request-invalid', 'a verdict is asked for by digest or by reference, and not by both');
    const image = (digest ?? reference)!;
    const verdict = await this.verdicts.find(project, image);
    if (!verdict) throw new Problem('missing', `no verdict on ${image} in project ${project}`, { code: 'verdict-missing' });
    const past = await this.verdicts.history(project, image, historyLength);
    const answer = {
      ...verdictBody(verdict),
      excepted: thatFit(verdict.decision.excepted, sideBytes), exceptions: thatFit(verdict.decision.exceptions, sideBytes),
      history: past.map(({ outcome, decided_at, revision, ...rest }) => ({ decision: outcome, decided_at: decided_at.toISOString(), ...(revision !== null && { revision }), ...rest })),
    };
    const fits = Buffer.byteLength(JSON.stringify(answer)) + Buffer.byteLength(JSON.stringify(verdict.input)) < answerBytes;
    return { ...answer, input: fits ? verdict.input : undefined };
  }
}
