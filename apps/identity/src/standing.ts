import type { Principal, Scope } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';
import { ownerOfToken, tokenOf } from './api-tokens.ts';
import { mustHold, mustHoldEverywhere } from './authority.ts';
import { grantsOf } from './people.ts';

/**
 * Asks a second time, of the tables: an access token tells what its holder might do when it was made. Whoever lost a role
 * since then must not give it back to himself. Answers the id of the user behind the principal.
 */
export async function mustHoldToday(tx: EntityManager, principal: Principal, project: string, scopes: readonly Scope[], now: Date): Promise<string> {
  const owner = await ownerOf(tx, principal, now), today = { ...principal, grants: await grantsOf(tx, owner) };
  for (const scope of scopes) mustHold(today, project, scope, now);
  return owner;
}

/** The same for acts that reach beyond one project. */
export async function mustHoldEverywhereToday(tx: EntityManager, principal: Principal, scope: Scope, now: Date): Promise<void> {
  mustHoldEverywhere({ ...principal, grants: await grantsOf(tx, await ownerOf(tx, principal, now)) }, scope, now);
}

/** The user behind a principal; a token that was revoked since the door looked stands for nobody. */
async function ownerOf(tx: EntityManager, principal: Principal, now: Date): Promise<string> {
  const token = tokenOf(principal), owner = token === undefined ? principal.subject : await ownerOfToken(tx, token, now);
  if (owner === undefined || !isUuid(owner)) throw new Problem('unauthenticated', 'the token is not valid', { code: 'token-invalid' });
  return owner;
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
