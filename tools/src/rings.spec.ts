import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { breaches } from './rings.ts';

const roots: string[] = [];
afterEach(() => { for (const root of roots.splice(0)) rmSync(root, { recursive: true }); });

const house = (files: Record<string, string | object>): string => {
  const root = mkdtempSync(join(tmpdir(), 'rings-'));
  roots.push(root);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return root;
};
const project = (name: string, ring: string, ...dependencies: string[]) => ({ name, nx: { tags: [`ring:${ring}`] }, dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '*'])) });

it('finds nothing in this house', () => {
  expect(breaches(join(import.meta.dirname, '..', '..'))).toEqual([]);
});

it.each([
  ['a domain library that knows Postgres', `import pg from 'pg';`, /knows no machinery/],
  ['a domain library that imports the platform', `import { x } from '@h/bus';`, /domain must not import platform/],
  ['a domain library that imports it late', `const x = await import('@h/bus');`, /domain must not import platform/],
  ['a re-export', `export * from '@h/bus';`, /domain must not import platform/],
  ['an undeclared dependency', `import { y } from '@h/other';`, /not among the dependencies/],
])('sees %s', (_, line, why) => {
  const root = house({
    'libs/pure/package.json': project('@h/pure', 'domain', '@h/bus'), 'libs/pure/src/index.ts': line,
    'libs/bus/package.json': project('@h/bus', 'platform'), 'libs/bus/src/index.ts': '', 'libs/other/package.json': project('@h/other', 'domain'), 'libs/other/src/index.ts': '',
  });
  expect(breaches(root)).toEqual([expect.objectContaining({ file: 'libs/pure/src/index.ts', why: expect.stringMatching(why) })]);
});

it('sees an app that reaches into another', () => {
  const root = house({
    'apps/a/package.json': project('@h/a', 'app', '@h/b'), 'apps/a/src/main.ts': `import { secret } from '@h/b/manifest';`,
    'apps/b/package.json': project('@h/b', 'app'), 'apps/b/src/manifest.ts': '',
  });
  expect(breaches(root)).toEqual([expect.objectContaining({ why: 'app must not import app' })]);
});

it('refuses a project without a ring', () => {
  expect(() => breaches(house({ 'libs/x/package.json': { name: 'x' }, 'libs/x/src/index.ts': '' }))).toThrow(/names no ring/);
});
