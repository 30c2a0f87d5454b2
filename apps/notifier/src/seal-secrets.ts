import { Log } from '@plimsoll/telemetry';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isSealed, Sealing } from './sealing.ts';

/** Before any worker starts: refuses a key that does not open what is stored, and seals what was stored before there was a key. */
@Injectable()
export class SealSecrets implements OnModuleInit {
  constructor(private readonly db: DataSource, private readonly sealing: Sealing, private readonly log: Log) {}

  async onModuleInit(): Promise<void> {
    const rows: { id: string; column: string; stored: string }[] = await this.db.query(
      `select id, 'secret' as column, secret as stored from subscriptions where secret is not null
       union all select id, 'previous_secret', previous_secret from subscriptions where previous_secret is not null`);
    for (const { id, stored } of rows.filter(({ stored: kept }) => isSealed(kept))) this.sealing.open(id, stored);
    if (!this.sealing.hasKey) {
      this.log.warn('webhook secrets are stored readable; set PLIMSOLL_NOTIFIER_KEY_FILE to seal them');
      return;
    }
    for (const { id, column, stored } of rows.filter(({ stored: kept }) => !isSealed(kept)))
      await this.db.query(`update subscriptions set ${column} = $3 where id = $1 and ${column} = $2`, [id, stored, this.sealing.seal(id, stored)]);
  }
}
