import { Answers, Bus } from '@plimsoll/bus';
import { CreateProject, GrantRole, ListProjects, type Answer, type Body } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { record } from './audit.ts';
import { mustBeCurrent, mustHold, mustHoldEverywhere } from './authority.ts';
import { findPerson, fold, grantsOf } from './people.ts';
import { addProject, mustExist } from './projects.ts';
import { mustHoldEverywhereToday, mustHoldToday } from './standing.ts';

/** The door takes tokens of 8 KiB; grants travel in them as JSON in base64, with some 600 characters beside. */
const maxGrantBytes = 5_500;

/** Projects, and who may do what in them. */
@Controller()
export class ManageProjects {
  constructor(private readonly db: DataSource, private readonly bus: Bus) {}

  @Answers(CreateProject)
  async create({ principal, name }: Body<typeof CreateProject>): Promise<Answer<typeof CreateProject>> {
    const now = new Date();
    mustHoldEverywhere(principal, 'admin', now);
    return this.bus.commit(async (tx) => {
      await mustHoldEverywhereToday(tx, principal, 'admin', now);
      const createdAt = await addProject(tx, name);
      if (!createdAt) throw new Problem('conflict', `there is a project ${name} already`, { code: 'project-exists' });
      await record(tx, { act: 'project.made', actor: principal.subject, facts: { project: name } });
      return { name, created_at: createdAt.toISOString() };
    });
  }

  @Answers(ListProjects)
  async list({ principal }: Body<typeof ListProjects>): Promise<Answer<typeof ListProjects>> {
    mustBeCurrent(principal, new Date());
    const visible = principal.grants.filter(({ scopes }) => scopes.length > 0).map(({ project }) => project);
    const rows = await this.db.query('select name, created_at from projects where $1 or name = any($2) order by name', [visible.includes('*'), visible]) as { name: string; created_at: Date }[];
    return { items: rows.map(({ name, created_at }) => ({ name, created_at: created_at.toISOString() })) };
  }

  @Answers(GrantRole)
  async grant({ principal, project, identifier, role }: Body<typeof GrantRole>): Promise<Answer<typeof GrantRole>> {
    const now = new Date();
    mustHold(principal, project, 'admin', now);
    await this.bus.commit(async (tx) => {
      await mustExist(tx, project);
      await mustHoldToday(tx, principal, project, ['admin'], now);
      const person = await findPerson(tx, fold(identifier));
      if (!person) throw new Problem('missing', `there is no user ${identifier}`, { code: 'user-missing' });
      await tx.query('insert into role_bindings (project, user_id, role) values ($1, $2, $3) on conflict (project, user_id) do update set role = excluded.role, granted_at = now()', [project, person.id, role]);
      if (JSON.stringify(await grantsOf(tx, person.id)).length > maxGrantBytes)
        throw new Problem('conflict', `${identifier} has roles in so many projects that an access token cannot hold them`, { code: 'too-many-roles' });
      await record(tx, { act: 'role.granted', actor: principal.subject, facts: { project, user: person.id, role } });
    });
    return {};
  }
}
