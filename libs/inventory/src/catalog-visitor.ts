import { type Entry, type PartReader, readParts, type Visitor } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { type Cataloger, type FileCataloger, catalogerKey, type Found, isInParts, isLooking, type PartsCataloger, type ReadingCataloger } from './cataloger.ts';
import { PartialReading, type Reading, together } from './partial-reading.ts';
import { usablePackages } from './usable-packages.ts';

/** Results by cataloger (`name@version`), then by path; a cataloger that looked and found no file of its kind has an empty record. */
export type Results = Record<string, Record<string, Found>>;

/** Shows every file of a layer or a directory to the catalogers and keeps what they say. Never throws for what a file holds. */
export class CatalogVisitor implements Visitor {
  private readonly catalogers: readonly Cataloger[];
  private readonly found: Map<string, Found>[];
  private readonly looks: readonly { readonly i: number; readonly look: (entry: Entry) => Found | undefined }[];
  private readonly readers: readonly { readonly i: number; readonly cataloger: ReadingCataloger }[];
  /** The path that was asked about last, and the answer of each reader. */
  private asked: string | undefined;
  private readonly answers: (boolean | 'head')[] = [];
  private readonly paths = new Set<string>();
  /** Files whose parts are still being read, and the hard links that are to get the same results. */
  private readonly unfinished = new Map<string, Set<string>>();

  private readonly onEntry: ((entry: Entry) => void) | undefined;

  /** `onEntry` hears of everything, whatever catalogers make of it. */
  constructor(catalogers: readonly Cataloger[], onEntry?: (entry: Entry) => void) {
    this.catalogers = catalogers;
    this.onEntry = onEntry;
    this.found = catalogers.map(() => new Map());
    this.looks = catalogers.flatMap((cataloger, i) => isLooking(cataloger) ? [{ i, look: cataloger.look() }] : []);
    this.readers = catalogers.flatMap((cataloger, i) => isLooking(cataloger) ? [] : [{ i, cataloger }]);
  }

  /** A path that comes twice counts as it came last, whatever it is then. */
  entry(entry: Entry): void {
    const { path } = entry;
    if (this.paths.delete(path)) for (const found of this.found) found.delete(path);
    if (this.unfinished.size > 0) for (const links of this.unfinished.values()) links.delete(path);
    this.onEntry?.(entry);
    for (const { i, look } of this.looks) {
      const found = look(entry);
      if (found) this.keep(i, path, found);
    }
  }

  wants(entry: Entry): boolean | 'head' {
    let answer: boolean | 'head' = false;
    const answers = this.ask(entry);
    for (let r = 0; r < answers.length; r++) {
      const one = answers[r]!;
      if (one === false || answer === true) continue;
      if (one === 'head') answer = 'head';
      else if (!this.isTooBig(this.readers[r]!.i, entry)) answer = true;
    }
    return answer;
  }

  /** As a whole when one cataloger needs it so: the others then read their parts of that. */
  wantsAfterHead(entry: Entry, head: Buffer): boolean | PartReader {
    const inParts: PartsCataloger[] = [];
    const answers = this.answersFor(entry);
    for (const [r, { i, cataloger }] of this.readers.entries()) {
      if (answers[r] !== 'head' || cataloger.wantsHead?.(head) !== true || this.isTooBig(i, entry)) continue;
      if (!isInParts(cataloger)) return true;
      inParts.push(cataloger);
    }
    return inParts.length > 0 && this.reader(inParts, entry);
  }

  file(entry: Entry, bytes: Buffer): void {
    const answers = this.answersFor(entry);
    for (const [r, { i, cataloger }] of this.readers.entries()) {
      const answer = answers[r]!;
      if (answer === false || (!isInParts(cataloger) && bytes.length > cataloger.maxBytes)) continue;
      if (answer === 'head' && cataloger.wantsHead?.(bytes.subarray(0, 4096)) !== true) continue;
      const found = catalogSafely(cataloger, entry.path, bytes);
      if (found) this.keep(i, entry.path, found);
    }
  }

