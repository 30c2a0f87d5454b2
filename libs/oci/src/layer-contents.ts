import { invalid } from '@plimsoll/problem';
import { type Entry, type PartReader, readParts, type Visitor } from './entry.ts';
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
  private readonly openLinks = new Map<string, Entry[]>();
  /** Readers that want their file once more, by the number of its entry: a name may come twice. */
  private unread = new Map<number, Unread>();

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
    if (this.handedOver.has(entry.path)) this.again(entry.path);
    if (entry.type === 'hardlink') { this.hardLink(entry); return false; }
    return entry.type === 'file' && this.wanted(entry);
  }

  head(entry: Entry, head: Buffer): boolean | PartReader {
    const answer = this.visitor.wantsAfterHead?.(entry, head) ?? false;
    if (answer === true) return this.affordable(entry);
    // Of a file in parts the reader keeps little, and answers for that itself.
    if (answer !== false) return this.affordable({ path: entry.path, size: 0 }) && answer;
    if (this.declined.size < maxDeclined) this.declined.add(entry.path);
    return false;
  }

  passed({ path }: Entry, reader: PartReader): void {
    this.handedOver.add(path);
    if (reader.end()) this.unread.set(this.entries, { path, reader });
  }

  /** What is left to do in another walk over the same layer; undefined when nothing is, or when it was walked often enough. */
  nextWalk(walked: number): TarListener | undefined {
    const links = walked === 1 ? this.openLinks : new Map<string, Entry[]>(), { unread } = this;
    if (unread.size === 0 && links.size === 0) return undefined;
    this.unread = new Map();
    if (walked < this.limits.walks) return new AnotherWalk(links, unread, this.unread, this.visitor, (entry) => this.affordable(entry));
    for (const { path } of unread.values()) this.problem('limit-walks', `not read: it would have to be passed more than ${this.limits.walks} times`, path);
    return undefined;
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

  /** The same name once more: what is still to be read of the earlier one does not count. */
  private again(path: string): void {
    this.problem('entry-duplicate', 'the same name comes again; the later one counts', path);
    for (const [number, one] of this.unread) if (one.path === path) this.unread.delete(number);
  }

  /** Whether a wanted file is within the limits; names the limit when not. */
  private affordable({ path, size }: Pick<Entry, 'path' | 'size'>): boolean {
    if (size > this.limits.fileBytes) this.problem('limit-file-bytes', `${size} bytes; files up to ${this.limits.fileBytes} are read`, path);
    else if (this.capturedBytes + size > this.limits.capturedBytes) this.problem('limit-captured-bytes', `not read: the files of this layer would fill more than ${this.limits.capturedBytes} bytes`, path);
    else if (this.handedOver.size >= this.limits.files) this.problem('limit-files', `not read: ${this.limits.files} files of this layer were`, path);
    else return true;
    return false;
  }

  private hardLink(entry: Entry): void {
    const answer = this.visitor.wants(entry);
    if (answer === false || (answer === 'head' && this.declined.has(entry.link))) return;
    if (this.handedOver.has(entry.link) && this.visitor.linked !== undefined && this.visitor.linked(entry) !== true) return;
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

interface Unread { readonly path: string; readonly reader: PartReader }

/** A later walk of a layer: hands over the files that wanted hard links name, and passes files to the readers that want them again. */
class AnotherWalk implements TarListener {
  private entries = 0;
  /** Links to the file whose head was shown, with what they want of it. */
  private answers: { link: Entry; answer: true | PartReader }[] = [];
  private readonly links: Map<string, Entry[]>;
  private readonly unread: ReadonlyMap<number, Unread>;
  private readonly stillUnread: Map<number, Unread>;
  private readonly visitor: Visitor;
  private readonly affordable: (entry: Entry) => boolean;

  constructor(links: Map<string, Entry[]>, unread: ReadonlyMap<number, Unread>, stillUnread: Map<number, Unread>, visitor: Visitor, affordable: (entry: Entry) => boolean) {
    this.links = links;
    this.unread = unread;
    this.stillUnread = stillUnread;
    this.visitor = visitor;
    this.affordable = affordable;
  }

  entry(entry: Entry): boolean | 'head' | PartReader {
    this.entries++;
    return this.unread.get(this.entries)?.reader ?? (entry.type === 'file' && this.links.has(entry.path) ? 'head' : false);
  }

  head(target: Entry, head: Buffer): boolean | PartReader {
    const links = this.links.get(target.path)!.map((link) => ({ ...link, size: target.size }));
    this.links.delete(target.path);
    this.answers = links.flatMap((link) => {
      const wanted = this.visitor.wants(link);
      const answer = wanted === 'head' ? this.visitor.wantsAfterHead?.(link, head) ?? false : wanted;
      return answer === false ? [] : [{ link, answer }];
    });
    const [first] = this.answers;
    if (first === undefined) return false;
    return this.answers.length === 1 && first.answer !== true ? first.answer : this.affordable(target);
  }

  file(_target: Entry, bytes: Buffer): void {
    for (const { link, answer } of this.answers) {
      if (answer === true) this.visitor.file(link, bytes);
      else readParts(answer, bytes);
    }
  }

  passed({ path }: Entry, reader: PartReader): void {
    if (reader.end()) this.stillUnread.set(this.entries, { path, reader });
  }

  problem(): void {}
}
