import { operations, type Principal, type Scope } from '@plimsoll/contracts';
import { describe, expect, it } from 'vitest';
import { permission } from './permissions.ts';

const principal = (...grants: [string, ...Scope[]][]): Principal =>
  ({ subject: 'ada', kind: 'user', expires_at: '2030-01-01T00:00:00Z', grants: grants.map(([project, ...scopes]) => ({ project, scopes })) });

describe('permission', () => {
  it.each([
    ['reads where he may read', principal(['a', 'images:read']), operations.listImages, 'a', 'granted'],
    ['does not write where he may read', principal(['a', 'images:read']), operations.submitImage, 'a', 'denied'],
    ['does not see another project', principal(['a', 'admin', 'images:read']), operations.listImages, 'b', 'invisible'],
    ['does not see a project by a grant without scopes', principal(['b']), operations.listImages, 'b', 'invisible'],
    ['sees every project with a grant for all', principal(['*', 'images:read']), operations.listImages, 'b', 'granted'],
    ['does all in a project as its admin', principal(['a', 'admin']), operations.grantRole, 'a', 'granted'],
    ['does nothing beyond a project as its admin', principal(['a', 'admin']), operations.createProject, undefined, 'denied'],
    ['makes projects as everybody\'s admin', principal(['*', 'admin']), operations.createProject, undefined, 'granted'],
    ['reads the feeds with a grant in any project', principal(['a', 'feeds:read']), operations.getFeeds, undefined, 'granted'],
    ['ingests only with a grant for all', principal(['a', 'feeds:write']), operations.ingestSource, undefined, 'denied'],
    ['ingests with it', principal(['*', 'feeds:write']), operations.ingestSource, undefined, 'granted'],
    ['lists his projects with no grant at all', principal(), operations.listProjects, undefined, 'granted'],
  ] as const)('%s', (_name, who, operation, project, expected) => { expect(permission(who, operation as never, project)).toBe(expected); });
});
