import type { Principal } from '@plimsoll/contracts';
import type { EntityManager } from 'typeorm';
import type { Credential } from './passwords.ts';
import { everything, scopesOf } from './roles.ts';

export interface Person { readonly id: string; readonly isAdmin: boolean; readonly credential: Credential | undefined }

/** How names are compared: composed, without case, without blanks around. */
export const fold = (identifier: string): string => identifier.normalize('NFKC').trim().toLowerCase();

/** The person of a name, with what his password is checked against. */
export async function findPerson(tx: EntityManager, folded: string): Promise<Person | undefined> {
  const [row] = await tx.query('select u.id, u.is_admin, c.phc, c.pepper from users u left join password_credentials c on c.user_id = u.id where u.folded = $1', [folded]) as { id: string; is_admin: boolean; phc: string | null; pepper: string }[];
  return row && { id: row.id, isAdmin: row.is_admin, credential: row.phc === null ? undefined : { phc: row.phc, pepper: row.pepper } };
}

/** What a user may do at this moment. */
export async function grantsOf(tx: EntityManager, userId: string): Promise<Principal['grants']> {
  const [user] = await tx.query('select is_admin from users where id = $1', [userId]) as { is_admin: boolean }[];
  if (!user) return [];
  if (user.is_admin) return [{ project: '*', scopes: [...everything] }];
  const bindings = await tx.query('select project, role from role_bindings where user_id = $1 order by project', [userId]) as { project: string; role: string }[];
  return bindings.map(({ project, role }) => ({ project, scopes: scopesOf(role) }));
}

/** Adds a user; false when the name is taken. */
export async function addPerson(tx: EntityManager, { id, identifier, isAdmin = false, credential }: { id: string; identifier: string; isAdmin?: boolean; credential: Credential }): Promise<boolean> {
  const added = await tx.query('insert into users (id, identifier, folded, is_admin) values ($1, $2, $3, $4) on conflict (folded) do nothing returning id', [id, identifier, fold(identifier), isAdmin]) as unknown[];
  if (added.length === 0) return false;
  await setCredential(tx, id, credential);
  return true;
}

export async function setCredential(tx: EntityManager, userId: string, { phc, pepper }: Credential): Promise<void> {
  await tx.query('insert into password_credentials (user_id, phc, pepper) values ($1, $2, $3) on conflict (user_id) do update set phc = excluded.phc, pepper = excluded.pepper, changed_at = now()', [userId, phc, pepper]);
}
