import { Injectable } from '@nestjs/common';
import type { DocumentRef, ImageIndexed } from '@plimsoll/contracts';
import { DataSource, type EntityManager } from 'typeorm';

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

/** The images that were read, each with its inventory's address. */
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

  async indexed(tx: EntityManager, image: KnownImage, analyzer: string): Promise<void> {
    await tx.query(`
      insert into images (digest, platform, inventory, os, configuration, packages, problems, analyzer) values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (digest) do update set platform = excluded.platform, inventory = excluded.inventory, os = excluded.os, configuration = excluded.configuration,
        packages = excluded.packages, problems = excluded.problems, analyzer = excluded.analyzer, indexed_at = now()`,
    [image.digest, image.platform, image.inventory, image.os, image.configuration, image.packages, image.problems, analyzer]);
  }
}

interface Row { digest: string; platform: string | null; inventory: DocumentRef; os: ImageIndexed['os']; configuration: ImageIndexed['configuration']; packages: number; problems: number }

const known = ({ platform, ...row }: Row): KnownImage => ({ ...row, platform: platform ?? undefined });
