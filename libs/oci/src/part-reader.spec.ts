import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from './digests.ts';
import { type Entry, type PartReader, readParts, type Visitor } from './entry.ts';
import { readDirectory } from './read-directory.ts';
import { type FileLayerInput, readLayer, walkLayer } from './read-layer.ts';
import { type TarSource, writeTar } from './testing/write-tar.ts';

let directory: string;
beforeAll(() => { directory = mkdtempSync(join(tmpdir(), 'part-reader-')); });
afterAll(() => { rmSync(directory, { recursive: true }); });

type Part = readonly [from: number, to: number];

/** Wants parts one after the other; one that has passed already is wanted the next time. */
class Parts implements PartReader {
  next = 0;
  walks = 1;
  pushed = 0;
  readonly got: string[] = [];
  private filled = '';
  private readonly wanted: readonly Part[];
  constructor(wanted: readonly Part[]) { this.wanted = wanted; this.choose(0); }

  push(bytes: Buffer, at: number): void {
    if (at < this.next) throw new Error(`${at} is before ${this.next}`);
    this.pushed += bytes.length;
    for (let part = this.wanted[this.got.length]; part !== undefined && at + bytes.length > this.next; part = this.wanted[this.got.length]) {
      this.filled += bytes.toString('latin1', this.next - at, part[1] - at);
      this.next += Math.min(at + bytes.length, part[1]) - this.next;
      if (this.next < part[1]) return;
      this.got.push(this.filled);
      this.filled = '';
      this.choose(this.next);
    }
  }

  end(): boolean {
    if (this.got.length === this.wanted.length) return false;
    this.walks++;
    this.filled = '';
    this.choose(0);
    return true;
  }

  private choose(passed: number): void {
    const from = this.wanted[this.got.length]?.[0] ?? Infinity;
    this.next = from < passed ? Infinity : from;
  }
}

class PartsVisitor implements Visitor {
  readonly readers = new Map<string, Parts>();
  readonly linkedPaths: string[] = [];
  private readonly parts: readonly Part[];
  constructor(parts: readonly Part[]) { this.parts = parts; }
  wants({ path }: Entry) { return path.endsWith('.bin') ? 'head' as const : false; }
  wantsAfterHead({ path }: Entry): PartReader {
    const reader = new Parts(this.parts);
    this.readers.set(path, reader);
    return reader;
  }

  file(): void { throw new Error('no file is wanted as a whole'); }
  linked({ path, link }: Entry): void { this.linkedPaths.push(`${path} ${link}`); }
}

const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => 97 + ((i * 7 + (i >> 8)) % 26)));
const sources: TarSource[] = [{ path: 'a', content: 'before' }, { path: 'x.bin', content }, { path: 'empty.bin', content: '' }, { path: 'y.bin', content: content.subarray(500) }, { path: 'z', content: 'after' }];

let made = 0;
function aLayer(tar: Buffer, compressed: boolean): FileLayerInput {
  const stored = compressed ? gzipSync(tar) : tar, path = join(directory, `layer-${++made}`);
  writeFileSync(path, stored);
  return { kind: 'file', path, offset: 0, size: stored.length, digest: digestOf(stored), diffId: digestOf(tar), mediaType: `application/vnd.oci.image.layer.v1.tar${compressed ? '+gzip' : ''}` };
}

const ways: Readonly<Record<string, (visitor: Visitor, tarOf?: readonly TarSource[]) => Promise<{ problems: readonly { code: string; where: string }[] }>>> = {
  'a compressed layer': (visitor, of = sources) => readLayer(aLayer(writeTar(of), true), visitor),
  'a plain layer': (visitor, of = sources) => readLayer(aLayer(writeTar(of), false), visitor),
  'the headers of a plain layer': (visitor, of = sources) => walkLayer(aLayer(writeTar(of), false), visitor),
  'a directory': (visitor, of = sources) => {
    const root = join(directory, `root-${++made}`);
    mkdirSync(root);
    for (const { path, content: bytes = '' } of of) writeFileSync(join(root, path), bytes);
    return readDirectory(root, visitor);
  },
};

