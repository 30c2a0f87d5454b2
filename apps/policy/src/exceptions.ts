import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Answer, Body, CreateException, ListExceptions, PolicyException } from '@plimsoll/contracts';
import { pageToken, readPageToken } from '@plimsoll/database';
import type { Exception } from '@plimsoll/policy-language';
import { Problem } from '@plimsoll/problem';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';

interface Row {
  id: string; project: string; digest: string | null; name: string | null; finding: string | null; package: string | null; rule: string | null;
  until: Date; reason: string; requested_by: string; approved_by: string; created_at: Date; revoked_at: Date | null; revoked_by: string | null;
}
const columns = 'id, project, digest, name, finding, package, rule, until, reason, requested_by, approved_by, created_at, revoked_at, revoked_by';

/** How long an ended exception is still told of in decisions, so that people see why an image turned. */
const toldDays = 30;

const conditions = {
  active: 'revoked_at is null and until > $2',
  expired: 'revoked_at is null and until <= $2',
  revoked: 'revoked_at is not null and $2::timestamptz is not null',
  any: '$2::timestamptz is not null',
} as const;

/** Counting stops here: a total beyond it is told as "at least". */
const countLimit = 10_000;
const sort = 'exceptions';
const Keyset = z.tuple([z.iso.datetime(), z.uuid()]);

/** What a project decided to live with. */
@Injectable()
export class Exceptions {
  constructor(private readonly db: DataSource) {}

  /** In the policy language's words: all that hold or ended lately. */
  async inForce(tx: EntityManager, project: string): Promise<Exception[]> {
    const rows = await tx.query(`select ${columns} from exceptions where project = $1 and revoked_at is null and until > now() - make_interval(days => $2)`, [project, toldDays]) as Row[];
    return rows.map(({ id, digest, name, finding, package: of, rule, until, reason, approved_by }) => ({
      id, scope: { project, ...(digest !== null && { digest }), ...(name !== null && { name }) },
      ...(finding !== null && { finding }), ...(of !== null && { package: of }), ...(rule !== null && { rule }),
      until: until.toISOString(), reason, approved_by,
    }));
  }

  async add(tx: EntityManager, { project, scope, finding, package: of, rule, until, reason, requested_by, approved_by }: Body<typeof CreateException>, at: Date): Promise<PolicyException> {
    const rows = await tx.query(
      `insert into exceptions (id, project, digest, name, finding, package, rule, until, reason, requested_by, approved_by, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning ${columns}`,
      [randomUUID(), project, scope.digest, scope.name, finding, of, rule, until, reason, requested_by, approved_by, at]) as Row[];
    return read(rows[0]!, at);
  }

  /** Ends it; one that was revoked before stays as it was. */
  async revoke(tx: EntityManager, project: string, id: string, revokedBy: string, at: Date): Promise<PolicyException> {
    const [rows] = await tx.query(
      `update exceptions set revoked_at = coalesce(revoked_at, $3), revoked_by = coalesce(revoked_by, $4) where project = $1 and id = $2 returning ${columns}`,
      [project, id, at, revokedBy]) as [Row[], number];
    if (!rows[0]) throw new Problem('missing', `no exception ${id} in project ${project}`, { code: 'exception-missing' });
    return read(rows[0], at);
  }

  /** The newest first. */
  async list({ project, state, limit, page_token: token }: Body<typeof ListExceptions>, at: Date): Promise<Answer<typeof ListExceptions>> {
    const wanted = `exceptions where project = $1 and ${conditions[state ?? 'any']}`;
    const after = keysetOf(token);
    const rows = await this.db.query(
      `select ${columns} from ${wanted} and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid)) order by created_at desc, id desc limit $5`,
      [project, at, after?.[0], after?.[1], limit + 1]) as Row[];
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const [{ count }] = await this.db.query(`select count(*)::int as count from (select from ${wanted} limit ${countLimit + 1}) as found`, [project, at]) as [{ count: number }];
    return {
      items: rows.slice(0, limit).map((row) => read(row, at)),
      ...(last && { next_page_token: pageToken(sort, [last.created_at.toISOString(), last.id]) }),
      total: count > countLimit ? { count: countLimit, relation: 'AT_LEAST' } : { count, relation: 'EXACT' },
    };
  }
}

function keysetOf(token: string | undefined): z.output<typeof Keyset> | undefined {
  const keys = readPageToken(sort, token);
  if (keys === undefined) return undefined;
  const read = Keyset.safeParse(keys);
  if (!read.success) throw new Problem('invalid', 'page_token does not belong to this list; start again without it', { code: 'page-token-invalid' });
  return read.data;
}

const read = (row: Row, at: Date): PolicyException => ({
  id: row.id, project: row.project,
  scope: { ...(row.digest !== null && { digest: row.digest }), ...(row.name !== null && { name: row.name }) },
  ...(row.finding !== null && { finding: row.finding }), ...(row.package !== null && { package: row.package }), ...(row.rule !== null && { rule: row.rule }),
  until: row.until.toISOString(), reason: row.reason, requested_by: row.requested_by, approved_by: row.approved_by, created_at: row.created_at.toISOString(),
  ...(row.revoked_at !== null && { revoked_at: row.revoked_at.toISOString() }), ...(row.revoked_by !== null && { revoked_by: row.revoked_by }),
  state: row.revoked_at !== null ? 'revoked' : row.until > at ? 'active' : 'expired',
});
