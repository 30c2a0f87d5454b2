import { z } from 'zod';
import { Project, Timestamp } from './common.ts';
import { event, request, type Body } from './message.ts';

/** What a role or token may do; a project's roles bundle them. `admin` alone crosses projects. */
export const Scope = z.enum(['images:read', 'images:write', 'feeds:read', 'feeds:write', 'policy:read', 'policy:write', 'subscriptions:read', 'subscriptions:write', 'tokens:write', 'admin']);
export type Scope = z.output<typeof Scope>;

export const Role = z.enum(['viewer', 'developer', 'maintainer', 'owner']);
export type Role = z.output<typeof Role>;

/** Who is calling, after a token was checked. */
export const Principal = z.object({
  subject: z.string(),
  kind: z.enum(['user', 'token']),
  /** Scopes per project; `*` stands for every project. */
  grants: z.array(z.object({ project: z.union([Project, z.literal('*')]), scopes: z.array(Scope) })),
  expires_at: Timestamp,
});
export type Principal = z.output<typeof Principal>;

export const Login = request('identity', 'login.v1', { identifier: z.string().max(320), password: z.string().max(1024), client: z.string().max(128).optional() },
  z.object({ access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int() }));

/** Checks an API token (`plt_…`); access tokens are checked by anyone with the JWKS. */
export const CheckToken = request('identity', 'check-token.v1', { token: z.string().max(512) }, Principal);

/** RFC 7517. */
export const GetJwks = request('identity', 'get-jwks.v1', {}, z.object({ keys: z.array(z.record(z.string(), z.unknown())) }));

export const ApiToken = z.object({ id: z.string(), name: z.string(), project: Project, scopes: z.array(Scope), created_at: Timestamp, expires_at: Timestamp, last_used_at: Timestamp.optional() });
export type ApiToken = z.output<typeof ApiToken>;
export const CreateToken = request('identity', 'create-token.v1', {
  /** Who asks; a token never grants more than its maker has. */
  principal: Principal,
  name: z.string().min(1).max(128), project: Project, scopes: z.array(Scope).min(1), expires_in_days: z.int().min(1).max(366),
}, ApiToken.extend({ token: z.string() }));
export const ListTokens = request('identity', 'list-tokens.v1', { principal: Principal, project: Project }, z.object({ items: z.array(ApiToken) }));
export const RevokeToken = request('identity', 'revoke-token.v1', { principal: Principal, project: Project, id: z.string() }, z.object({}));

export const ProjectBody = z.object({ name: Project, created_at: Timestamp });
export const CreateProject = request('identity', 'create-project.v1', { principal: Principal, name: Project }, ProjectBody);
export const ListProjects = request('identity', 'list-projects.v1', { principal: Principal }, z.object({ items: z.array(ProjectBody) }));
export const GrantRole = request('identity', 'grant-role.v1', { principal: Principal, project: Project, identifier: z.string().max(320), role: Role }, z.object({}));
export const CreateUser = request('identity', 'create-user.v1', { principal: Principal, identifier: z.string().min(1).max(320), password: z.string().min(12).max(1024) }, z.object({ id: z.uuid(), identifier: z.string() }));

/** Makes the first administrator with the one-time token the first start wrote to a file; only while there is none. */
export const RedeemBootstrap = request('identity', 'redeem-bootstrap.v1', { token: z.string().max(128), password: z.string().min(12).max(1024), client: z.string().max(128).optional() }, z.object({ id: z.uuid(), identifier: z.string() }));

/** The certificates others should trust: PEM, root first. */
export const GetTrustBundle = request('identity', 'get-trust-bundle.v1', {}, z.object({ root: z.string(), intermediates: z.array(z.string()), crl: z.string().optional() }));

export const TokenRevoked = event('identity', 'token.revoked.v1', { id: z.string(), project: Project });
export type TokenRevoked = Body<typeof TokenRevoked>;
