import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { mostBases, type RegisteredBase } from '@plimsoll/contracts';
import type { KnownBase } from '@plimsoll/inventory';
import { Problem } from '@plimsoll/problem';
import { DataSource } from 'typeorm';

/** The base images each project approved. */
@Injectable()
export class Bases {
  constructor(private readonly db: DataSource) {}

  /** The same chain again takes the newer name. Problem `bases-full` when there are too many to tell them apart in one message. */
  async add(project: string, { name, digest, platform, layers }: KnownBase): Promise<RegisteredBase> {
    const [row] = await this.db.query(`
      insert into bases (project, id, name, digest, platform, layers) select $1, $2, $3, $4, $5, $6
        where exists (select from bases where project = $1 and id = $2) or (select count(*) from bases where project = $1) < $7
      on conflict (project, id) do update set name = excluded.name, digest = excluded.digest, platform = excluded.platform returning *`,
    [project, idOf(layers), name, digest, platform, layers, mostBases]) as Row[];
    if (!row) throw new Problem('limited', `${project} has ${mostBases} base images; remove one first`, { code: 'bases-full' });
    return registered(row);
  }

  async list(project: string): Promise<RegisteredBase[]> {
    return (await this.db.query('select * from bases where project = $1 order by name, added_at, id', [project]) as Row[]).map(registered);
  }

  /** Whether there was one. */
  async remove(project: string, id: string): Promise<boolean> {
    const [, count] = await this.db.query('delete from bases where project = $1 and id = $2', [project, id]) as [unknown, number];
    return count > 0;
  }
}

const idOf = (layers: readonly string[]): string => `sha256:${createHash('sha256').update(layers.join('\n')).digest('hex')}`;

interface Row { id: string; name: string; digest: string | null; platform: string | null; layers: string[]; added_at: Date }

const registered = ({ id, name, digest, platform, layers, added_at }: Row): RegisteredBase =>
  ({ id, name, ...(digest && { digest }), ...(platform && { platform }), layers, added_at: added_at.toISOString() });
