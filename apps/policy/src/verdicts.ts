import { Injectable } from '@nestjs/common';
import type { VerdictCause, VerdictDecision } from '@plimsoll/contracts';
import { canonical, canonicalJson, type Decision, type PolicyInput } from '@plimsoll/policy-language';
import { DataSource, type EntityManager } from 'typeorm';

/** What is decided of one image of one project, and from what. */
export interface ImageVerdict {
  readonly project: string;
  /** The digest, or the target of an image that was rejected before its digest was known. */
  readonly image: string;
  readonly digest: string | undefined;
  readonly reference: string;
  readonly decision: Decision;
  readonly input: PolicyInput;
  /** Feed revision; absent for a rejected image. */
  readonly revision: number | undefined;
  /** When the event that it rests on was said. */
  readonly saidAt: Date;
  readonly traceId: string | undefined;
}

export interface NextVerdict extends ImageVerdict {
  readonly before: ImageVerdict | undefined;
  /** When it must be judged again though nobody says anything. */
  readonly dueAt: Date | undefined;
}

export interface PastVerdict { readonly outcome: VerdictDecision; readonly decided_at: Date; readonly revision: number | null; readonly cause: VerdictCause; readonly policy_digest: string; readonly input_digest: string }

interface Row { project: string; image: string; digest: string | null; reference: string; decision: Decision; input: PolicyInput; revision: number | null; said_at: Date; trace_id: string | null }
const columns = 'project, image, digest, reference, decision, input, revision, said_at, trace_id';

/** The present verdicts and how they came about. */
@Injectable()
export class Verdicts {
  constructor(private readonly db: DataSource) {}

  async find(project: string, image: string): Promise<ImageVerdict | undefined> {
    const [row] = await this.db.query(`select ${columns} from verdicts where project = $1 and image = $2`, [project, image]) as Row[];
    return row && read(row);
  }

  /** The present verdict; until the transaction ends nobody else judges this image, whether there was a verdict or not. */
  async lock(tx: EntityManager, project: string, image: string): Promise<ImageVerdict | undefined> {
    await tx.query(`select pg_advisory_xact_lock(hashtext('plimsoll policy image'), hashtext($1))`, [`${project} ${image}`]);
    const [row] = await tx.query(`select ${columns} from verdicts where project = $1 and image = $2 for update`, [project, image]) as Row[];
    return row && read(row);
  }

  /** Puts verdicts in the place of the present ones, which the transaction has locked. An input that is the same is not sent again: it is most of a row. */
  async keep(tx: EntityManager, verdicts: readonly NextVerdict[]): Promise<void> {
    if (verdicts.length === 0) return;
    const column = <T>(value: (verdict: (typeof verdicts)[number]) => T): T[] => verdicts.map(value);
    await tx.query(`
      insert into verdicts (project, image, digest, reference, outcome, decision, input, input_digest, policy_digest, revision, said_at, decided_at, due_at, trace_id)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::json[], $7::json[], $8::text[], $9::text[], $10::int[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::text[])
      on conflict (project, image) do update set
        digest = excluded.digest, reference = excluded.reference, outcome = excluded.outcome, decision = excluded.decision,
        input = case when verdicts.input_digest = excluded.input_digest then verdicts.input else excluded.input end,
        input_digest = excluded.input_digest, policy_digest = excluded.policy_digest, revision = excluded.revision,
        said_at = excluded.said_at, decided_at = excluded.decided_at, due_at = excluded.due_at, trace_id = excluded.trace_id`,
    [
      column(({ project }) => project), column(({ image }) => image), column(({ digest }) => digest), column(({ reference }) => reference),
      column(({ decision }) => decision.decision), column(({ decision }) => canonical(decision)),
      column(({ input, decision, before }) => (before?.decision.input_digest === decision.input_digest ? 'null' : canonicalJson(input))),
      column(({ decision }) => decision.input_digest), column(({ decision }) => decision.policy.digest), column(({ revision }) => revision),
      column(({ saidAt }) => saidAt), column(({ decision }) => decision.at), column(({ dueAt }) => dueAt), column(({ traceId }) => traceId),
    ]);
  }

