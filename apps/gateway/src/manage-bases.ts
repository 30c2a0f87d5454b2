import { Bus } from '@plimsoll/bus';
import { AddBase, ListBases, operations, RemoveBase, type Answer, type Input, type RegisteredBase } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { Serves } from './serves.ts';

/** Asks the scanner for people: which base images a project approved. */
@Controller()
export class ManageBases {
  constructor(private readonly bus: Bus) {}

  @Serves(operations.addBase)
  add(input: Input<typeof operations.addBase>): Promise<RegisteredBase> { return this.bus.ask(AddBase, input, { timeoutMs: operations.addBase.seconds! * 1000 }); }

  @Serves(operations.listBases)
  list(input: Input<typeof operations.listBases>): Promise<Answer<typeof ListBases>> { return this.bus.ask(ListBases, input); }

  @Serves(operations.removeBase)
  remove(input: Input<typeof operations.removeBase>): Promise<Answer<typeof RemoveBase>> { return this.bus.ask(RemoveBase, input); }
}
