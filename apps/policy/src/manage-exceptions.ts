import { Controller, Inject } from '@nestjs/common';
import { Answers } from '@plimsoll/bus';
import { CreateException, ListExceptions, RevokeException, type Answer, type Body } from '@plimsoll/contracts';
import { Exception, rejectedRule, reservedRules, type CompiledPolicy } from '@plimsoll/policy-language';
import { invalid, Problem } from '@plimsoll/problem';
import { DataSource } from 'typeorm';
import { Exceptions } from './exceptions.ts';
import { Policies } from './policies.ts';
import { policyConfig, type PolicyConfig } from './policy.config.ts';
import { Rulebook } from './rulebook.ts';
import { Verdicts } from './verdicts.ts';

/** Exceptions come, are listed and go. Whoever asks was let in by the gateway; who approved is what it says. */
@Controller()
export class ManageExceptions {
  constructor(
    private readonly db: DataSource, private readonly rulebook: Rulebook, private readonly policies: Policies, private readonly exceptions: Exceptions, private readonly verdicts: Verdicts,
    @Inject(policyConfig) private readonly config: PolicyConfig,
  ) {}

  @Answers(CreateException)
  create(asked: Body<typeof CreateException>): Promise<Answer<typeof CreateException>> {
    return this.db.transaction(async (tx) => {
      await this.rulebook.holdAlone(tx, asked.project);
      const at = new Date();
      check(asked, await this.policies.inForce(tx, asked.project), at, this.config.PLIMSOLL_POLICY_EXCEPTION_DAYS);
      const exception = await this.exceptions.add(tx, asked, at);
      await this.verdicts.markDue(tx, asked.project, at, asked.scope.digest);
      return exception;
    });
  }

  @Answers(ListExceptions)
  list(asked: Body<typeof ListExceptions>): Promise<Answer<typeof ListExceptions>> {
    return this.exceptions.list(asked, new Date());
  }

  @Answers(RevokeException)
  revoke({ project, id, revoked_by }: Body<typeof RevokeException>): Promise<Answer<typeof RevokeException>> {
    return this.db.transaction(async (tx) => {
      await this.rulebook.holdAlone(tx, project);
      const at = new Date();
      const exception = await this.exceptions.revoke(tx, project, id, revoked_by, at);
      await this.verdicts.markDue(tx, project, at, exception.scope.digest);
      return exception;
    });
  }
}

/** Refuses what could never work, while the person who wrote it still looks. */
function check({ project, scope, finding, package: of, rule, until, reason, approved_by }: Body<typeof CreateException>, { policy }: CompiledPolicy, at: Date, mostDays: number): void {
  const read = Exception.safeParse({ id: 'new', scope: { project, ...scope }, finding, package: of, rule, until, reason, approved_by });
  if (!read.success) {
    const errors = read.error.issues.map((issue) => ({ where: issue.path.join('.') || 'the exception', what: issue.message }));
    throw new Problem('invalid', `the exception is wrong: ${errors[0]?.where}: ${errors[0]?.what}`, { code: 'exception-invalid', errors });
  }
  const ms = Date.parse(until) - at.getTime();
  if (ms <= 0) throw invalid('exception-over', `the exception would have ended already, at ${until}`);
  if (ms > mostDays * 86_400_000) throw invalid('exception-too-long', `an exception may last ${mostDays} days at most; what is meant for ever belongs into the policy`);
  if (rule === rejectedRule) throw invalid('exception-rule-unknown', `${rejectedRule} cannot be excepted: nothing is known of such an image`);
  if (rule !== undefined && !reservedRules.has(rule) && !policy.rules.some(({ id }) => id === rule)) {
    throw invalid('exception-rule-unknown', `the policy ${policy.name} has no rule ${rule}; it has ${policy.rules.map(({ id }) => id).join(', ')}, and the built-in ${[...reservedRules].filter((id) => id !== rejectedRule).join(', ')}`);
  }
}
