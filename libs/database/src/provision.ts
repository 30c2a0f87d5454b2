import type { Client } from 'pg';
import pg from 'pg';

/**
 * Gives a service its schema and two roles: `<name>_owner` (cannot log in; migrations run as it) and `svc_<name>`
 * (logs in; reads and writes rows of its own schema, no DDL, no other schema). Safe to run again; sets the password anew.
 * `password` is generated, never typed by a person.
 */
export async function provision(admin: Client, database: string, name: string, password: string): Promise<void> {
  const schema = pg.escapeIdentifier(name);
  const owner = pg.escapeIdentifier(`${name}_owner`);
  const login = pg.escapeIdentifier(`svc_${name}`);
  await ensureRole(admin, `${name}_owner`, 'nologin');
  await ensureRole(admin, `svc_${name}`, 'login');
  await admin.query(`alter role ${login} nosuperuser nocreatedb nocreaterole noreplication connection limit 60 password ${pg.escapeLiteral(password)}`);
  await admin.query(`revoke all on database ${pg.escapeIdentifier(database)} from public`);
  await admin.query(`grant connect on database ${pg.escapeIdentifier(database)} to ${login}`);
  await admin.query('revoke all on schema public from public');
  await admin.query(`create schema if not exists ${schema} authorization ${owner}`);
  await admin.query(`grant usage on schema ${schema} to ${login}`);
  await admin.query(`alter default privileges for role ${owner} in schema ${schema} grant select, insert, update, delete on tables to ${login}`);
  await admin.query(`alter default privileges for role ${owner} in schema ${schema} grant usage on sequences to ${login}`);
  await admin.query(`alter role ${login} set search_path = ${schema}`);
}

async function ensureRole(admin: Client, name: string, kind: 'login' | 'nologin'): Promise<void> {
  const { rowCount } = await admin.query('select 1 from pg_roles where rolname = $1', [name]);
  if (!rowCount) await admin.query(`create role ${pg.escapeIdentifier(name)} ${kind}`);
  await admin.query(`grant ${pg.escapeIdentifier(name)} to current_user`);
}
