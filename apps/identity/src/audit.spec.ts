import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityBench, type IdentityBench } from '../testing/identity-bench.ts';
import { checkpointOf, record, verifyAudit } from './audit.ts';

let id: IdentityBench, db: DataSource;
beforeAll(async () => { id = await identityBench(); db = id.service.get(DataSource); });
afterAll(async () => { await id?.close(); });
beforeEach(async () => {
  await id.postgres.query('truncate identity.audit');
  for (let n = 1; n <= 6; n++) await db.transaction((tx) => record(tx, { act: 'login.ok', actor: `user-${n}`, facts: { client: 'x' } }));
});

/** As a database administrator would. */
const tamper = (sql: string): Promise<unknown> => id.postgres.query(`set search_path = identity; ${sql}; reset search_path`);

describe('the audit log', () => {
  it('is one chain, however many write at once', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => db.transaction((tx) => record(tx, { act: 'login.failed', actor: 'nobody', facts: { n } }))));
    expect(await verifyAudit(db)).toMatchObject({ intact: true, entries: 106 });
  });

  it('has no entry for what was not done', async () => {
    await expect(db.transaction(async (tx) => { await record(tx, { act: 'login.ok', actor: 'x', facts: {} }); throw new Error('no'); })).rejects.toThrow('no');
    expect(await verifyAudit(db)).toMatchObject({ intact: true, entries: 6 });
  });

  it.each<[string, string, number, string]>([
    ['an edit', `update audit set body = replace(body, 'user-3', 'user-9') where seq = 3`, 3, 'it was edited'],
    ['an edit with a new hash', `update audit set body = replace(body, 'user-3', 'user-9'), hash = sha256(prev || convert_to(replace(body, 'user-3', 'user-9'), 'UTF8')) where seq = 3`, 4, 'it does not follow the entry before it'],
    ['a deletion', 'delete from audit where seq = 3', 3, 'an entry is missing'],
    ['a deletion with the gap closed', 'delete from audit where seq = 3; update audit set seq = 3 where seq = 4; update audit set seq = 4 where seq = 5; update audit set seq = 5 where seq = 6', 3, 'it does not follow the entry before it'],
    ['a deletion at the beginning', 'delete from audit where seq = 1', 1, 'an entry is missing'],
    ['an exchange', 'update audit set seq = -seq where seq in (3, 4); update audit set seq = 7 + seq where seq < 0', 3, 'it does not follow the entry before it'],
    ['an insertion', `insert into audit (seq, prev, hash, body) select 7, prev, sha256('x'), body from audit where seq = 6`, 7, 'it does not follow the entry before it'],
    ['an entry for another place, well linked', `insert into audit (seq, prev, hash, body) select 7, hash, sha256(hash || convert_to(body, 'UTF8')), body from audit where seq = 6`, 7, 'it was written for another place'],
  ])('shows %s', async (_name, sql, seq, reason) => {
    await tamper(sql);
    expect(await verifyAudit(db)).toEqual({ intact: false, seq, reason });
  });

  it('shows with a checkpoint, and only with one, that its end was cut off or written anew', async () => {
    const checkpoint = await checkpointOf(db);
    expect(checkpoint.seq).toBe(6);
    expect(await verifyAudit(db, checkpoint)).toMatchObject({ intact: true, head: checkpoint });
    await tamper('delete from audit where seq > 4');
    expect(await verifyAudit(db)).toMatchObject({ intact: true, entries: 4 });
    expect(await verifyAudit(db, checkpoint)).toEqual({ intact: false, seq: 5, reason: 'the entries up to 6, which the checkpoint saw, were cut off' });
    for (let n = 0; n < 4; n++) await db.transaction((tx) => record(tx, { act: 'login.ok', actor: 'somebody else', facts: {} }));
    expect(await verifyAudit(db, checkpoint)).toEqual({ intact: false, seq: 6, reason: 'it is not what the checkpoint saw' });
    await tamper('truncate audit');
    expect(await verifyAudit(db, checkpoint)).toMatchObject({ intact: false, seq: 1 });
  });

  it.each(['update audit set body = body', 'delete from audit', 'truncate audit', 'drop table audit', 'alter table audit add x int'])('cannot be changed by the service itself: %s', async (sql) => {
    await db.query('grant all on audit to svc_identity');   // Postgres warns, and grants nothing
    await expect(db.query(sql)).rejects.toThrow(/permission denied|must be owner/);
    expect(await verifyAudit(db)).toMatchObject({ intact: true, entries: 6 });
  });
});
