import type { Say } from '@plimsoll/bus';
import { ImageForgotten } from '@plimsoll/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ImageEvents } from './image-events.ts';

export interface Forgetting { readonly project: string; readonly name: string; readonly why: ImageForgotten['why']; readonly by?: string | undefined }

/**
 * Forgets images, and keeps them forgotten: what other services still say of a push of before comes late, and brings their
 * rows back. Each such event is answered by forgetting again, so that in the end nobody has it, whatever the order.
 */
@Injectable()
export class ForgetImages {
  constructor(private readonly db: DataSource, private readonly events: ImageEvents) {}

  /** False when there is no such image. */
  async forget(tx: EntityManager, say: Say, { project, name, why, by }: Forgetting): Promise<boolean> {
    const [[gone]] = await tx.query('delete from images where project = $1 and name = $2 returning digest, reference', [project, name]) as [{ digest: string | null; reference: string }[], number];
    if (!gone) return false;
    const { reference } = gone, digest = gone.digest ?? undefined;
    await tx.query('insert into forgotten_images (project, name) values ($1, $2) on conflict (project, name) do update set forgotten_at = now()', [project, name]);
    if (digest) await tx.query('delete from image_events where project = $1 and digest = $2', [project, digest]);
    await say(ImageForgotten, { project, digest, reference, why, by });
    await this.events.add(tx, { type: 'image.forgotten', project, digest, reference, why: why === 'deleted' ? 'somebody deleted it' : 'the project keeps no more' });
    return true;
  }

  /**
   * Whether an event is of an image that was forgotten after its push: then it is forgotten again. An event of a later push
   * makes the image known again.
   */
  async isLate(tx: EntityManager, say: Say, image: { project: string; digest: string | undefined; reference: string }, push: string | undefined): Promise<boolean> {
    const name = image.digest ?? image.reference;
    const [forgotten] = await tx.query(`
      select forgotten_at, coalesce((select created_at > forgotten_at from pushes where id = $3), false) as is_later
      from forgotten_images where project = $1 and name = $2 for update`, [image.project, name, push ?? null]) as { is_later: boolean }[];
    if (!forgotten) return false;
    if (forgotten.is_later) {
      await tx.query('delete from forgotten_images where project = $1 and name = $2', [image.project, name]);
      return false;
    }
    await say(ImageForgotten, { project: image.project, digest: image.digest, reference: image.reference, why: 'deleted' });
    return true;
  }

  /** After the stream has forgotten them, no event can be late. */
  async forgetOld(): Promise<void> { await this.db.query(`delete from forgotten_images where forgotten_at < now() - interval '31 days'`); }
}
