import { Injectable } from '@nestjs/common';
import { Bus } from '@plimsoll/bus';
import type { DocumentRef } from '@plimsoll/contracts';
import { DataSource } from 'typeorm';
import type { Session } from './presence.ts';

/** Images taken in one turn; the next turn takes more. */
const atOnce = 1_000;

/** Throws away what nobody has any more: images of no project with their inventories, then layers of no image. A grace keeps what comes again soon. */
@Injectable()
export class Garbage {
  constructor(private readonly db: DataSource, private readonly bus: Bus) {}

  async collect(session: Session, graceDays: number): Promise<{ images: number; layers: number }> {
    const unused = await this.db.query(`select digest from images where unused_since <= now() - $1 * interval '1 day' order by unused_since limit ${atOnce}`, [graceDays]) as { digest: string }[];
    let images = 0;
    for (const { digest } of unused) if (await this.forget(session, digest, graceDays)) images++;
    const [, layers] = await this.db.query(`
      delete from layers where used_at <= now() - $1 * interval '1 day' and not exists (select from image_layers where layer = layers.digest)`, [graceDays]) as [unknown, number];
    await this.db.query('delete from layer_results where not exists (select from layers where digest = layer)');
    return { images, layers };
  }

  /** Under the image's lock, so that no scan is about to rest on its inventory. One that is being read is left for the next turn. */
  private async forget(session: Session, digest: string, graceDays: number): Promise<boolean> {
    const name = `image:${digest}`;
    if (!await session.hold(name)) return false;
    try {
      const [[row]] = await this.db.query(`
        delete from images where digest = $1 and unused_since <= now() - $2 * interval '1 day' returning inventory,
          exists (select from images other where other.digest <> $1 and other.inventory->>'digest' = images.inventory->>'digest') as shared`, [digest, graceDays]) as [{ inventory: DocumentRef; shared: boolean }[], number];
      if (row && !row.shared) await this.bus.documents.remove(row.inventory);
      return row !== undefined;
    } finally {
      await session.letGo(name);
    }
  }
}
