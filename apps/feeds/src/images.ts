import type { DocumentRef } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';

export interface ImageRow { readonly id: string; readonly project: string; readonly digest: string; readonly reference: string; readonly inventory: DocumentRef }

/** Throws `image-missing` for another project's image too: a foreign digest is as unknown as none. */
export async function imageOf(tx: EntityManager, project: string, digest: string): Promise<ImageRow> {
  const [image] = await tx.query('select id, project, digest, reference, inventory from images where project = $1 and digest = $2', [project, digest]) as ImageRow[];
  if (!image) throw new Problem('missing', `no image ${digest} in project ${project}`, { code: 'image-missing' });
  return image;
}