describe.each(Object.entries(ways))('parts of the files of %s', (_, read) => {
  const files = sources.filter(({ path }) => path !== 'empty.bin');

  it('are those that were asked for, in any order', async () => {
    const part = fc.tuple(fc.nat(99_000), fc.integer({ min: 1, max: 900 })).map(([from, size]): Part => [from, Math.min(from + size, 99_500)]).filter(([from, to]) => from < to);
    await fc.assert(fc.asyncProperty(fc.array(part, { maxLength: 3 }), async (parts) => {
      const visitor = new PartsVisitor(parts);
      expect((await read(visitor, files)).problems).toEqual([]);
      expect(visitor.readers.get('x.bin')!.got).toEqual(parts.map(([from, to]) => content.toString('latin1', from, to)));
      expect(visitor.readers.get('y.bin')!.got).toEqual(parts.map(([from, to]) => content.subarray(500).toString('latin1', from, to)));
    }), { numRuns: 15 });
  });

  it('cost one walk when asked for in the order of the file', async () => {
    const visitor = new PartsVisitor([[0, 10], [10, 5000], [6000, 6001], [99_000, 99_500]]);
    await read(visitor, files);
    expect([...visitor.readers.values()].map(({ walks, got }) => [walks, got.length])).toEqual([[1, 4], [1, 4]]);
  });
});

describe('a file that is read in parts', () => {
  it.each(Object.entries(ways))('is given up and named when it wants %s to be walked without end', async (_, read) => {
    const endless: PartReader = { next: 0, push() {}, end: () => true };
    const { problems } = await read({ wants: () => 'head', wantsAfterHead: () => endless, file() {} }, sources.slice(0, 2));
    expect(problems.map(({ code, where }) => `${code} ${where}`)).toEqual(['limit-walks a', 'limit-walks x.bin']);
  });

  it('counts as read for a hard link', async () => {
    const visitor = new PartsVisitor([[90_000, 90_010]]);
    await readLayer(aLayer(writeTar([...sources, { path: 'l.bin', type: 'hardlink', link: 'x.bin' }]), true), visitor);
    expect(visitor.linkedPaths).toEqual(['l.bin x.bin']);
    expect([...visitor.readers.keys()]).not.toContain('l.bin');
  });

  it('is found in a second walk when only a hard link to it is wanted', async () => {
    const visitor = new PartsVisitor([[90_000, 90_010], [80_000, 80_010]]);
    const reading = await readLayer(aLayer(writeTar([{ path: 'plain', content }, { path: 'l.bin', type: 'hardlink', link: 'plain' }, { path: 'm.bin', type: 'hardlink', link: 'plain' }]), true), visitor);
    expect(reading.problems).toEqual([]);
    const expected = [content.toString('latin1', 90_000, 90_010), content.toString('latin1', 80_000, 80_010)];
    expect([...visitor.readers].map(([path, { got }]) => [path, got])).toEqual([['l.bin', expected], ['m.bin', expected]]);
  });

  it('is not read again for an earlier entry of its name', async () => {
    const visitor = new PartsVisitor([[90_000, 90_010], [10, 20]]), readers: Parts[] = [];
    const asked = visitor.wantsAfterHead.bind(visitor);
    visitor.wantsAfterHead = (entry) => { const reader = asked(entry); readers.push(reader as Parts); return reader; };
    await readLayer(aLayer(writeTar([{ path: 'x.bin', content }, { path: 'x.bin', content: content.subarray(500) }]), true), visitor);
    expect(readers.map(({ got }) => got.length)).toEqual([1, 2]);
    expect(readers[1]!.got[1]).toBe(content.toString('latin1', 510, 520));
  });

  it('is refused when the layer ends inside it', async () => {
    const tar = writeTar(sources).subarray(0, 60_000);
    await expect(readLayer(aLayer(tar, true), new PartsVisitor([[1, 5]]))).rejects.toMatchObject({ code: 'layer-truncated' });
    await expect(readLayer(aLayer(tar, true), new PartsVisitor([[80_000, 80_005]]))).rejects.toMatchObject({ code: 'layer-truncated' });
  });

  it('may be at hand as a whole', () => {
    const reader = new Parts([[500, 600], [10, 20]]);
    readParts(reader, content);
    expect(reader.got).toEqual([content.toString('latin1', 500, 600), content.toString('latin1', 10, 20)]);
  });
});
