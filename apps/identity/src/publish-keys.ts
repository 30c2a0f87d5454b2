import { Answers } from '@plimsoll/bus';
import { GetJwks, GetTrustBundle, type Answer } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { trustBundle } from './authorities.ts';
import { SigningKeys } from './signing-keys.ts';

/** What everybody may know: the public halves. */
@Controller()
export class PublishKeys {
  constructor(private readonly db: DataSource, private readonly keys: SigningKeys) {}

  @Answers(GetJwks)
  async jwks(): Promise<Answer<typeof GetJwks>> { return { keys: await this.keys.published() }; }

  @Answers(GetTrustBundle)
  trustBundle(): Promise<Answer<typeof GetTrustBundle>> { return trustBundle(this.db.manager); }
}
