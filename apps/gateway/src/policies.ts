import { Bus } from '@plimsoll/bus';
import { CreateException, GetPolicy, ListExceptions, operations, ReplayPolicy, RevokeException, SetPolicy, type Answer, type Input } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { principalOf, Serves, type Call } from './serves.ts';

/** Asks the policy service for people. */
@Controller()
export class Policies {
  constructor(private readonly bus: Bus) {}

  @Serves(operations.getPolicy)
  policy(input: Input<typeof operations.getPolicy>): Promise<Answer<typeof GetPolicy>> { return this.bus.ask(GetPolicy, input); }

  @Serves(operations.setPolicy)
  setPolicy(input: Input<typeof operations.setPolicy>, call: Call): Promise<Answer<typeof SetPolicy>> {
    return this.bus.ask(SetPolicy, { ...input, author: principalOf(call).subject });
  }

  @Serves(operations.replayPolicy)
  replay(input: Input<typeof operations.replayPolicy>): Promise<Answer<typeof ReplayPolicy>> {
    return this.bus.ask(ReplayPolicy, input, { timeoutMs: operations.replayPolicy.seconds! * 1000 });
  }

  /** Whoever may change the policy may approve; identity's token says who it was. */
  @Serves(operations.createException)
  createException(input: Input<typeof operations.createException>, call: Call): Promise<Answer<typeof CreateException>> {
    const { subject } = principalOf(call);
    return this.bus.ask(CreateException, { ...input, requested_by: input.requested_by ?? subject, approved_by: subject });
  }

  @Serves(operations.listExceptions)
  listExceptions(input: Input<typeof operations.listExceptions>): Promise<Answer<typeof ListExceptions>> { return this.bus.ask(ListExceptions, input); }

  @Serves(operations.revokeException)
  revokeException(input: Input<typeof operations.revokeException>, call: Call): Promise<Answer<typeof RevokeException>> {
    return this.bus.ask(RevokeException, { ...input, revoked_by: principalOf(call).subject });
  }
}
