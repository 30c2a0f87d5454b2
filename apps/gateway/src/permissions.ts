import type { Operation, Principal, Scope } from '@plimsoll/contracts';

/** `invisible`: the caller may not even learn that the project exists. */
export type Permission = 'granted' | 'denied' | 'invisible';

/** Whether a principal may do an operation, in a project when the operation has one. Pure: the grants are all there is to know. */
export function permission(principal: Principal, { scope, everywhere, params }: Pick<Operation, 'scope' | 'everywhere' | 'params'>, project: string | undefined): Permission {
  if (scope === 'public' || scope === 'signed-in') return 'granted';
  if ('project' in params.shape) {
    const held = principal.grants.filter((grant) => grant.project === '*' || grant.project === project).flatMap(({ scopes }) => scopes);
    if (held.length === 0) return 'invisible';
    return covers(held, scope) ? 'granted' : 'denied';
  }
  const held = principal.grants.filter((grant) => grant.project === '*' || !everywhere).flatMap(({ scopes }) => scopes);
  return covers(held, scope) ? 'granted' : 'denied';
}

/** Sees every project, so that only asking identity tells which exist. */
export const seesAll = (principal: Principal): boolean => principal.grants.some(({ project, scopes }) => project === '*' && scopes.length > 0);

/** The projects in which a principal may do what a scope allows. */
export function visibleProjects({ grants }: Principal, scope: Scope): string[] | 'all' {
  const held = grants.filter(({ scopes }) => covers(scopes, scope)).map(({ project }) => project);
  return held.includes('*') ? 'all' : [...new Set(held)].sort();
}

const covers = (held: readonly Scope[], wanted: Scope): boolean => held.includes(wanted) || held.includes('admin');
