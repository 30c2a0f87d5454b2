import { Bus } from '@plimsoll/bus';
import { ListProjects, type Principal } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';
import { seesAll } from './permissions.ts';

/** Projects are not deleted, so a name once known stays known; this only bounds the memory. */
const maxKept = 100_000;

/** Whether a project exists, for callers whose grants do not say so. */
@Injectable()
export class Projects {
  private readonly known = new Set<string>();

  constructor(private readonly bus: Bus) {}

  /** A caller with a grant in the project has proven it exists; one who sees all has proven nothing: identity is asked, once per name. */
  async mustExist(principal: Principal, project: string): Promise<void> {
    if (!seesAll(principal) || this.known.has(project)) return;
    const { items } = await this.bus.ask(ListProjects, { principal });
    if (this.known.size > maxKept) this.known.clear();
    for (const { name } of items) this.known.add(name);
    if (!this.known.has(project)) throw projectMissing(project);
  }
}

export const projectMissing = (project: string): Problem => new Problem('missing', `there is no project ${project} for you`, { code: 'project-missing' });
