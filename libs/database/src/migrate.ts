import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@plimsoll/problem';
import type { Client } from 'pg';

/** The two tables every service has: what it has heard, and what it has yet to say. See @plimsoll/bus. */
const messageTables = `
  create table inbox (
    id text not null, listener text not null, heard_at timestamptz not null default now(), primary key (id, listener));
  create index inbox_heard_at on inbox (heard_at);
  create table outbox (
    seq bigint generated always as identity primary key, id uuid not null unique,
    subject text not null, body jsonb not null, trace jsonb not null, said_at timestamptz not null default now());`;

/**
 * Brings one service's schema up to date: `migrations/NNNN-what.sql`, forward only, each in its own transaction as the
 * schema's owner, remembered with its sha256. An edited or vanished migration is refused: history is not rewritten.
 * Runs as an administrator; safe to run twice and by several at once.
 */
export async function migrate(admin: Client, schema: string, folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
  const steps = [
    { name: '0000-messages', sql: messageTables },
    ...await Promise.all(files.map(async (name) => ({ name: name.replace(/\.sql$/, ''), sql: await readFile(join(folder, name), 'utf8') }))),
  ];
  const applied: string[] = [];
  await admin.query('select pg_advisory_lock(hashtext($1))', [`migrate:${schema}`]);
  try {
    await admin.query(`set role ${schema}_owner`);
    await admin.query(`set search_path = ${schema}`);
    await admin.query('create table if not exists migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())');
    const known = new Map((await admin.query<{ name: string; sha256: string }>('select name, sha256 from migrations')).rows.map((row) => [row.name, row.sha256]));
    for (const { name, sql } of steps) {
      const sha256 = createHash('sha256').update(sql).digest('hex');
      const before = known.get(name);
      if (before === sha256) continue;
      if (before !== undefined) throw new Problem('conflict', `migration ${schema}/${name} was changed after it ran; write a new one instead`, { code: 'migration-edited' });
      await inTransaction(admin, async () => {
        await admin.query(sql);
        await admin.query('insert into migrations (name, sha256) values ($1, $2)', [name, sha256]);
      });
      applied.push(name);
    }
  } finally {
    await admin.query('reset role; reset search_path');
    await admin.query('select pg_advisory_unlock(hashtext($1))', [`migrate:${schema}`]);
  }
  return applied;
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
