import { Injectable } from '@nestjs/common';
import { Bus } from '@plimsoll/bus';
import { GetFindings } from '@plimsoll/contracts';
import { canonicalJson, compact, type CompactFinding, type MatchedInput } from '@plimsoll/policy-language';
import { Problem } from '@plimsoll/problem';
import { Log } from '@plimsoll/telemetry';
import { nothingLookedUp, type LookedUp } from './with-exceptions.ts';

/** Requests to the feeds at the same time. */
const together = 4;

/** Asks the feeds for findings of an image that exceptions name and its match did not list. */
@Injectable()
export class LookUp {
  constructor(private readonly bus: Bus, private readonly log: Log) {}

  /** Answers what could be learnt. What could not stays unknown: its exception takes nothing out, and the caller tries again later. */
  async find({ image: { project, digest }, findings: summary }: MatchedInput, ids: readonly string[]): Promise<LookedUp> {
    if (ids.length === 0 || digest === undefined) return nothingLookedUp;
    const found: { id: string; findings: CompactFinding[] }[] = [];
    try {
      for (let from = 0; from < ids.length; from += together) {
        const answers = await Promise.all(ids.slice(from, from + together).map((id) => this.ask(project, digest, id, summary)));
        found.push(...answers.flatMap((answer) => answer ?? []));
      }
    } catch (error) {
      this.log.warn('findings of exceptions not looked up', { project, digest, problem: Problem.from(error).toJSON() });
    }
    return { ids: found.map(({ id }) => id), findings: found.flatMap(({ findings }) => findings) };
  }

  /** Undefined when the feeds speak of other findings than the ones that were counted: then a newer match is on its way. */
  private async ask(project: string, digest: string, id: string, counted: MatchedInput['findings']): Promise<{ id: string; findings: CompactFinding[] } | undefined> {
    const { items, summary, next_page_token: more } = await this.bus.ask(GetFindings, { project, digest, id, limit: 500 });
    if (more !== undefined || canonicalJson(summary) !== canonicalJson(counted)) return undefined;
    // The feeds find by alias too; an exception means the name that is shown.
    return { id, findings: items.flatMap((finding) => compact(finding) ?? []).filter((finding) => finding.id === id) };
  }
}
