import { timingSafeEqual } from 'node:crypto';
import type { ApiToken, Principal, Scope } from '@plimsoll/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { covers, heldIn } from './authority.ts';
import { grantsOf } from './people.ts';
import { tokenHash, tokenIdOf } from './token-text.ts';

interface Row {
  readonly id: string; readonly project: string; readonly name: string; readonly scopes: Scope[]; readonly owner: string; readonly sha256: Buffer;
  readonly created_at: Date; readonly expires_at: Date; readonly last_used_at: Date | null; readonly revoked_at: Date | null;
}
const columns = 'id, project, name, scopes, owner, sha256, created_at, expires_at, last_used_at, revoked_at';

export const principalSubject = (tokenId: string): string => `token:${tokenId}`;
/** The token a principal is, if it is one. */
export const tokenOf = ({ kind, subject }: Principal): string | undefined => kind === 'token' ? subject.replace(/^token:/, '') : undefined;

/**
 * Whom a token speaks for, or undefined: malformed, unknown, wrong, expired, revoked, or its owner may nothing there any
 * more. A token never does more than its owner may at this moment.
 */
export async function principalOfToken(db: DataSource, text: string, now: Date): Promise<Principal | undefined> {
  const id = tokenIdOf(text);
  if (id === undefined) return undefined;
  const row = await find(db.manager, id);
  // Compared even when there is no row, so that an unknown id takes the same way as a wrong secret.
  const isRight = timingSafeEqual(tokenHash(text), row?.sha256 ?? Buffer.alloc(32));
  if (!row || !isRight || row.revoked_at || row.expires_at <= now) return undefined;
  const held = heldIn(await grantsOf(db.manager, row.owner), row.project);
  const scopes = row.scopes.filter((scope) => covers(held, scope));
  if (scopes.length === 0) return undefined;
  if (row.last_used_at === null || now.getTime() - row.last_used_at.getTime() > 60_000) await db.query(`update api_tokens set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')`, [id, now]);
  return { subject: principalSubject(id), kind: 'token', grants: [{ project: row.project, scopes }], expires_at: row.expires_at.toISOString() };
}

export interface NewToken { readonly id: string; readonly project: string; readonly name: string; readonly scopes: readonly Scope[]; readonly owner: string; readonly parent: string | undefined; readonly sha256: Buffer; readonly expiresAt: Date }

/** One maker or revoker of a project's tokens at a time: no token is made by one that is being revoked, and none beyond the limit. */
export const lockTokens = (tx: EntityManager, project: string): Promise<unknown> => tx.query('select pg_advisory_xact_lock(hashtext($1))', [`identity:tokens:${project}`]);

/** Keeps a token; false when the project has `most` live ones already. */
export async function keepToken(tx: EntityManager, { id, project, name, scopes, owner, parent, sha256, expiresAt }: NewToken, now: Date, most: number): Promise<boolean> {
  const [{ live }] = await tx.query('select count(*)::int as live from api_tokens where project = $1 and revoked_at is null and expires_at > $2', [project, now]) as [{ live: number }];
  if (live >= most) return false;
  await tx.query('insert into api_tokens (id, project, name, scopes, owner, parent, sha256, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [id, project, name, scopes, owner, parent ?? null, sha256, now, expiresAt]);
  return true;
}

/** Tokens of a project that were not revoked, oldest first; expired ones for another 30 days, so that people see why something stopped. */
export async function listTokens(db: DataSource, project: string, now: Date): Promise<ApiToken[]> {
  const rows = await db.query(`select ${columns} from api_tokens where project = $1 and revoked_at is null and expires_at > $2::timestamptz - interval '30 days' order by created_at, id limit 2000`, [project, now]) as Row[];
  return rows.map((row) => ({
    id: row.id, name: row.name, project: row.project, scopes: row.scopes, created_at: row.created_at.toISOString(), expires_at: row.expires_at.toISOString(),
    ...(row.last_used_at ? { last_used_at: row.last_used_at.toISOString() } : {}),
  }));
}

/** Revokes a token and all it made, directly or not. Answers whose ids those are; undefined when the project has no such token. */
export async function revokeTokens(tx: EntityManager, project: string, id: string, now: Date): Promise<string[] | undefined> {
  const found = await tx.query('select 1 from api_tokens where id = $1 and project = $2', [id, project]) as unknown[];
  if (found.length === 0) return undefined;
  const [revoked] = await tx.query(
    `with recursive family as (select id from api_tokens where id = $1 union select t.id from api_tokens t join family f on t.parent = f.id)
     update api_tokens set revoked_at = $2 where id in (select id from family) and revoked_at is null returning id`, [id, now]) as [{ id: string }[], number];
  return revoked.map((row) => row.id);
}

/** Who owns the token a principal is, while it is alive. */
export async function ownerOfToken(tx: EntityManager, id: string, now: Date): Promise<string | undefined> {
  const row = await find(tx, id);
  return row && !row.revoked_at && row.expires_at > now ? row.owner : undefined;
}

const find = async (tx: EntityManager, id: string): Promise<Row | undefined> =>
  (await tx.query(`select ${columns} from api_tokens where id = $1`, [id]) as Row[])[0];
