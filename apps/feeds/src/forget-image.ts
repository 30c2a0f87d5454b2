import { Controller } from '@nestjs/common';
import { Hears, type Delivery } from '@plimsoll/bus';
import { ImageForgotten } from '@plimsoll/contracts';

/** An image that its project has no more is matched no more. Its packages stay: other images have them, or will. */
@Controller()
export class ForgetImage {
  @Hears(ImageForgotten)
  async forgotten({ project, digest }: ImageForgotten, { commit, at }: Delivery): Promise<void> {
    await commit(async (tx) => {
      const rows = await tx.query('select id from images where project = $1 and digest = $2 and (indexed_said_at is null or indexed_said_at <= $3) for update', [project, digest, at]) as { id: string }[];
      const images = rows.map(({ id }) => id);
      await tx.query('delete from rematches where image = any($1::bigint[])', [images]);
      await tx.query('delete from image_sets where image = any($1::bigint[])', [images]);
      await tx.query('delete from images where id = any($1::bigint[])', [images]);
    });
  }
}
