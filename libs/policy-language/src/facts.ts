import { Duration } from '@marcbachmann/cel-js/evaluator';
import type { FindingSummary } from '@plimsoll/matching';
import { isFixable, type CompactFinding } from './finding.ts';
import type { MatchedInput } from './input.ts';
import { splitReference } from './reference.ts';

// CEL's int is a bigint and its timestamp a Date, so the input's JSON cannot be handed over as it is.
// One class per type of vocabulary.ts: the evaluator tells types apart by their constructor.

/** What the expressions of a rule see. */
export interface Facts {
  readonly image: ImageView;
  readonly inventory: InventoryView;
  readonly findings: FindingsView;
  readonly worst: readonly FindingView[];
  readonly revision: RevisionView;
  readonly now: Date;
}

export function factsOf(input: MatchedInput, summary: FindingSummary, worst: readonly CompactFinding[], complete: boolean, at: Date): Facts {
  let views: FindingView[] | undefined;
  return {
    image: new ImageView(input.image, at),
    inventory: new InventoryView(input.inventory),
    findings: new FindingsView(summary, worst.length, complete),
    // Few rules look into the list: it is dressed when first asked for.
    get worst() { return (views ??= worst.map((finding) => new FindingView(finding))); },
    revision: new RevisionView(input.revision, at),
    now: at,
  };
}

export class ImageView {
  readonly project; readonly reference; readonly repository; readonly tag; readonly digest; readonly kind; readonly platform; readonly user; readonly runs_as_root; readonly created; readonly age; readonly labels;
  constructor(image: MatchedInput['image'], at: Date) {
    const { repository, tag } = splitReference(image.reference);
    this.project = image.project;
    this.reference = image.reference;
    this.repository = repository;
    this.tag = tag;
    this.digest = image.digest ?? '';
    this.kind = image.kind;
    this.platform = image.platform ?? '';
    this.user = image.user ?? '';
    this.runs_as_root = image.kind === 'image' && isRoot(this.user);
    this.created = instant(image.created);
    this.age = this.created && since(this.created, at);
    this.labels = image.labels ?? {};
  }
}

/** OCI image-spec config.md, `User`: `user`, `uid`, `user:group`, …; empty means root. */
const isRoot = (user: string): boolean => /^(?:|root|0+)$/.test(user.split(':', 1)[0] ?? '');

export class InventoryView {
  readonly os; readonly packages; readonly problems;
  constructor({ os, packages, problems }: MatchedInput['inventory']) {
    this.os = new OperatingSystemView(os);
    this.packages = BigInt(packages);
    this.problems = BigInt(problems);
  }
}

export class OperatingSystemView {
  readonly id; readonly version_id; readonly name;
  constructor(os: MatchedInput['inventory']['os']) {
    this.id = os?.id ?? '';
    this.version_id = os?.version_id ?? '';
    this.name = os?.name ?? '';
  }
}

export class FindingsView {
  readonly total; readonly by_severity; readonly fixable; readonly undetermined; readonly not_covered; readonly max_score; readonly listed; readonly complete;
  constructor(summary: FindingSummary, listed: number, complete: boolean) {
    this.total = BigInt(summary.total);
    this.by_severity = new CountsView(summary.by_severity);
    this.fixable = new CountsView(summary.fixable);
    this.undetermined = BigInt(summary.undetermined);
    this.not_covered = BigInt(summary.not_covered);
    this.max_score = summary.max_score;
    this.listed = BigInt(listed);
    this.complete = complete;
  }
}

export class CountsView {
  readonly critical; readonly high; readonly medium; readonly low; readonly unknown; readonly negligible;
  constructor(counts: FindingSummary['by_severity']) {
    this.critical = BigInt(counts.critical);
    this.high = BigInt(counts.high);
    this.medium = BigInt(counts.medium);
    this.low = BigInt(counts.low);
    this.unknown = BigInt(counts.unknown);
    this.negligible = BigInt(counts.negligible);
  }
}

export class FindingView {
  readonly id; readonly severity; readonly score; readonly state; readonly fix_state; readonly fixable; readonly fixed_version; readonly kev; readonly package; readonly version; readonly purl; readonly published; readonly first_seen;
  constructor(finding: CompactFinding) {
    this.id = finding.id;
    this.severity = finding.severity;
    this.score = finding.score;
    this.state = finding.state;
    this.fix_state = finding.fix_state;
    this.fixable = isFixable(finding);
    this.fixed_version = finding.fixed_version ?? '';
    this.kev = finding.kev ?? false;
    this.package = finding.package;
    this.version = finding.version;
    this.purl = finding.purl;
    this.published = instant(finding.published);
    this.first_seen = instant(finding.first_seen);
  }
}

export class RevisionView {
  readonly number; readonly published_at; readonly age;
  constructor(revision: MatchedInput['revision'], at: Date) {
    this.number = BigInt(revision?.number ?? 0);
    this.published_at = instant(revision?.published_at);
    this.age = this.published_at && since(this.published_at, at);
  }
}

/** RFC 3339, or its date alone. Other texts that Date would guess at depend on the machine's time zone. */
function instant(text: string | undefined): Date | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d))?$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** Negative when the clocks disagree; an age from the future is no age, so zero. */
const since = (then: Date, at: Date): Duration => Duration.fromMilliseconds(Math.max(0, at.getTime() - then.getTime()));

/** The class of each type of vocabulary.ts. */
export const views = {
  Image: ImageView, Inventory: InventoryView, OperatingSystem: OperatingSystemView,
  Findings: FindingsView, Counts: CountsView, Finding: FindingView, Revision: RevisionView,
} as const;
