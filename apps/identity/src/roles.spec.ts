import { Role, Scope, type Principal } from '@plimsoll/contracts';
import { describe, expect, it } from 'vitest';
import { mustHold, mustHoldEverywhere } from './authority.ts';
import { everything, roles, scopesOf } from './roles.ts';

const now = new Date('2026-01-01T00:00:00Z');
const principal = (...grants: [string, ...Scope[]][]): Principal => ({ subject: 'x', kind: 'user', expires_at: '2026-01-01T00:10:00Z', grants: grants.map(([project, ...scopes]) => ({ project, scopes })) });
const codeOf = (work: () => void): string => { try { work(); return 'granted'; } catch (error) { return (error as { code: string }).code; } };

describe('roles', () => {
  it('hold one another, from viewer to owner', () => {
    const order = Role.options.map((role) => new Set<Scope>(roles[role]));
    for (const [at, scopes] of order.entries()) if (at > 0) expect([...order[at - 1]!].every((scope) => scopes.has(scope))).toBe(true);
  });
  it('of one project change nothing for all', () => { for (const role of Role.options) expect(roles[role]).not.toContain('feeds:write'); });
  it('give admin to the owner alone', () => { expect(Role.options.filter((role) => scopesOf(role).includes('admin'))).toEqual(['owner']); });
  it('that nobody knows give nothing', () => { expect(scopesOf('emperor')).toEqual([]); });
  it('have a scope for everything, at the administrator', () => { expect(everything).toEqual(Scope.options); });
});

describe('may he', () => {
  it.each<[string, Principal, string]>([
    ['with the scope', principal(['a', 'tokens:write']), 'granted'],
    ['with admin in the project', principal(['a', 'admin']), 'granted'],
    ['with the scope everywhere', principal(['*', 'tokens:write']), 'granted'],
    ['with another scope', principal(['a', 'images:read']), 'scope-missing'],
    ['with the scope in another project', principal(['b', 'admin']), 'project-missing'],
    ['with an empty grant', principal(['a']), 'project-missing'],
    ['with nothing', principal(), 'project-missing'],
    ['after his token ended', { ...principal(['a', 'admin']), expires_at: now.toISOString() }, 'token-expired'],
  ])('in a project, %s', (_name, who, expected) => { expect(codeOf(() => { mustHold(who, 'a', 'tokens:write', now); })).toBe(expected); });

  it.each<[string, Principal, string]>([
    ['as administrator', principal(['*', 'admin']), 'granted'],
    ['as owner of one', principal(['a', 'admin']), 'scope-missing'],
    ['with something everywhere', principal(['*', 'images:read']), 'scope-missing'],
  ])('beyond a project, %s', (_name, who, expected) => { expect(codeOf(() => { mustHoldEverywhere(who, 'admin', now); })).toBe(expected); });
});
