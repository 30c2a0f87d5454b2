import { Injectable } from '@nestjs/common';
import type { DocumentRef, ImageIndexed } from '@plimsoll/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import type { Scan } from './scans.ts';

/** What an indexed image is known by. */
export interface KnownImage {
  readonly digest: string;
  readonly platform: string | undefined;
  readonly inventory: DocumentRef;
  readonly os: ImageIndexed['os'];
  readonly configuration: ImageIndexed['configuration'];
  readonly packages: number;
  readonly problems: number;
}

/** An image as it was read; `layers` are undefined when it was known before. */
export interface IndexedImage { readonly image: KnownImage; readonly analyzer: string; readonly layers: readonly string[] | undefined }

/** The images that were read, each with its inventory's address, its layers and the projects that have it. */
@Injectable()
export class Images {
  constructor(private readonly db: DataSource) {}

  /** The inventory of this digest as the present catalogers make it; undefined when it was never read or by older ones. A partial one is read again. */
  async known(digest: string, analyzer: string): Promise<KnownImage | undefined> {
    const [row] = await this.db.query('select digest, platform, inventory, os, configuration, packages, problems from images where digest = $1 and analyzer = $2 and problems = 0', [digest, analyzer]) as Row[];
    return row && known(row);
  }

  /** When and where, whatever catalogers made it. */
  async find(digest: string): Promise<KnownImage & { readonly indexedAt: Date } | undefined> {
    const [row] = await this.db.query('select digest, platform, inventory, os, configuration, packages, problems, indexed_at from images where digest = $1', [digest]) as (Row & { indexed_at: Date })[];
    return row && { ...known(row), indexedAt: row.indexed_at };
  }

  /** Keeps an image as a project has it. One that was known before must still be: it throws when the image was forgotten meanwhile. */
  async indexed(tx: EntityManager, { image, analyzer, layers }: IndexedImage, { project, target, pushedAt }: Pick<Scan, 'project' | 'target' | 'pushedAt'>): Promise<void> {
    if (layers) await this.write(tx, image, analyzer, layers);
    else if ((await tx.query('update images set unused_since = null where digest = $1', [image.digest]) as [unknown, number])[1] === 0) throw new Error(`${image.digest} was forgotten meanwhile`);
    await tx.query(`
      insert into image_uses (digest, project, reference, pushed_at) values ($1, $2, $3, $4)
      on conflict (digest, project) do update set reference = excluded.reference, pushed_at = excluded.pushed_at where image_uses.pushed_at <= excluded.pushed_at`, [image.digest, project, target, pushedAt]);
  }

  private async write(tx: EntityManager, image: KnownImage, analyzer: string, layers: readonly string[]): Promise<void> {
    await tx.query(`
      insert into images (digest, platform, inventory, os, configuration, packages, problems, analyzer) values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (digest) do update set platform = excluded.platform, inventory = excluded.inventory, os = excluded.os, configuration = excluded.configuration,
        packages = excluded.packages, problems = excluded.problems, analyzer = excluded.analyzer, indexed_at = now(), unused_since = null`,
    [image.digest, image.platform, image.inventory, image.os, image.configuration, image.packages, image.problems, analyzer]);
    await tx.query('insert into image_layers (digest, layer) select $1, layer from unnest($2::text[]) layer on conflict do nothing', [image.digest, [...new Set(layers)]]);
  }

  /** A project has it no more, unless it was pushed again since; when no other has, its grace begins. */
  async forgotten(tx: EntityManager, project: string, digest: string, at: Date): Promise<void> {
    await tx.query('select from images where digest = $1 for update', [digest]);
    await tx.query('delete from image_uses where digest = $1 and project = $2 and pushed_at <= $3', [digest, project, at]);
    await tx.query('update images set unused_since = now() where digest = $1 and unused_since is null and not exists (select from image_uses where digest = $1)', [digest]);
  }

  /** Whether a project has what a scheduled scan was to look at again. */
  async stands({ project, target, digest }: Pick<Scan, 'project' | 'target' | 'digest'>): Promise<boolean> {
    const rows: unknown[] = await this.db.query('select from image_uses where project = $1 and case when $2::text is null then reference = $3 else digest = $2 end limit 1', [project, digest ?? null, target]);
    return rows.length > 0;
  }

  /** Images that other catalogers than the present ones read and that were not named today: each by every project that has it. They count as named. */
  async outdated(tx: EntityManager, analyzer: string, limit: number): Promise<{ digest: string; project: string; reference: string; platform: string | undefined }[]> {
    const [rows] = await tx.query(`
      with named as materialized (
        select digest from images where analyzer <> $1 and unused_since is null and (outdated_said_at is null or outdated_said_at < now() - interval '1 day')
        order by outdated_said_at nulls first, digest limit $2 for update skip locked)
      update images set outdated_said_at = now() from named where images.digest = named.digest returning images.digest, platform`, [analyzer, limit]) as [{ digest: string; platform: string | null }[], number];
    if (rows.length === 0) return [];
    const uses = await tx.query('select digest, project, reference from image_uses where digest = any($1) order by digest, project', [rows.map(({ digest }) => digest)]) as { digest: string; project: string; reference: string }[];
    const platforms = new Map(rows.map(({ digest, platform }) => [digest, platform ?? undefined]));
    return uses.map((use) => ({ ...use, platform: platforms.get(use.digest) }));
  }
}

interface Row { digest: string; platform: string | null; inventory: DocumentRef; os: ImageIndexed['os']; configuration: ImageIndexed['configuration']; packages: number; problems: number }

const known = ({ platform, ...row }: Row): KnownImage => ({ ...row, platform: platform ?? undefined });
