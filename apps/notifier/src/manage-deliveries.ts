import { Answers } from '@plimsoll/bus';
import { ListDeliveries, ReplayDelivery, type Answer, type Body } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { Deliveries } from './deliveries.ts';
import { DeliveryWorker } from './delivery-worker.ts';

/** Answers what became of deliveries, and sends one again. */
@Controller()
export class ManageDeliveries {
  constructor(private readonly deliveries: Deliveries, private readonly worker: DeliveryWorker) {}

  @Answers(ListDeliveries)
  list(wanted: Body<typeof ListDeliveries>): Promise<Answer<typeof ListDeliveries>> {
    return this.deliveries.list(wanted);
  }

  @Answers(ReplayDelivery)
  async replay({ project, id }: Body<typeof ReplayDelivery>): Promise<Answer<typeof ReplayDelivery>> {
    const delivery = await this.deliveries.replay(project, id);
    this.worker.wake();
    return delivery;
  }
}
