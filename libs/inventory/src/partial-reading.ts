import type { PartReader } from '@plimsoll/oci';

/** Bytes of a file; what lies beyond its end is left out. */
export interface Slice { readonly offset: number; readonly size: number }

/** Looks for the first `mark` that begins at or after `from`, ends at or before `to` and is accepted; wants `keep` bytes from there, up to `to`. */
export interface Search { readonly mark: Buffer; readonly from: number; readonly to: number; readonly keep: number; readonly accepts?: (offset: number) => boolean }
export interface Place { readonly offset: number; readonly bytes: Buffer }

/**
 * Reads a file without holding it: says what it wants next, is given it, goes on. Whoever asks in the order of the file is
 * answered while the file passes by once; asking for something before costs another walk over the file, or over its layer.
 */
export type Reading<T> = Generator<readonly Slice[] | Search, T, readonly Buffer[] | Place | undefined>;

export function* slices(...wanted: readonly Slice[]): Reading<readonly Buffer[]> { return (yield wanted) as readonly Buffer[]; }
export function* search(wanted: Search): Reading<Place | undefined> { return (yield wanted) as Place | undefined; }

/** Drives a reading over a file of `size` bytes that passes by. `done` hears its result; what it throws rises to whoever pushes. */
export class PartialReading<T> implements PartReader {
  private passed = 0;
  private finished = false;
  private fills: Fill[] = [];
  private searching: Searching | undefined;
  private readonly reading: Reading<T>;
  private readonly size: number;
  private readonly done: (result: T) => void;

  constructor(reading: Reading<T>, size: number, done: (result: T) => void) {
    this.reading = reading;
    this.size = size;
    this.done = done;
    this.proceed(undefined);
    this.answer();
  }

  get next(): number {
    const wanted = this.searching ? [this.searching.at] : this.fills.filter(isOpen).map(positionOf);
    return Math.min(Infinity, ...wanted.filter((at) => at >= this.passed));
  }

  push(bytes: Buffer, at: number): void {
    this.passed = at + bytes.length;
    for (let isNew = true; isNew && !this.finished;) {
      isNew = this.searching !== undefined && this.look(this.searching, bytes, at);
      for (const fill of this.fills) take(fill, bytes, at);
      isNew = this.answer() || isNew;
    }
  }

  end(): boolean {
    this.passed = 0;
    if (this.searching) this.searching = { ...this.searching, at: this.searching.from, tail: nothing };
    return !this.finished;
  }

  /** Answers what can be answered; whether something new is wanted then. */
  private answer(): boolean {
    let isNew = false;
    while (!this.finished && !this.searching && !this.fills.some(isOpen)) {
      isNew = true;
      const [first] = this.fills;
      this.proceed(first?.isPlace ? { offset: first.offset, bytes: first.bytes } : this.fills.map(({ bytes }) => bytes));
    }
    return isNew;
  }

  private proceed(answer: readonly Buffer[] | Place | undefined): void {
    for (;;) {
      const step = this.reading.next(answer);
      this.fills = [];
      if (step.done) {
        this.finished = true;
        this.done(step.value);
        return;
      }
      if (!('mark' in step.value)) { this.fills = step.value.map((slice) => this.fill(slice, false)); return; }
      const to = Math.min(step.value.to, this.size);
      if (step.value.from + step.value.mark.length <= to) { this.searching = { ...step.value, to, at: step.value.from, tail: nothing }; return; }
      answer = undefined;
    }
  }

  private fill({ offset, size }: Slice, isPlace: boolean): Fill {
    const from = Math.min(Math.max(offset, 0), this.size);
    return { offset: from, bytes: Buffer.allocUnsafeSlow(Math.min(size, this.size - from)), filled: 0, isPlace };
  }

  /** Goes on searching in these bytes; whether that came to an end. A mark may begin in the tail of those before. */
  private look(searching: Searching, bytes: Buffer, at: number): boolean {
    const { mark, to, keep, tail, accepts } = searching;
    if (searching.at < at || searching.at >= at + bytes.length) return false;
    const fresh = bytes.subarray(searching.at - at, Math.min(bytes.length, to - at)), from = searching.at - tail.length;
    const seam = tail.length > 0 ? Buffer.concat([tail, fresh.subarray(0, mark.length - 1)]) : nothing;
    const found = first(seam, from, mark, accepts) ?? first(fresh, searching.at, mark, accepts);
    if (found === undefined) {
      searching.at += fresh.length;
      searching.tail = Buffer.from(fresh.length < mark.length ? Buffer.concat([tail, fresh]).subarray(1 - mark.length) : fresh.subarray(1 - mark.length));
      if (searching.at < to) return false;
      this.searching = undefined;
      this.proceed(undefined);
      return true;
    }
    const fill = this.fill({ offset: found, size: Math.min(keep, to - found) }, true);
    fill.filled = found < searching.at ? tail.copy(fill.bytes, 0, found - from) : 0;
    this.searching = undefined;
    this.fills = [fill];
    return true;
  }
}

interface Fill { readonly offset: number; readonly bytes: Buffer; filled: number; readonly isPlace: boolean }
interface Searching extends Search { /** Searched up to here. */ at: number; /** The last bytes before, one fewer than the mark has. */ tail: Buffer }

const nothing = Buffer.alloc(0);
const positionOf = (fill: Fill): number => fill.offset + fill.filled;
const isOpen = (fill: Fill): boolean => fill.filled < fill.bytes.length;

function take(fill: Fill, bytes: Buffer, at: number): void {
  const from = positionOf(fill) - at;
  if (from >= 0 && from < bytes.length) fill.filled += bytes.copy(fill.bytes, fill.filled, from);
}

function first(bytes: Buffer, offset: number, mark: Buffer, accepts: ((offset: number) => boolean) | undefined): number | undefined {
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    if (accepts?.(offset + at) ?? true) return offset + at;
  }
  return undefined;
}

/** Several readers of one file, as one. */
export function together(readers: readonly PartReader[]): PartReader {
  let left = readers;
  return {
    get next() { return Math.min(...left.map(({ next }) => next)); },
    push(bytes, at) {
      for (const reader of left) if (reader.next < at + bytes.length) reader.push(bytes.subarray(Math.max(0, reader.next - at)), Math.max(at, reader.next));
    },
    end() {
      left = left.filter((reader) => reader.end());
      return left.length > 0;
    },
  };
}
