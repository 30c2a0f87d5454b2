import { randomUUID } from 'node:crypto';
import { Answers, Bus } from '@plimsoll/bus';
import { CreateUser, type Answer, type Body } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Controller } from '@nestjs/common';
import { record } from './audit.ts';
import { mustHoldEverywhere } from './authority.ts';
import { Passwords } from './passwords.ts';
import { addPerson, fold } from './people.ts';
import { mustHoldEverywhereToday } from './standing.ts';

/** Who there is. */
@Controller()
export class ManageUsers {
  constructor(private readonly bus: Bus, private readonly passwords: Passwords) {}

  @Answers(CreateUser)
  async create({ principal, identifier, password }: Body<typeof CreateUser>): Promise<Answer<typeof CreateUser>> {
    const now = new Date();
    mustHoldEverywhere(principal, 'admin', now);
    if (fold(identifier) === '' || /\p{Cc}/u.test(identifier)) throw new Problem('invalid', 'an identifier needs a visible character and has no control characters', { code: 'identifier-invalid' });
    const id = randomUUID(), credential = await this.passwords.hash(password);
    await this.bus.commit(async (tx) => {
      await mustHoldEverywhereToday(tx, principal, 'admin', now);
      if (!await addPerson(tx, { id, identifier, credential })) throw new Problem('conflict', `there is a user ${identifier} already`, { code: 'user-exists' });
      await record(tx, { act: 'user.made', actor: principal.subject, facts: { user: id } });
    });
    return { id, identifier };
  }
}
