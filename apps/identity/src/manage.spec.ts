import { randomBytes } from 'node:crypto';
import {
  CheckToken, CreateProject, CreateToken, CreateUser, GrantRole, ListProjects, ListTokens, RevokeToken, TokenRevoked,
  type Answer, type Draft, type Principal, type Role, type Scope,
} from '@plimsoll/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { identityBench, type IdentityBench } from '../testing/identity-bench.ts';
import { newTokenText } from './token-text.ts';

let id: IdentityBench, admin: Principal;
beforeAll(async () => {
  id = await identityBench({ PLIMSOLL_IDENTITY_MAX_TOKENS: '20' });
  admin = await id.principalOf(await id.logIn('admin', id.adminPassword));
});
afterAll(async () => { await id?.close(); });

const password = 'correct horse battery';
const aName = (kind: string): string => `${kind}-${randomBytes(4).toString('hex')}`;
const aProject = async (): Promise<string> => (await id.ask(CreateProject, { principal: admin, name: aName('p') })).name;
/** A user with these roles, as the door sees him. */
const aUser = async (roles: Record<string, Role> = {}) => {
  const identifier = aName('u');
  const { id: userId } = await id.ask(CreateUser, { principal: admin, identifier, password });
  for (const [project, role] of Object.entries(roles)) await id.ask(GrantRole, { principal: admin, project, identifier, role });
  return { userId, identifier, principal: await id.principalOf(await id.logIn(identifier, password, identifier)) };
};
const aToken = (principal: Principal, project: string, change: Partial<Draft<typeof CreateToken>> = {}): Promise<Answer<typeof CreateToken>> =>
  id.ask(CreateToken, { principal, project, name: 'ci', scopes: ['images:read'], expires_in_days: 30, ...change });
const check = (token: string): Promise<Principal> => id.ask(CheckToken, { token });
const tokenInvalid = { kind: 'unauthenticated', code: 'token-invalid', detail: 'the API token is not valid' };
const invisible = { kind: 'missing', code: 'project-missing' };
const denied = { kind: 'denied', code: 'scope-missing' };

describe('a project', () => {
  it('is made by the administrator, once, and seen by those with a role', async () => {
    const name = await aProject(), other = await aProject();
    await expect(id.ask(CreateProject, { principal: admin, name })).rejects.toMatchObject({ kind: 'conflict', code: 'project-exists' });
    const names = async (principal: Principal) => (await id.ask(ListProjects, { principal })).items.map((item) => item.name);
    expect(await names(admin)).toEqual(expect.arrayContaining(['default', name, other]));
    expect(await names((await aUser({ [name]: 'viewer' })).principal)).toEqual([name]);
    expect(await names((await aUser()).principal)).toEqual([]);
    const token = await aToken(admin, name);
    expect(await names(await check(token.token))).toEqual([name]);
  });

  it('answers who has nothing there as if it were not', async () => {
    const project = await aProject(), { principal } = await aUser({ [await aProject()]: 'owner' });
    for (const name of [project, 'there-is-none']) {
      await expect(aToken(principal, name)).rejects.toMatchObject({ ...invisible, detail: `there is no project ${name} for you` });
      await expect(id.ask(ListTokens, { principal, project: name })).rejects.toMatchObject(invisible);
      await expect(id.ask(RevokeToken, { principal, project: name, id: 'x' })).rejects.toMatchObject(invisible);
      await expect(id.ask(GrantRole, { principal, project: name, identifier: 'admin', role: 'viewer' })).rejects.toMatchObject(invisible);
    }
    await expect(aToken(admin, 'there-is-none')).rejects.toMatchObject(invisible);
    await expect(id.ask(ListTokens, { principal: admin, project: 'there-is-none' })).rejects.toMatchObject(invisible);
    await expect(id.ask(GrantRole, { principal: admin, project: 'there-is-none', identifier: 'admin', role: 'viewer' })).rejects.toMatchObject(invisible);
  });
});