  async remember(tx: EntityManager, { project, image, decision, revision, traceId }: ImageVerdict, cause: VerdictCause): Promise<void> {
    await tx.query(
      `insert into verdict_history (project, image, outcome, reasons, policy_digest, input_digest, revision, cause, trace_id, decided_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [project, image, decision.decision, canonicalJson(decision.reasons), decision.policy.digest, decision.input_digest, revision, cause, traceId, decision.at]);
  }

  /** Takes away a verdict and its history, unless it rests on something said later. */
  async forget(tx: EntityManager, project: string, image: string, saidUntil: Date): Promise<void> {
    const present = await this.lock(tx, project, image);
    if (present === undefined || present.saidAt > saidUntil) return;
    await tx.query('delete from verdicts where project = $1 and image = $2', [project, image]);
    await tx.query('delete from verdict_history where project = $1 and image = $2', [project, image]);
  }

  /** The newest first. */
  async history(project: string, image: string, limit: number): Promise<PastVerdict[]> {
    return this.db.query('select outcome, decided_at, revision, cause, policy_digest, input_digest from verdict_history where project = $1 and image = $2 order by id desc limit $3', [project, image, limit]);
  }

  /** Brings forward what must be judged again: a project's images, or the one of a digest. */
  async markDue(tx: EntityManager, project: string, at: Date, digest?: string): Promise<void> {
    await tx.query('update verdicts set due_at = $2 where project = $1 and ($3::text is null or digest = $3) and (due_at is null or due_at > $2)', [project, at, digest]);
  }

  /** The same for projects without a policy of their own when the built-in one is another than they were judged by. */
  async markDueOfOtherDefault(builtIn: string, at: Date): Promise<void> {
    await this.db.query(`
      update verdicts set due_at = $2 where policy_digest <> $1 and (due_at is null or due_at > $2)
        and not exists (select from policies where policies.project = verdicts.project)`, [builtIn, at]);
  }

  async projectsDue(at: Date): Promise<string[]> {
    const rows = await this.db.query('select project from verdicts where due_at <= $1 group by project order by min(due_at)', [at]) as { project: string }[];
    return rows.map(({ project }) => project);
  }

  /** Which images are due, the longest first. */
  async due(project: string, at: Date, limit: number): Promise<string[]> {
    const rows = await this.db.query('select image from verdicts where project = $1 and due_at <= $2 order by due_at, image limit $3', [project, at, limit]) as { image: string }[];
    return rows.map(({ image }) => image);
  }

  async findAll(project: string, images: readonly string[]): Promise<ImageVerdict[]> {
    const rows = await this.db.query(`select ${columns} from verdicts where project = $1 and image = any($2)`, [project, images]) as Row[];
    return rows.map(read);
  }

  /** Those of them that are still due and that nobody judges right now. */
  async lockDue(tx: EntityManager, project: string, images: readonly string[], at: Date): Promise<ImageVerdict[]> {
    const rows = await tx.query(`select ${columns} from verdicts where project = $1 and image = any($2) and due_at <= $3 order by image for update skip locked`, [project, images, at]) as Row[];
    return rows.map(read);
  }

  async backlog(at: Date): Promise<number> {
    const [{ count }] = await this.db.query('select count(*)::int as count from verdicts where due_at <= $1', [at]) as [{ count: number }];
    return count;
  }

  /** A project's verdicts by image, page by page. */
  async after(project: string, image: string, limit: number): Promise<ImageVerdict[]> {
    const rows = await this.db.query(`select ${columns} from verdicts where project = $1 and image > $2 order by image limit $3`, [project, image, limit]) as Row[];
    return rows.map(read);
  }
}

const read = ({ project, image, digest, reference, decision, input, revision, said_at: saidAt, trace_id: traceId }: Row): ImageVerdict =>
  ({ project, image, digest: digest ?? undefined, reference, decision, input, revision: revision ?? undefined, saidAt, traceId: traceId ?? undefined });
