import type { Bus } from '@plimsoll/bus';
import { GetFindings } from '@plimsoll/contracts';
import { Severity } from '@plimsoll/matching';
import type { Worst } from './filter.ts';

/** Asks feeds for the worst severity of an image's findings. When it cannot be told, that is the answer: nobody misses news because feeds is away. */
export async function worstFinding(bus: Pick<Bus, 'ask'>, project: string, digest: string | undefined): Promise<Worst> {
  if (digest === undefined) return 'cannot-tell';
  try {
    const { summary } = await bus.ask(GetFindings, { project, digest, limit: 1 }, { timeoutMs: 3_000 });
    return Severity.options.find((severity) => summary.by_severity[severity] > 0) ?? (summary.undetermined > 0 ? 'cannot-tell' : 'none');
  } catch {
    return 'cannot-tell';
  }
}
