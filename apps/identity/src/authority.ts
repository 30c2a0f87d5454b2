import type { Principal, Scope } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';

type Grants = Principal['grants'];

/** All scopes held in a project; `*` grants count everywhere. */
export const heldIn = (grants: Grants, project: string): Scope[] =>
  grants.filter((grant) => grant.project === '*' || grant.project === project).flatMap(({ scopes }) => scopes);

export const covers = (held: readonly Scope[], scope: Scope): boolean => held.includes(scope) || held.includes('admin');

/**
 * Throws unless the principal holds the scope in the project. Who holds nothing there is told what is told of a project
 * that does not exist: 404 `project-missing`. The door has asked this before; identity does not take its word.
 */
export function mustHold(principal: Principal, project: string, scope: Scope, now: Date): void {
  mustBeCurrent(principal, now);
  const held = heldIn(principal.grants, project);
  if (held.length === 0) throw projectMissing(project);
  if (!covers(held, scope)) throw new Problem('denied', `this needs the scope ${scope}`, { code: 'scope-missing' });
}

/** Throws unless the principal holds the scope for every project. */
export function mustHoldEverywhere(principal: Principal, scope: Scope, now: Date): void {
  mustBeCurrent(principal, now);
  const held = principal.grants.filter(({ project }) => project === '*').flatMap(({ scopes }) => scopes);
  if (!covers(held, scope)) throw new Problem('denied', `this needs the scope ${scope} for every project`, { code: 'scope-missing' });
}

/** Throws when the principal's token has ended since the door let it in. */
export function mustBeCurrent({ expires_at }: Principal, now: Date): void {
  if (Date.parse(expires_at) <= now.getTime()) throw new Problem('unauthenticated', 'the token has expired', { code: 'token-expired' });
}

export const projectMissing = (project: string): Problem => new Problem('missing', `there is no project ${project} for you`, { code: 'project-missing' });
