import { Controller } from '@nestjs/common';
import { Bus, Hears, type Delivery, type Documents, type Say } from '@plimsoll/bus';
import { ImageIndexed, ImageMatched, type DocumentRef } from '@plimsoll/contracts';
import { Inventory } from '@plimsoll/inventory';
import type { EntityManager } from 'typeorm';
import { ensureAnswers } from './answers.ts';
import { distinctNames } from './advisory-rows.ts';
import { rejudge, theseSubjects } from './findings.ts';
import { changesSince, isNow, notCovered, rowsSince, summaryOf, worstOf } from './image-findings.ts';
import { ensureSets } from './package-sets.ts';
import { currentRevision, holdRevision } from './revisions.ts';
import { namesAsked } from './subjects.ts';
import { heeding, speakOf, suppliersOf } from './suppliers.ts';

/** An indexed image is matched against the current revision, and remembered by its package sets for the revisions to come. */
@Controller()
export class MatchImage {
  constructor(private readonly bus: Bus) {}

  @Hears(ImageIndexed)
  async matchImage(indexed: ImageIndexed, { commit, at }: Delivery): Promise<void> {
    const inventory = Inventory.parse(await this.bus.documents.get(indexed.inventory));      // slow, outside any transaction

    await commit(async (tx, say) => {
      // 1. no revision may come between judging and remembering
      await holdRevision(tx);
      const revision = await currentRevision(tx);
      // 2. only package versions that nobody had before need judging: all others are up to date
      const { sets, fresh } = await ensureSets(tx, inventory);
      await ensureAnswers(tx, distinctNames(namesAsked(fresh)));
      await rejudge(tx, theseSubjects(fresh), revision.number, 'new-package');
      // 3. the image is its sets
      const image = await rememberImage(tx, indexed, sets, revision.number, at);
      await sayMatched(tx, say, this.bus.documents, [image], indexed.push);
    });
  }
}

async function rememberImage(tx: EntityManager, { image, platform, os, configuration, packages, problems, inventory }: ImageIndexed, sets: readonly string[], revision: number, saidAt: Date): Promise<string> {
  const [row] = await tx.query(`
    insert into images (project, digest, reference, platform, os, configuration, packages, problems, inventory, matched_revision, indexed_said_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (project, digest) do update set reference = excluded.reference, platform = excluded.platform, os = excluded.os,
      configuration = excluded.configuration, packages = excluded.packages, problems = excluded.problems, inventory = excluded.inventory,
      indexed_said_at = greatest(images.indexed_said_at, excluded.indexed_said_at)
    returning id`, [image.project, image.digest, image.reference, platform, os, configuration, packages, problems, inventory, revision, saidAt]) as { id: string }[];
  await tx.query('delete from image_sets where image = $1 and set <> all($2::bigint[])', [row!.id, sets]);
  await tx.query('insert into image_sets (image, set) select $1, unnest($2::bigint[]) on conflict do nothing', [row!.id, sets]);
  return row!.id;
}

interface MatchedImage { id: string; project: string; digest: string; reference: string; inventory: DocumentRef; platform: string | null; os: ImageMatched['os']; configuration: ImageMatched['configuration']; packages: number; problems: number; matched_revision: number }

/** How many findings and changes an event carries; the rest is asked for. */
const listed = 200;

/** Says of each image what its findings are now, and what changed since it was said last. A few queries, however many images. */
export async function sayMatched(tx: EntityManager, say: Say, documents: Documents, images: readonly string[], push?: string): Promise<void> {
  const revision = await currentRevision(tx);
  const rows = await tx.query('select id, project, digest, reference, inventory, platform, os, configuration, packages, problems, matched_revision from images where id = any($1::bigint[]) order by id', [images]) as MatchedImage[];
  if (rows.length === 0) return;
  const found = await rowsSince(tx, images, Math.min(...rows.map(({ matched_revision }) => matched_revision)));
  const suppliers = await suppliersOf(tx, [...new Set(rows.map(({ project }) => project))], found);
  const findings = Map.groupBy(found, ({ image }) => image), uncovered = await notCovered(tx, images);
  for (const { id, project, digest, reference, inventory, platform, matched_revision, ...facts } of rows) {
    const since = findings.get(id) ?? [], now = since.filter(isNow), said = suppliers.get(project);
    const counted = speakOf(said, now) ? heeding(said, Inventory.parse(await documents.get(inventory)), now) : now;
    await say(ImageMatched, {
      ...facts, push, image: { project, digest, reference }, platform: platform ?? undefined, revision,
      summary: summaryOf(counted, uncovered.get(id) ?? 0), worst: worstOf(counted, listed), ...changesSince(since, matched_revision, listed),
    });
  }
  await tx.query('update images set matched_revision = $2 where id = any($1::bigint[])', [images, revision.number]);
}
