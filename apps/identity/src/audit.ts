import { createHash } from 'node:crypto';
import { currentTraceId } from '@plimsoll/telemetry';
import type { DataSource, EntityManager } from 'typeorm';
import { canonicalJson } from './canonical-json.ts';

/** Everything that is written down. */
export type AuditedAct =
  | 'bootstrap.written' | 'bootstrap.redeemed'
  | 'login.ok' | 'login.failed'
  | 'user.made' | 'project.made' | 'role.granted'
  | 'token.made' | 'token.revoked'
  | 'key.made' | 'key.destroyed' | 'key.resealed' | 'authority.made';

export interface AuditEntry {
  readonly act: AuditedAct;
  /** Principal's subject, or `system`. */
  readonly actor: string;
  /** Ids and names, never a secret. */
  readonly facts: Readonly<Record<string, string | number | readonly string[]>>;
}

/** A point of the chain to be kept outside the database: without one nobody can tell that the end was cut off. */
export interface Checkpoint { readonly seq: number; readonly hash: string }

export type AuditAnswer =
  | { readonly intact: true; readonly entries: number; readonly head: Checkpoint }
  | { readonly intact: false; readonly seq: number; readonly reason: string };

/**
 * Adds an entry in the transaction of the act itself: there is never one without the other. Appends queue on one lock that
 * is held until the transaction ends, so this comes last in it.
 */
export async function record(tx: EntityManager, { act, actor, facts }: AuditEntry, now = new Date()): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('identity:audit'))`);
  const [last] = await tx.query('select seq, hash from audit order by seq desc limit 1') as { seq: string; hash: Buffer }[];
  const seq = Number(last?.seq ?? 0) + 1, prev = last?.hash ?? genesis, trace = currentTraceId();
  const body = canonicalJson({ seq, at: now.toISOString(), act, actor, facts, ...(trace === undefined ? {} : { trace }) });
  await tx.query('insert into audit (seq, prev, hash, body) values ($1, $2, $3, $4)', [seq, prev, hashOf(prev, body), body]);
}

/**
 * Reads the whole chain and says where it was edited, reordered, thinned out or, given a checkpoint, cut off.
 * Somebody who can rewrite the table can rewrite every hash after a point; a checkpoint past that point shows it.
 */
export async function verifyAudit(db: DataSource, checkpoint?: Checkpoint): Promise<AuditAnswer> {
  let seq = 0, prev: Buffer = genesis, isCheckpointMet = checkpoint === undefined || checkpoint.seq === 0;
  for (;;) {
    const rows = await db.query('select seq, prev, hash, body from audit where seq > $1 order by seq limit 1000', [seq]) as { seq: string; prev: Buffer; hash: Buffer; body: string }[];
    if (rows.length === 0) break;
    for (const row of rows) {
      seq++;
      if (Number(row.seq) !== seq) return broken(seq, 'an entry is missing');
      if (!row.prev.equals(prev)) return broken(seq, 'it does not follow the entry before it');
      if (!row.hash.equals(hashOf(prev, row.body))) return broken(seq, 'it was edited');
      if ((JSON.parse(row.body) as { seq: number }).seq !== seq) return broken(seq, 'it was written for another place');
      if (checkpoint?.seq === seq) {
        if (row.hash.toString('hex') !== checkpoint.hash) return broken(seq, 'it is not what the checkpoint saw');
        isCheckpointMet = true;
      }
      prev = row.hash;
    }
  }
  if (!isCheckpointMet) return broken(seq + 1, `the entries up to ${checkpoint!.seq}, which the checkpoint saw, were cut off`);
  return { intact: true, entries: seq, head: { seq, hash: prev.toString('hex') } };
}

/** The head of the chain, to be kept elsewhere. */
export async function checkpointOf(db: DataSource): Promise<Checkpoint> {
  const [last] = await db.query('select seq, hash from audit order by seq desc limit 1') as { seq: string; hash: Buffer }[];
  return { seq: Number(last?.seq ?? 0), hash: (last?.hash ?? genesis).toString('hex') };
}

const genesis = Buffer.alloc(32);
const hashOf = (prev: Buffer, body: string): Buffer => createHash('sha256').update(prev).update(body).digest();
const broken = (seq: number, reason: string): AuditAnswer => ({ intact: false, seq, reason });
