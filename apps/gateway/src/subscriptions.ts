import { Bus } from '@plimsoll/bus';
import { CreateSubscription, DeleteSubscription, ListDeliveries, ListSubscriptions, operations, ReplayDelivery, ResumeSubscription, RotateSecret, type Answer, type Input } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { Serves } from './serves.ts';

/** Asks the notifier for people. */
@Controller()
export class Subscriptions {
  constructor(private readonly bus: Bus) {}

  @Serves(operations.createSubscription)
  create(input: Input<typeof operations.createSubscription>): Promise<Answer<typeof CreateSubscription>> { return this.bus.ask(CreateSubscription, input); }

  @Serves(operations.listSubscriptions)
  list(input: Input<typeof operations.listSubscriptions>): Promise<Answer<typeof ListSubscriptions>> { return this.bus.ask(ListSubscriptions, input); }

  @Serves(operations.deleteSubscription)
  delete(input: Input<typeof operations.deleteSubscription>): Promise<Answer<typeof DeleteSubscription>> { return this.bus.ask(DeleteSubscription, input); }

  @Serves(operations.resumeSubscription)
  resume(input: Input<typeof operations.resumeSubscription>): Promise<Answer<typeof ResumeSubscription>> { return this.bus.ask(ResumeSubscription, input); }

  @Serves(operations.rotateSecret)
  rotateSecret(input: Input<typeof operations.rotateSecret>): Promise<Answer<typeof RotateSecret>> { return this.bus.ask(RotateSecret, input); }

  @Serves(operations.listDeliveries)
  deliveries(input: Input<typeof operations.listDeliveries>): Promise<Answer<typeof ListDeliveries>> { return this.bus.ask(ListDeliveries, input); }

  @Serves(operations.replayDelivery)
  replay(input: Input<typeof operations.replayDelivery>): Promise<Answer<typeof ReplayDelivery>> { return this.bus.ask(ReplayDelivery, input); }
}
