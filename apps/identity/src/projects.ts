import type { EntityManager } from 'typeorm';
import { projectMissing } from './authority.ts';

/** Throws 404 `project-missing` unless the project exists; for principals who may see every project, and so have proven nothing. */
export async function mustExist(tx: EntityManager, project: string): Promise<void> {
  const found = await tx.query('select 1 from projects where name = $1', [project]) as unknown[];
  if (found.length === 0) throw projectMissing(project);
}

/** Adds a project; undefined when the name is taken. */
export async function addProject(tx: EntityManager, name: string): Promise<Date | undefined> {
  const [added] = await tx.query('insert into projects (name) values ($1) on conflict (name) do nothing returning created_at', [name]) as { created_at: Date }[];
  return added?.created_at;
}
