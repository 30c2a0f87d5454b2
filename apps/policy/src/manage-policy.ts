import { Controller } from '@nestjs/common';
import { Answers } from '@plimsoll/bus';
import { GetPolicy, SetPolicy, type Answer, type Body } from '@plimsoll/contracts';
import { defaultPolicy, defaultPolicyText, loadPolicy } from '@plimsoll/policy-language';
import { DataSource } from 'typeorm';
import { Policies } from './policies.ts';
import { Rulebook } from './rulebook.ts';
import { Verdicts } from './verdicts.ts';

/** What is in force for a project, and how it is replaced. */
@Controller()
export class ManagePolicy {
  constructor(private readonly db: DataSource, private readonly rulebook: Rulebook, private readonly policies: Policies, private readonly verdicts: Verdicts) {}

  @Answers(GetPolicy)
  async get({ project }: Body<typeof GetPolicy>): Promise<Answer<typeof GetPolicy>> {
    const set = await this.policies.find(project);
    if (!set) return { name: defaultPolicy().policy.name, digest: defaultPolicy().digest, document: defaultPolicyText };
    return { name: set.name, digest: set.digest, document: set.document, author: set.author, created_at: set.created_at.toISOString() };
  }

  /** A document with mistakes is refused with all of them; the present policy stays. */
  @Answers(SetPolicy)
  async set({ project, document, author }: Body<typeof SetPolicy>): Promise<Answer<typeof SetPolicy>> {
    const { policy: { name }, digest } = loadPolicy(document);
    await this.db.transaction(async (tx) => {
      await this.rulebook.holdAlone(tx, project);
      const before = await this.policies.find(project, tx);
      if (before?.document === document) return;
      await this.policies.add(tx, project, { name, digest, document, author });
      await this.verdicts.markDue(tx, project, new Date());
    });
    return { name, digest };
  }
}
