import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Who may import whom. e2e promises are made over contracts and HTTP; `tools` starts everything, so it may see manifests and platform. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: ['domain'],
  contract: ['domain', 'contract'],
  platform: ['domain', 'contract', 'platform'],
  app: ['domain', 'contract', 'platform'],
  e2e: ['domain', 'contract', 'tools'],
  tools: ['domain', 'contract', 'platform', 'app'],
};

/** Machinery that pure code must not know. */
const machinery = /^(@nestjs\/|typeorm$|pg$|pg-|@nats-io\/|@opentelemetry\/)/;
const withoutMachinery = new Set(['domain', 'contract']);

interface Project { readonly name: string; readonly folder: string; readonly ring: string; readonly dependencies: readonly string[] }

/** One breach of the rings: which file imports what it must not. */
export interface Breach { readonly file: string; readonly imports: string; readonly why: string }

/**
 * Reads every project's sources and names each import that crosses a ring outwards, reaches into another app, or is missing
 * from the project's package.json. Specs and their helpers are free in what they use to build a bench, and are left out.
 */
export function breaches(root: string): Breach[] {
  const projects = projectsOf(root);
  const byName = new Map(projects.map((project) => [project.name, project]));
  return projects.flatMap((project) => sources(join(root, project.folder)).flatMap((file) =>
    importsOf(readFileSync(file, 'utf8')).flatMap((specifier): Breach[] => {
      const breach = (why: string): Breach[] => [{ file: relative(root, file), imports: specifier, why }];
      const packageName = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
      if (specifier.startsWith('.')) return specifier.includes('/../../') && !join(file, '..', specifier).startsWith(join(root, project.folder)) ? breach('reaches into another project by path') : [];
      if (withoutMachinery.has(project.ring) && machinery.test(specifier)) return breach(`a ${project.ring} library knows no machinery`);
      const other = byName.get(packageName);
      if (!other || other === project) return [];
      if (!project.dependencies.includes(packageName)) return breach(`not among the dependencies of ${project.name}`);
      if (other.ring === 'app' && specifier.endsWith('/manifest') && project.ring === 'tools') return [];
      if (!(allowed[project.ring] ?? []).includes(other.ring)) return breach(`${project.ring} must not import ${other.ring}`);
      return [];
    })));
}

function projectsOf(root: string): Project[] {
  const folders = ['apps', 'libs'].flatMap((group) => list(join(root, group)).map((name) => join(group, name))).concat('e2e', 'bench', 'tools');
  return folders.flatMap((folder) => {
    try {
      const { name, nx, dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string; nx?: { tags?: string[] }; dependencies?: object };
      const ring = nx?.tags?.find((tag) => tag.startsWith('ring:'))?.slice('ring:'.length);
      if (!ring || !allowed[ring]) throw new Error(`${folder}/package.json: nx.tags names no ring (${Object.keys(allowed).join(', ')})`);
      return [{ name, folder, ring, dependencies: Object.keys(dependencies) }];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name) && !/\.(spec|spec-helper|test)\./.test(entry.name) && !/node_modules|\/dist|\/testing/.test(entry.parentPath) && entry.name !== 'testing.ts')
    .map((entry) => join(entry.parentPath, entry.name));

const importsOf = (text: string): string[] =>
  [...text.matchAll(/^\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm)].map((match) => (match[1] ?? match[2] ?? match[3])!);

const list = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
