import { createHash } from 'node:crypto';
import { readVex } from '@plimsoll/advisories';
import { Answers, Bus } from '@plimsoll/bus';
import { AddVex, ListVex, RemoveVex, type Answer, type Body, type VexDocument } from '@plimsoll/contracts';
import { pageToken, readPageToken } from '@plimsoll/database';
import { Problem } from '@plimsoll/problem';
import { Log } from '@plimsoll/telemetry';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Rematch } from './rematch.ts';
import { currentRevision } from './revisions.ts';

interface Row { id: string; project: string; name: string; format: VexDocument['format']; digest: string; statements: number; added_by: string; added_at: Date }
const columns = 'id, project, name, format, digest, statements, added_by, added_at';

/** A project's VEX documents. Whenever they change, its images are told again: what is suppressed is not counted. */
@Controller()
export class ManageVex {
  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly rematch: Rematch, private readonly log: Log) {}

  @Answers(AddVex)
  async add({ project, name, document, added_by }: Body<typeof AddVex>): Promise<Answer<typeof AddVex>> {
    const read = readText(document);
    const statements = readVex(read, name);
    if (statements.length === 0) throw new Problem('invalid', `${name} has no statement`, { code: 'vex-empty' });
    const digest = `sha256:${createHash('sha256').update(document).digest('hex')}`;
    const row = await this.bus.commit(async (tx) => {
      const [made] = await tx.query(`
        insert into vex_documents (project, name, format, digest, statements, added_by) values ($1, $2, $3, $4, $5, $6)
        on conflict (project, digest) where removed_at is null do nothing returning ${columns}`, [project, name, formatOf(read), digest, statements.length, added_by]) as Row[];
      if (!made) return (await tx.query(`select ${columns} from vex_documents where project = $1 and digest = $2 and removed_at is null`, [project, digest]) as Row[])[0]!;
      await tx.query(`
        insert into vex_statements (document, names, body) select $1, array(select jsonb_array_elements_text(row->'names')), row->'body' from jsonb_array_elements($2::jsonb) as row`,
      [made.id, JSON.stringify(statements.map((body) => ({ names: [...new Set([body.id, ...body.aliases])], body }))).replaceAll('\\u0000', '')]);
      await queueProject(tx, project);
      return made;
    });
    this.rematch.wake();
    this.log.info('vex document added', { project, id: row.id, digest, added_by });
    return shown(row);
  }

  @Answers(ListVex)
  async list({ project, limit, page_token }: Body<typeof ListVex>): Promise<Answer<typeof ListVex>> {
    const sort = `vex:${project}`;
    const after = readPageToken(sort, page_token) as [string, string] | undefined;
    const rows = await this.db.query(`
      select ${columns}, count(*) over ()::int as total from vex_documents where project = $1 and removed_at is null
        and ($2::timestamptz is null or (date_trunc('milliseconds', added_at), id) > ($2, $3::uuid)) order by date_trunc('milliseconds', added_at), id limit $4`, [project, ...(after ?? [null, null]), limit + 1]) as Row[];
    const [count] = await this.db.query('select count(*)::int as count from vex_documents where project = $1 and removed_at is null', [project]) as { count: number }[];
    const last = rows[limit - 1];
    return {
      items: rows.slice(0, limit).map(shown), total: { count: count!.count, relation: 'EXACT' },
      ...(rows.length > limit ? { next_page_token: pageToken(sort, [last!.added_at.toISOString(), last!.id]) } : {}),
    };
  }

  @Answers(RemoveVex)
  async remove({ project, id, removed_by }: Body<typeof RemoveVex>): Promise<Answer<typeof RemoveVex>> {
    const row = await this.bus.commit(async (tx) => {
      const [rows] = await tx.query(`update vex_documents set removed_by = $3, removed_at = now() where project = $1 and id = $2 and removed_at is null returning ${columns}`, [project, id, removed_by]) as [Row[], number];
      if (!rows[0]) throw new Problem('missing', `project ${project} has no VEX document ${id}`, { code: 'vex-missing' });
      await tx.query('delete from vex_statements where document = $1', [id]);
      await queueProject(tx, project);
      return rows[0];
    });
    this.rematch.wake();
    this.log.info('vex document removed', { project, id, removed_by });
    return shown(row);
  }
}

const shown = ({ id, project, name, format, digest, statements, added_by, added_at }: Row): VexDocument => ({ id, project, name, format, digest, statements, added_by, added_at: added_at.toISOString() });

const queueProject = async (tx: EntityManager, project: string): Promise<void> => {
  await tx.query('insert into rematches (image, revision) select id, $2 from images where project = $1 on conflict do nothing', [project, (await currentRevision(tx)).number]);
};

function readText(document: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(document);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  } catch { /* told below */ }
  throw new Problem('invalid', 'the document is not a JSON object', { code: 'vex-unreadable' });
}

const formatOf = (document: Record<string, unknown>): VexDocument['format'] => 'bomFormat' in document ? 'cyclonedx' : 'document' in document ? 'csaf' : 'openvex';