describe('a role', () => {
  it.each<[Role, Scope[], Scope[]]>([
    ['viewer', ['images:read', 'policy:read'], ['images:write', 'tokens:write', 'admin']],
    ['developer', ['images:write'], ['policy:write', 'tokens:write', 'admin']],
    ['maintainer', ['policy:write', 'tokens:write', 'subscriptions:write'], ['admin', 'feeds:write']],
    ['owner', ['admin'], ['feeds:write']],
  ])('%s reaches the access token, in its project alone', async (role, has, hasNot) => {
    const project = await aProject(), { principal } = await aUser({ [project]: role });
    expect(principal.grants.map((grant) => grant.project)).toEqual([project]);
    expect(principal.grants[0]!.scopes).toEqual(expect.arrayContaining(has));
    for (const scope of hasNot) expect(principal.grants[0]!.scopes).not.toContain(scope);
  });

  it('takes the place of the one before', async () => {
    const project = await aProject(), { identifier } = await aUser({ [project]: 'owner' });
    await id.ask(GrantRole, { principal: admin, project, identifier, role: 'viewer' });
    expect((await id.principalOf(await id.logIn(identifier, password))).grants[0]!.scopes).not.toContain('admin');
  });

  it('is given by owners and the administrator, by nobody else', async () => {
    const project = await aProject(), friend = (await aUser()).identifier;
    await id.ask(GrantRole, { principal: (await aUser({ [project]: 'owner' })).principal, project, identifier: friend, role: 'viewer' });
    for (const role of ['viewer', 'developer', 'maintainer'] as const) {
      const { principal, identifier } = await aUser({ [project]: role });
      await expect(id.ask(GrantRole, { principal, project, identifier, role: 'owner' })).rejects.toMatchObject(denied);
    }
    await expect(id.ask(GrantRole, { principal: admin, project, identifier: 'nobody', role: 'viewer' })).rejects.toMatchObject({ kind: 'missing', code: 'user-missing' });
  });

  it('that was taken away cannot be taken back with a token from before', async () => {
    const project = await aProject(), { identifier, principal } = await aUser({ [project]: 'owner' });
    await id.ask(GrantRole, { principal: admin, project, identifier, role: 'viewer' });
    await expect(id.ask(GrantRole, { principal, project, identifier, role: 'owner' })).rejects.toMatchObject(denied);
    await expect(aToken(principal, project)).rejects.toMatchObject(denied);
  });

  it('is refused where an access token could not hold it any more', async () => {
    const { identifier, principal } = await aUser();
    const projects = await id.postgres.query<{ name: string }>(`insert into identity.projects (name) select 'many-' || repeat('x', 40) || n from generate_series(1, 60) n returning name`);
    const results = [];
    for (const { name } of projects.rows) results.push(await id.ask(GrantRole, { principal: admin, project: name, identifier, role: 'owner' }).then(() => 'granted', (error: { code: string }) => error.code));
    expect([results[0], results.at(-1)]).toEqual(['granted', 'too-many-roles']);
    expect((await id.logIn(identifier, password)).length).toBeLessThan(8192);
    expect(principal.grants).toEqual([]);
  });
});

