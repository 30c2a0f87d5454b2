import { Role, Scope } from '@plimsoll/contracts';

const reads = ['images:read', 'feeds:read', 'policy:read', 'subscriptions:read'] as const;
const develops = [...reads, 'images:write'] as const;
const maintains = [...develops, 'policy:write', 'subscriptions:write', 'tokens:write'] as const;

/**
 * What each role may do in its project; the only place that says so. `admin` in a project covers every scope there and
 * lets its holder give roles. `feeds:write` reaches every project, so no role of one project holds it.
 */
export const roles = {
  viewer: reads,
  developer: develops,
  maintainer: maintains,
  owner: [...maintains, 'admin'],
} as const satisfies Record<Role, readonly Scope[]>;

/** What the platform's administrator may do, everywhere. */
export const everything: readonly Scope[] = Scope.options;

/** The scopes of a role; none for a role this version does not know. */
export const scopesOf = (role: string): Scope[] => {
  const known = Role.safeParse(role);
  return known.success ? [...roles[known.data]] : [];
};
