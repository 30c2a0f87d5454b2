import { invalid } from '@plimsoll/problem';
import type { Entry, Visitor } from './entry.ts';
import type { ReadLimits, ReadProblem } from './limits.ts';
import { baseName, directoryName } from './names.ts';
import { type PathList, PathListBuilder } from './path-list.ts';
import { ProblemList } from './problems.ts';
import type { TarListener } from './tar.ts';
import { whiteoutOf } from './whiteouts.ts';

/** What a layer says it holds, gathered while its tar is walked; the wanted parts go to the visitor. */
export class LayerContents implements TarListener {
  entries = 0;
  readonly whiteouts: string[] = [];
  readonly opaque: string[] = [];
  private readonly paths: PathListBuilder;
  private readonly problems: ProblemList;

  /** Wanted links to files nobody handed over, by the path they name. */
  readonly openLinks = new Map<string, Entry[]>();

  private openLinkCount = 0;

  private capturedBytes = 0;
  /** Handed over, and looked at but declined: what a later hard link or a second entry of that name refers to. */
  private readonly handedOver = new Set<string>();
  private readonly declined = new Set<string>();

  private readonly visitor: Visitor;
  private readonly limits: ReadLimits;
  private readonly where: string;

  constructor(visitor: Visitor, limits: ReadLimits, where: string) {
    this.visitor = visitor;
    this.limits = limits;
    this.where = where;
    this.paths = new PathListBuilder(limits.pathBytes, where);
    this.problems = new ProblemList(limits.problems);
  }

  entry(entry: Entry): boolean | 'head' {
    if (++this.entries > this.limits.entries) throw invalid('limit-entries', `${this.where}: more than ${this.limits.entries} entries`);
    if (entry.path === '') return false;
    if (baseName(entry.path).startsWith('.wh.')) { this.whiteout(entry.path); return false; }
    this.paths.add(entry.path, entry.type === 'directory');
    this.visitor.entry?.(entry);
    if (this.handedOver.has(entry.path)) this.problem('entry-duplicate', 'the same name comes again; the later one counts', entry.path);
    if (entry.type === 'hardlink') { this.hardLink(entry); return false; }
    return entry.type === 'file' && this.wanted(entry);
  }

  head(entry: Entry, head: Buffer): boolean {
    if (this.visitor.wantsAfterHead?.(entry, head) === true) return this.affordable(entry);
    if (this.declined.size < maxDeclined) this.declined.add(entry.path);
    return false;
  }

  file(entry: Entry, bytes: Buffer): void {
    this.capturedBytes += bytes.length;
    this.handedOver.add(entry.path);
    this.visitor.file(entry, bytes);
  }

  problem(code: string, detail: string, where: string): void { this.problems.add(code, detail, where); }

  result(): { entries: number; whiteouts: readonly string[]; opaque: readonly string[]; paths: PathList; problems: readonly ReadProblem[] } {
    for (const links of this.openLinks.values()) {
      for (const link of links) this.problem('link-dangling', `a hard link to ${JSON.stringify(link.link)}, which the layer does not hold`, link.path);
    }
    return {
      entries: this.entries, whiteouts: this.whiteouts, opaque: this.opaque,
      paths: this.paths.build(), problems: this.problems.list(this.where),
    };
  }

  private wanted(entry: Entry): boolean | 'head' {
    const answer = this.visitor.wants(entry);
    return answer === true ? this.affordable(entry) : answer;
  }

  /** Whether a wanted file is within the limits; names the limit when not. */
  affordable({ path, size }: Entry): boolean {
    if (size > this.limits.fileBytes) this.problem('limit-file-bytes', `${size} bytes; files up to ${this.limits.fileBytes} are read`, path);
    else if (this.capturedBytes + size > this.limits.capturedBytes) this.problem('limit-captured-bytes', `not read: the files of this layer would fill more than ${this.limits.capturedBytes} bytes`, path);
    else if (this.handedOver.size >= this.limits.files) this.problem('limit-files', `not read: ${this.limits.files} files of this layer were`, path);
    else return true;
    return false;
  }

  private hardLink(entry: Entry): void {
    const answer = this.visitor.wants(entry);
    if (answer === false || (answer === 'head' && this.declined.has(entry.link))) return;
    if (this.handedOver.has(entry.link) && this.visitor.linked !== undefined) { this.visitor.linked(entry); return; }
    if (++this.openLinkCount > maxOpenLinks) { this.problem('limit-links', `not read: a wanted hard link after ${maxOpenLinks} others`, entry.path); return; }
    const links = this.openLinks.get(entry.link);
    if (links === undefined) this.openLinks.set(entry.link, [entry]);
    else links.push(entry);
  }

  private whiteout(path: string): void {
    const removed = whiteoutOf(path);
    if (removed === 'opaque') this.opaque.push(directoryName(path));
    else if (removed === undefined) this.problem('whiteout-unsafe', 'a whiteout of nothing, of `.` or of `..`', path);
    else if (removed !== 'other') this.whiteouts.push(removed.path);
  }
}

// Enough for the programs of any image; beyond it a hard link to a declined file is looked up again.
const maxDeclined = 100_000;
const maxOpenLinks = 100_000;

/** The second walk of a layer: hands over the files that wanted hard links name. */
export class LinkedFiles implements TarListener {
  private readonly links: Map<string, Entry[]>;
  private readonly visitor: Visitor;
  private readonly affordable: (entry: Entry) => boolean;

  constructor(links: Map<string, Entry[]>, visitor: Visitor, affordable: (entry: Entry) => boolean) {
    this.links = links;
    this.visitor = visitor;
    this.affordable = affordable;
  }

  entry(entry: Entry): boolean { return entry.type === 'file' && this.links.has(entry.path) && this.affordable(entry); }

  head(): boolean { return false; }

  file(target: Entry, bytes: Buffer): void {
    for (const link of this.links.get(target.path) ?? []) {
      const entry = { ...link, size: target.size };
      if (this.visitor.wants(link) === 'head' && this.visitor.wantsAfterHead?.(entry, bytes.subarray(0, 4096)) !== true) continue;
      this.visitor.file(entry, bytes);
    }
    this.links.delete(target.path);
  }

  problem(): void {}
}