  /** What was found under the other name holds here too. A cataloger that only knows this name has to see the bytes. */
  linked(entry: Entry): boolean {
    this.unfinished.get(entry.link)?.add(entry.path);
    let again = false;
    for (const { i, cataloger } of this.readers) {
      const found = this.found[i]!.get(entry.link);
      if (found) this.keep(i, entry.path, found);
      else again = cataloger.wants(entry.path, entry) === true || again;
    }
    return again;
  }

  /** Sorted, so that the same content gives the same bytes. */
  results(): Results {
    return Object.fromEntries(this.catalogers.map((cataloger, i) => [catalogerKey(cataloger), Object.fromEntries([...this.found[i]!].sort(([a], [b]) => (a < b ? -1 : 1)))]));
  }

  private ask(entry: Entry): readonly (boolean | 'head')[] {
    this.asked = entry.path;
    for (let r = 0; r < this.readers.length; r++) this.answers[r] = this.readers[r]!.cataloger.wants(entry.path, entry);
    return this.answers;
  }

  /** What the catalogers answered a moment ago: most files are asked about, shown and handed over in a row. */
  private answersFor(entry: Entry): readonly (boolean | 'head')[] { return entry.path === this.asked ? this.answers : this.ask(entry); }

  private reader(catalogers: readonly PartsCataloger[], { path, size }: Entry): PartReader {
    const links = new Set<string>();
    this.unfinished.set(path, links);
    const reader = together(catalogers.map((cataloger) => new PartialReading(readSafely(cataloger, size, path), size, (found) => {
      for (const name of [path, ...links]) this.keep(this.catalogers.indexOf(cataloger), name, found);
    })));
    return {
      get next() { return reader.next; },
      push: (bytes, at) => reader.push(bytes, at),
      end: () => {
        const isUnfinished = reader.end();
        if (!isUnfinished) this.unfinished.delete(path);
        return isUnfinished;
      },
    };
  }

  private isTooBig(i: number, { path, size }: Entry): boolean {
    const cataloger = this.catalogers[i]!;
    if (isLooking(cataloger) || isInParts(cataloger) || size <= cataloger.maxBytes) return false;
    this.keep(i, path, { packages: [], problems: [{ code: 'limit-file-bytes', detail: `${size} bytes; files of this kind are read up to ${cataloger.maxBytes}` }] });
    return true;
  }

  private keep(i: number, path: string, found: Found): void {
    this.paths.add(path);
    this.found[i]!.set(path, found);
  }
}

/** What the cataloger says of these bytes, undefined for nothing; anything it throws becomes a problem of this one file. */
export function catalogSafely(cataloger: ReadingCataloger, path: string, bytes: Buffer): Found | undefined {
  if (!isInParts(cataloger)) return catalogWhole(cataloger, path, bytes);
  let found: Found = { packages: [] };
  readParts(new PartialReading(readSafely(cataloger, bytes.length, path), bytes.length, (result) => { found = result; }), bytes);
  return found;
}

/** The reading of a cataloger; anything it throws becomes a problem of this one file. */
export function* readSafely(cataloger: PartsCataloger, size: number, path: string): Reading<Found> {
  try {
    return usablePackages(yield* cataloger.read(size, path));
  } catch (error) {
    return failed(cataloger, error);
  }
}

function catalogWhole(cataloger: FileCataloger, path: string, bytes: Buffer): Found | undefined {
  try {
    const found = cataloger.catalog({ path, bytes });
    return found && usablePackages(found);
  } catch (error) {
    return failed(cataloger, error);
  }
}

function failed({ name }: Cataloger, error: unknown): Found {
  if (error instanceof Problem) return { packages: [], problems: [{ code: error.code ?? 'file-unreadable', detail: error.detail }] };
  return { packages: [], problems: [{ code: 'cataloger-failed', detail: `${name}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300) }] };
}
