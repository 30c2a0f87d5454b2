import { Answers, Bus } from '@plimsoll/bus';
import { DiffImages, ExplainFinding, GetFindings, GetWhyNot, type Answer, type Body } from '@plimsoll/contracts';
import { pageToken, readPageToken } from '@plimsoll/database';
import { Inventory } from '@plimsoll/inventory';
import { explain, type Finding, whyNot } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { distinctNames, enrichmentIndex, enrichmentsOf, indexOfNames } from './advisory-rows.ts';
import { diffOf } from './diff-images.ts';
import { textsOf } from './finding-texts.ts';
import { cursorOf, filtered, isAfter, problemsNamed, type FindingsCursor } from './findings-page.ts';
import { notCovered, rowsOf, summaryOf, type FindingRow } from './image-findings.ts';
import { imageOf, type ImageRow } from './images.ts';
import { placePackages } from './package-sets.ts';
import { currentRevision, holdRevision, revisionAsOf } from './revisions.ts';
import { namesAsked, rowOf } from './subjects.ts';
import { heeding, speakOf, suppliersOf, type Suppliers } from './suppliers.ts';

/** Findings explained in one answer; one problem may be in hundreds of packages. */
const explainedAtMost = 50;
const uncoveredAtMost = 100;
/** A message holds 1 MiB; what is around the findings has the rest. */
const bytesAtMost = 768 * 1024;

/** An image with its findings as of one revision, suppliers heard. */
interface Seen { readonly image: ImageRow; readonly inventory: Inventory; readonly revision: number; readonly rows: readonly FindingRow[]; readonly suppliers: Suppliers | undefined; readonly uncovered: number }

/** What is wrong with one image, and the proof of it. */
@Controller()
export class AnswerAboutFindings {
  constructor(private readonly db: DataSource, private readonly bus: Bus) {}

  @Answers(GetFindings)
  findings({ project, digest, as_of, limit, page_token, ...filter }: Body<typeof GetFindings>): Promise<Answer<typeof GetFindings>> {
    const sort = `findings:${project}:${digest}:${as_of ?? ''}`;
    const after = readPageToken(sort, page_token) as FindingsCursor | undefined;
    return this.see(project, digest, as_of, async (tx, { inventory, revision, rows, suppliers, uncovered }) => {
      const wanted = await filtered(tx, rows, filter);
      const from = after === undefined ? 0 : wanted.findIndex((row) => isAfter(row, after));
      const page = from < 0 ? [] : wanted.slice(from, from + limit);
      const items = fitting(await textsOf(tx, page, inventory, suppliers, revision));
      const isMore = from >= 0 && from + items.length < wanted.length;
      return {
        revision, summary: summaryOf(rows, uncovered), total: { count: wanted.length, relation: 'EXACT' as const }, items,
        ...(isMore ? { next_page_token: pageToken(sort, cursorOf(page[items.length - 1]!)) } : {}),
      };
    });
  }

  @Answers(ExplainFinding)
  explain({ project, digest, id }: Body<typeof ExplainFinding>): Promise<Answer<typeof ExplainFinding>> {
    return this.see(project, digest, undefined, async (tx, { inventory, revision, rows, suppliers, image }) => {
      const named = await filtered(tx, rows, { id });
      if (named.length === 0) throw new Problem('missing', `${image.reference} has no finding ${id}; ask why not`, { code: 'finding-missing' });
      const findings = fitting(await textsOf(tx, named.slice(0, explainedAtMost), inventory, suppliers, revision));
      const rest = named.length - findings.length;
      return { revision, findings, text: [...findings.map(explain), ...(rest > 0 ? [`and in ${rest} more packages`] : [])].join('\n\n') };
    });
  }

  @Answers(GetWhyNot)
  whyNot({ project, digest, id }: Body<typeof GetWhyNot>): Promise<Answer<typeof GetWhyNot>> {
    return this.see(project, digest, undefined, async (tx, { inventory, revision, suppliers }) => {
      const names = distinctNames(namesAsked(placePackages(inventory).flatMap(({ subject }) => subject ? [rowOf(subject)] : [])));
      const covered = new Set((await tx.query('select ecosystem from covered_ecosystems') as { ecosystem: string }[]).map(({ ecosystem }) => ecosystem));
      const index = { ...await indexOfNames(tx, names), revision: String(revision), covers: (ecosystem: string) => covered.has(ecosystem), ...(suppliers === undefined ? {} : { statements: suppliers.statements }) };
      const called = await problemsNamed(tx, id), known = enrichmentIndex(await enrichmentsOf(tx, called));
      const { findings, not_covered, text } = whyNot(id, inventory, { ...index, ...known });
      const states = new Set(findings.filter(({ suppressed }) => suppressed === undefined).map(({ state }) => state));
      const answer = states.has('affected') ? 'affected' : states.has('undetermined') ? 'undetermined' : findings.length > 0 || called.length > 1 ? 'not-affected' : 'not-mentioned';
      return { revision, id, answer, findings: fitting(findings.slice(0, explainedAtMost)), not_covered: not_covered.slice(0, uncoveredAtMost), not_covered_total: not_covered.length, text };
    });
  }

  @Answers(DiffImages)
  async diff({ project, from, to }: Body<typeof DiffImages>): Promise<Answer<typeof DiffImages>> {
    const [before, after] = [await this.read(project, from.digest), await this.read(project, to.digest)];
    return this.db.transaction(async (tx) => {
      await holdRevision(tx);
      return diffOf(await this.seen(tx, before, from.revision), await this.seen(tx, after, to.revision));
    });
  }

  /** Reads an image as of one revision, which stays while `work` is done. */
  private async see<T>(project: string, digest: string, asOf: number | undefined, work: (tx: EntityManager, seen: Seen) => Promise<T>): Promise<T> {
    const read = await this.read(project, digest);      // slow, outside the transaction
    return this.db.transaction(async (tx) => {
      await holdRevision(tx);
      return work(tx, await this.seen(tx, read, asOf));
    });
  }

  private async read(project: string, digest: string): Promise<Pick<Seen, 'image' | 'inventory'>> {
    const image = await imageOf(this.db.manager, project, digest);
    return { image, inventory: Inventory.parse(await this.bus.documents.get(image.inventory)) };
  }

  private async seen(tx: EntityManager, { image, inventory }: Pick<Seen, 'image' | 'inventory'>, asOf: number | undefined): Promise<Seen> {
    const { number } = asOf === undefined ? await currentRevision(tx) : await revisionAsOf(tx, asOf);
    const found = await rowsOf(tx, [image.id], asOf);
    const suppliers = (await suppliersOf(tx, [image.project], found, asOf)).get(image.project);
    const rows = speakOf(suppliers, found) ? heeding(suppliers, inventory, found) : found;
    return { image, inventory, revision: number, rows, suppliers, uncovered: (await notCovered(tx, [image.id])).get(image.id) ?? 0 };
  }
}

/** As many of them, and at least one, as a message can hold. */
function fitting(findings: readonly Finding[]): Finding[] {
  let bytes = 0;
  const end = findings.findIndex((finding, index) => { bytes += Buffer.byteLength(JSON.stringify(finding)); return index > 0 && bytes > bytesAtMost; });
  return end < 0 ? [...findings] : findings.slice(0, end);
}
