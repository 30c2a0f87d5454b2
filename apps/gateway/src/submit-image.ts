import { operations, type Input, type PushOperation } from '@plimsoll/contracts';
import { currentTraceId } from '@plimsoll/telemetry';
import { Controller } from '@nestjs/common';
import { AcceptPushes } from './accept-pushes.ts';
import { pushId, Pushes } from './pushes.ts';
import { principalOf, Serves, type Call } from './serves.ts';

/** Takes one image from a person or a pipeline. */
@Controller()
export class SubmitImage {
  constructor(private readonly acceptPushes: AcceptPushes, private readonly pushes: Pushes) {}

  @Serves(operations.submitImage)
  async submit({ project, target, platform, priority }: Input<typeof operations.submitImage>, call: Call): Promise<PushOperation> {
    const { subject } = principalOf(call);
    // The id comes from the key, so that even a retry after a crash between commit and answer finds the same push.
    const id = call.key === undefined ? pushId() : pushId('submit', subject, project, call.key);
    await this.acceptPushes.accept([{ id, project, target, platform, priority, submittedBy: subject, traceId: currentTraceId() }]);
    return this.pushes.operation(project, id);
  }
}
