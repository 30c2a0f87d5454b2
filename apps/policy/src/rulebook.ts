import { Injectable } from '@nestjs/common';
import type { CompiledPolicy, Exception } from '@plimsoll/policy-language';
import type { EntityManager } from 'typeorm';
import { Exceptions } from './exceptions.ts';
import { Policies } from './policies.ts';
import { Revisions, type Revision } from './revisions.ts';

/** What images of a project are judged by at this moment. */
export interface InForce {
  readonly policy: CompiledPolicy;
  readonly exceptions: readonly Exception[];
  /** The newest feed revision heard of. */
  readonly newest?: Revision | undefined;
}

/** First half of the advisory locks' keys; the second is the project. */
const lockClass = `hashtext('plimsoll policy in force')`;

/**
 * Who judges holds what is in force shared, who changes it holds it alone, both until their transaction ends. So a change
 * finds every verdict that was reached before it, and no verdict is reached by what was just replaced.
 */
@Injectable()
export class Rulebook {
  constructor(private readonly policies: Policies, private readonly exceptions: Exceptions, private readonly revisions: Revisions) {}

  async hold(tx: EntityManager, project: string): Promise<InForce> {
    await tx.query(`select pg_advisory_xact_lock_shared(${lockClass}, hashtext($1))`, [project]);
    return { policy: await this.policies.inForce(tx, project), exceptions: await this.exceptions.inForce(tx, project), newest: await this.revisions.newest(tx) };
  }

  async holdAlone(tx: EntityManager, project: string): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(${lockClass}, hashtext($1))`, [project]);
  }
}
