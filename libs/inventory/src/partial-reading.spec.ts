import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartialReading, type Reading, search, type Slice, slices, together } from './partial-reading.ts';
import type { PartReader } from '@plimsoll/oci';

/** Passes a file in pieces of these sizes, again and again; answers how often. */
function pass(reader: PartReader, file: Buffer, pieces: readonly number[]): number {
  let walks = 0;
  do {
    walks++;
    for (let i = 0, at = Math.max(0, reader.next); at < file.length; i++) {
      const piece = file.subarray(at, at + pieces[i % pieces.length]!);
      reader.push(piece, at);
      at = Math.max(at + piece.length, reader.next);
    }
  } while (walks < 50 && reader.end());
  return walks;
}

function run<T>(reading: Reading<T>, file: Buffer, pieces: readonly number[] = [7]): { result: T | undefined; walks: number } {
  let result: T | undefined;
  const walks = pass(new PartialReading(reading, file.length, (found) => { result = found; }), file, pieces);
  return { result, walks };
}

const file = Buffer.from('the quick brown fox jumps over the lazy dog; the fox sleeps, the dog does not');
const pieces = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
const texts = (...buffers: readonly Buffer[]): string[] => buffers.map(String);

describe('a reading of a file that passes by', () => {
  it('is given the slices it wants, whatever the pieces', () => {
    const slice = fc.record({ offset: fc.nat(90), size: fc.nat(40) });
    fc.assert(fc.property(fc.array(fc.array(slice, { maxLength: 3 }), { maxLength: 4 }), pieces, (wants, sizes) => {
      const direct = ({ offset, size }: Slice): string => file.toString('utf8', offset, Math.min(file.length, offset + size));
      const { result, walks } = run((function* () {
        const got: string[][] = [];
        for (const want of wants) got.push(texts(...yield* slices(...want)));
        return got;
      })(), file, sizes);
      expect(result).toEqual(wants.map((want) => want.map(direct)));
      expect(walks).toBeLessThanOrEqual(Math.max(1, wants.length));
    }));
  });

  it('finds what indexOf finds, also across pieces', () => {
    const word = fc.constantFrom('the', 'fox', 'o', 'dog', 'nothing', 'not', 't');
    fc.assert(fc.property(word, fc.nat(80), fc.nat(80), fc.integer({ min: 1, max: 4 }), pieces, (mark, from, to, step, sizes) => {
      let expected = file.indexOf(mark, from);
      while (expected >= 0 && expected % step !== 0) expected = file.indexOf(mark, expected + 1);
      const { result, walks } = run((function* () {
        const place = yield* search({ mark: Buffer.from(mark), from, to, keep: 10, accepts: (offset) => offset % step === 0 });
        return place && { ...place, bytes: place.bytes.toString() };
      })(), file, sizes);
      const isFound = expected >= 0 && expected + mark.length <= to;
      expect(result).toEqual(isFound ? { offset: expected, bytes: file.toString('utf8', expected, Math.min(expected + 10, to)) } : undefined);
      expect(walks).toBe(1);
    }));
  });

  it('goes on in the order of the file in one walk', () => {
    const { result, walks } = run((function* () {
      const found: number[] = [];
      for (let from = 0, place; (place = yield* search({ mark: Buffer.from('the'), from, to: 60, keep: 3 })); from = place.offset + 3) found.push(place.offset);
      const rest = yield* search({ mark: Buffer.from('zebra'), from: 0, to: 3, keep: 3 });
      return [found, rest, texts(...yield* slices({ offset: file.length - 3, size: 3 }))];
    })(), file, [1]);
    expect({ result, walks }).toEqual({ result: [[0, 31, 45], undefined, ['not']], walks: 1 });
  });

  it('is passed a part again when it asks for something before', () => {
    const { result, walks } = run((function* () {
      const last = yield* slices({ offset: 70, size: 3 });
      const first = yield* slices({ offset: 4, size: 5 });
      const place = yield* search({ mark: Buffer.from('the'), from: 1, to: 40, keep: 3 });
      return [...texts(...last, ...first), place?.offset];
    })(), file, [5]);
    expect(result).toEqual([file.toString('utf8', 70, 73), 'quick', 31]);
    expect(walks).toBe(3);
  });

  it('may be one of several', () => {
    const got: string[] = [];
    const reading = (offset: number, then: number) => new PartialReading((function* () {
      const [one] = yield* slices({ offset, size: 5 });
      const [two] = yield* slices({ offset: then, size: 5 });
      return `${one} ${two}`;
    })(), file.length, (text) => { got.push(text); });
    expect(pass(together([reading(4, 10), reading(40, 20), reading(0, 0)]), file, [4, 9])).toBe(2);
    expect(got.sort()).toEqual([`${file.toString('utf8', 40, 45)} ${file.toString('utf8', 20, 25)}`, 'quick brown', 'the q the q'].sort());
  });

  it('looks only at what it wants', () => {
    const seen: [number, number][] = [];
    const reading = new PartialReading(slices({ offset: 10, size: 5 }, { offset: 60, size: 5 }), file.length, () => {});
    for (let at = reading.next; at < file.length; at = reading.next) {
      seen.push([at, 5]);
      reading.push(file.subarray(at, at + 5), at);
    }
    expect(seen).toEqual([[10, 5], [60, 5]]);
    expect(reading.end()).toBe(false);
  });
});
