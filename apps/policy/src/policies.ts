import { Injectable } from '@nestjs/common';
import { defaultPolicy, loadPolicy, type CompiledPolicy } from '@plimsoll/policy-language';
import { DataSource, type EntityManager } from 'typeorm';

/** A policy as somebody set it. */
export interface StoredPolicy { readonly name: string; readonly digest: string; readonly document: string; readonly author: string; readonly created_at: Date }

/** Compiled policies kept in memory; a project in use has one. */
const keptCompiled = 200;

/** The policies of projects; the newest is in force, and where there is none, the built-in one. */
@Injectable()
export class Policies {
  private readonly compiled = new Map<string, CompiledPolicy>();

  constructor(private readonly db: DataSource) {}

  /** The policy in force, ready to judge by. */
  async inForce(tx: EntityManager, project: string): Promise<CompiledPolicy> {
    const [row] = await tx.query('select id from policies where project = $1 order by id desc limit 1', [project]) as { id: string }[];
    if (!row) return defaultPolicy();
    const known = this.compiled.get(row.id);
    if (known) return known;
    const [{ document }] = await tx.query('select document from policies where id = $1', [row.id]) as [{ document: string }];
    const policy = loadPolicy(document);
    if (this.compiled.size >= keptCompiled) this.compiled.delete(this.compiled.keys().next().value!);
    this.compiled.set(row.id, policy);
    return policy;
  }

  async find(project: string, tx: EntityManager = this.db.manager): Promise<StoredPolicy | undefined> {
    const [row] = await tx.query('select name, digest, document, author, created_at from policies where project = $1 order by id desc limit 1', [project]) as StoredPolicy[];
    return row;
  }

  async add(tx: EntityManager, project: string, { name, digest, document, author }: Omit<StoredPolicy, 'created_at'>): Promise<void> {
    await tx.query('insert into policies (project, name, digest, document, author) values ($1, $2, $3, $4, $5)', [project, name, digest, document, author]);
  }
}