describe('a user', () => {
  it('is made by the administrator, once for each name, however it is written', async () => {
    const { identifier } = await aUser();
    await expect(id.ask(CreateUser, { principal: admin, identifier: ` ${identifier.toUpperCase()} `, password })).rejects.toMatchObject({ kind: 'conflict', code: 'user-exists' });
    for (const name of ['  ', 'a\u0000b', 'a\nb']) await expect(id.ask(CreateUser, { principal: admin, identifier: name, password })).rejects.toMatchObject({ kind: 'invalid', code: 'identifier-invalid' });
  });

  it.each(['short', ''])('does not get the password %j', async (weak) => {
    await expect(id.ask(CreateUser, { principal: admin, identifier: aName('u'), password: weak })).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('is not made by owners, by tokens, by forged or old principals', async () => {
    const project = await aProject(), owner = await aUser({ [project]: 'owner' });
    const everywhere: Principal['grants'] = [{ project: '*', scopes: ['admin'] }];
    const tokenOfOwner = await check((await aToken(owner.principal, project, { scopes: ['admin'] })).token);
    const cases: [Principal, object][] = [
      [owner.principal, denied], [tokenOfOwner, denied],
      [{ ...owner.principal, grants: everywhere }, denied],                         // a door that was fooled
      [{ ...tokenOfOwner, grants: everywhere }, denied],
      [{ ...admin, subject: 'admin' }, { code: 'token-invalid' }],
      [{ ...admin, subject: '00000000-0000-4000-8000-000000000000' }, denied],
      [{ ...admin, expires_at: new Date(Date.now() - 1).toISOString() }, { code: 'token-expired' }],
    ];
    for (const [principal, problem] of cases) {
      await expect(id.ask(CreateUser, { principal, identifier: aName('u'), password })).rejects.toMatchObject(problem);
      await expect(id.ask(CreateProject, { principal, name: aName('p') })).rejects.toMatchObject(problem);
    }
  });
});

describe('an API token', () => {
  it('is shown once, works at once, and is listed without its secret', async () => {
    const project = await aProject(), { principal } = await aUser({ [project]: 'maintainer' });
    const { token, ...made } = await aToken(principal, project, { scopes: ['images:read', 'images:write', 'images:read'] });
    expect(made).toMatchObject({ name: 'ci', project, scopes: ['images:read', 'images:write'] });
    expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(30 * 86_400_000);
    expect(await check(token)).toEqual({ subject: `token:${made.id}`, kind: 'token', grants: [{ project, scopes: ['images:read', 'images:write'] }], expires_at: made.expires_at });
    const { items } = await id.ask(ListTokens, { principal, project });
    expect(items).toEqual([{ ...made, last_used_at: expect.any(String) as string }]);
    expect(JSON.stringify((await id.postgres.query('select t::text from identity.api_tokens t')).rows)).not.toContain(token.split('_')[2]);
  });

  it.each<[string, (token: string) => string]>([
    ['malformed', () => 'plt_x'], ['empty', () => ''], ['unknown', () => newTokenText().text],
    ['with a wrong checksum', (token) => token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a')],
    ['of another secret', (token) => { const other = newTokenText(); return other.text.replace(other.id, token.split('_')[1]!); }],
  ])('%s is answered like every other that is not valid', async (_name, make) => {
    const { token } = await aToken(admin, 'default');
    await expect(check(make(token))).rejects.toMatchObject(tokenInvalid);
  });

  it('with the id of one and the secret of another, both whole, is nobody', async () => {
    const [a, b] = [await aToken(admin, 'default'), await aToken(admin, 'default')];
    const { crc32 } = await import('node:zlib');
    const { base62 } = await import('./base62.ts');
    const body = `plt_${a.id}_${b.token.split('_')[2]}`;
    await expect(check(`${body}_${base62(crc32(body), 6)}`)).rejects.toMatchObject(tokenInvalid);
  });

  it('ends', async () => {
    const made = await aToken(admin, 'default');
    await id.postgres.query('update identity.api_tokens set expires_at = now() where id = $1', [made.id]);
    await expect(check(made.token)).rejects.toMatchObject(tokenInvalid);
  });

  it.each([0, 367, 1.5])('must end within a year: %d days are refused', async (expires_in_days) => { await expect(aToken(admin, 'default', { expires_in_days })).rejects.toMatchObject({ kind: 'invalid' }); });

  it('is revoked at once, and this is said, once', async () => {
    const project = await aProject(), made = await aToken(admin, project);
    await id.ask(RevokeToken, { principal: admin, project, id: made.id });
    await expect(check(made.token)).rejects.toMatchObject(tokenInvalid);
    await id.ask(RevokeToken, { principal: admin, project, id: made.id });
    expect((await id.ask(ListTokens, { principal: admin, project })).items).toEqual([]);
    const said = async () => (await id.bench.said(TokenRevoked)).filter((event) => event.project === project);
    await vi.waitFor(async () => expect(await said()).toEqual([{ id: made.id, project }]), 10_000);
    await expect(id.ask(RevokeToken, { principal: admin, project, id: 'none' })).rejects.toMatchObject({ kind: 'missing', code: 'token-missing' });
  });

  it('of one project is not revoked through another', async () => {
    const [ours, theirs] = [await aProject(), await aProject()], made = await aToken(admin, theirs);
    await expect(id.ask(RevokeToken, { principal: (await aUser({ [ours]: 'owner' })).principal, project: ours, id: made.id })).rejects.toMatchObject({ code: 'token-missing' });
    await expect(check(made.token)).resolves.toBeDefined();
  });

  it('never has what its maker has not', async () => {
    const project = await aProject(), other = await aProject(), { principal } = await aUser({ [project]: 'maintainer', [other]: 'owner' });
    const beyond = { kind: 'denied', code: 'scope-beyond-maker' };
    for (const scopes of [['admin'], ['feeds:write'], ['images:read', 'admin']] as Scope[][]) await expect(aToken(principal, project, { scopes })).rejects.toMatchObject(beyond);
    await expect(aToken({ ...principal, grants: [{ project, scopes: ['admin'] }] }, project, { scopes: ['admin'] })).rejects.toMatchObject(beyond);   // a door that was fooled
    const { principal: developer } = await aUser({ [project]: 'developer' });
    await expect(aToken(developer, project)).rejects.toMatchObject(denied);
    await expect(id.ask(ListTokens, { principal: developer, project })).rejects.toMatchObject(denied);
  });

  it('shrinks with its owner, and ends with his role', async () => {
    const project = await aProject(), { identifier, userId, principal } = await aUser({ [project]: 'maintainer' });
    const { token } = await aToken(principal, project, { scopes: ['images:read', 'policy:write'] });
    await id.ask(GrantRole, { principal: admin, project, identifier, role: 'viewer' });
    expect((await check(token)).grants).toEqual([{ project, scopes: ['images:read'] }]);
    await id.postgres.query('delete from identity.role_bindings where user_id = $1', [userId]);
    await expect(check(token)).rejects.toMatchObject(tokenInvalid);
  });

  it('that makes another is its bound: in scopes, in project, in time, in revocation', async () => {
    const project = await aProject(), { principal } = await aUser({ [project]: 'maintainer', [await aProject()]: 'maintainer' });
    const parent = await aToken(principal, project, { scopes: ['tokens:write', 'images:read'], expires_in_days: 2 }), asParent = await check(parent.token);
    await expect(aToken(asParent, project, { scopes: ['policy:write'] })).rejects.toMatchObject({ code: 'scope-beyond-maker' });
    await expect(aToken(asParent, principal.grants.find((grant) => grant.project !== project)!.project)).rejects.toMatchObject(invisible);
    const child = await aToken(asParent, project, { scopes: ['tokens:write', 'images:read'], expires_in_days: 366 });
    expect(child.expires_at).toBe(parent.expires_at);
    const grandchild = await aToken(await check(child.token), project);
    await id.ask(RevokeToken, { principal, project, id: parent.id });
    for (const { token } of [parent, child, grandchild]) await expect(check(token)).rejects.toMatchObject(tokenInvalid);
    await expect(aToken(asParent, project)).rejects.toMatchObject({ kind: 'unauthenticated', code: 'token-invalid' });   // the door remembered it for some seconds
    await vi.waitFor(async () => expect((await id.bench.said(TokenRevoked)).filter((event) => event.project === project).map((event) => event.id).sort()).toEqual([parent.id, child.id, grandchild.id].sort()), 10_000);
  });

  it('tells when it was used, to the minute', async () => {
    const made = await aToken(admin, 'default');
    const used = async () => (await id.postgres.query<{ at: string; version: string }>('select last_used_at::text as at, xmin::text as version from identity.api_tokens where id = $1', [made.id])).rows[0]!;
    await check(made.token);
    const first = await used();
    await Promise.all(Array.from({ length: 20 }, () => check(made.token)));
    expect(await used()).toEqual(first);
    await id.postgres.query(`update identity.api_tokens set last_used_at = last_used_at - interval '61 seconds' where id = $1`, [made.id]);
    await check(made.token);
    expect(Date.parse((await used()).at)).toBeGreaterThanOrEqual(Date.parse(first.at));
  });

  it('is one of a limited number, also when many are made at once', async () => {
    const project = await aProject();
    const outcomes = await Promise.allSettled(Array.from({ length: 25 }, () => aToken(admin, project)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    expect(outcomes.flatMap((outcome) => outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [])).toEqual(Array(5).fill('too-many-tokens'));
  });
});
